/**
 * Wordings: a YAML file with a list of templates for each thing that can be said.
 *
 *     where is it:
 *       - ¿Dónde está {el x}?
 *       - (Dime|Di) dónde está {el x}.
 */
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { readText } from "../../files.ts";
import type { Random } from "./random.ts";
import { compile, fragment, render, type Scope, type Template } from "./template.ts";

const Shape = z.record(z.string(), z.array(z.string().min(1)).min(1));

export class Wordings {
  private constructor(
    private readonly path: string,
    private readonly byName: ReadonlyMap<string, readonly Template[]>,
  ) {}

  /** @throws {UserError} naming file and line */
  static async read(path: string): Promise<Wordings> {
    const text = await readText(path, "wordings belong in data/world");
    const lines = new LineCounter();
    const yaml = parseDocument(text, { lineCounter: lines });
    const [error] = yaml.errors;
    if (error) {
      const line = lines.linePos(error.pos[0]).line;
      throw new UserError(`${path}:${line}: ${error.message.split("\n")[0]}; mend the YAML`);
    }
    const parsed = Shape.safeParse(yaml.toJS());
    if (!parsed.success) {
      const node = yaml.getIn(parsed.error.issues[0].path, true) as { range?: [number] } | undefined;
      const line = lines.linePos(node?.range?.[0] ?? 0).line;
      throw new UserError(`${path}:${line}: expected a list of templates under each name`);
    }
    const lineOf = (path: [string, number]) =>
      lines.linePos((yaml.getIn(path, true) as { range: [number] }).range[0]).line;
    const compiled = Object.entries(parsed.data).map(([name, templates]) =>
      [
        name,
        templates.map((template, i) => compile(template, `${path}:${lineOf([name, i])}`)),
      ] as const
    );
    return new Wordings(path, new Map(compiled));
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }

  /** The templates of a name. @throws {UserError} if there are none */
  of(name: string): readonly Template[] {
    const templates = this.byName.get(name);
    if (!templates) {
      throw new UserError(`${this.path}: nothing is said under "${name}"; add a list of templates`);
    }
    return templates;
  }

  /** One of a name's templates, as whole sentences. */
  say(name: string, scope: Scope, random: Random): string {
    return render(random.pick(this.of(name)), scope, random);
  }

  /** One of a name's templates, as a part of a sentence. */
  part(name: string, scope: Scope, random: Random): string {
    return fragment(random.pick(this.of(name)), scope, random);
  }
}
