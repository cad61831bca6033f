/**
 * Wordings: a YAML file with a list of templates for each thing that can be said.
 *
 *     where is it:
 *       - ¿Dónde está {el x}?
 *       - (Dime|Di) dónde está {el x}.
 */
import { z } from "zod";
import { UserError } from "../../errors.ts";
import type { Random } from "./random.ts";
import { compile, fragment, render, type Scope, type Template } from "./template.ts";
import { readYaml, type YamlPath } from "./yaml_file.ts";

const Shape = z.record(z.string(), z.array(z.string().min(1)).min(1));

export class Wordings {
  private constructor(
    private readonly path: string,
    private readonly byName: ReadonlyMap<string, readonly Template[]>,
  ) {}

  /** @throws {UserError} naming file and line */
  static async read(path: string): Promise<Wordings> {
    const file = await readYaml(path);
    const parsed = Shape.safeParse(file.data);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new UserError(
        `${file.where(issue.path as YamlPath)}: expected a list of templates under each name`,
      );
    }
    const compiled = Object.entries(parsed.data).map(([name, templates]) =>
      [
        name,
        templates.map((template, i) => compile(template, file.where([name, i]))),
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

  /** Renders one of a name's templates as whole sentences. */
  say(name: string, scope: Scope, random: Random): string {
    return render(random.pick(this.of(name)), scope, random);
  }

  /** Renders one of a name's templates as a part of a sentence. */
  part(name: string, scope: Scope, random: Random): string {
    return fragment(random.pick(this.of(name)), scope, random);
  }
}
