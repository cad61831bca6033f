/**
 * Families made of tasks. A task draws its content. The family's file in `data/world/questions` has the questions under
 * the task's name, and the answers under "NAME answer": first the usual answer, as short as possible apart from the
 * working that a small model needs to reach a result; if there are three, then the answer without the working; last
 * the answer as a sentence, for questions that ask for one. A small model can learn answers of one form, and they can
 * be compared with the expected ones.
 */
import { lowerFirst } from "../../instructions.ts";
import { mixesAddress } from "../address.ts";
import { type Family, once, type WorldFiles } from "../document.ts";
import type { Value } from "../entity.ts";
import type { Random } from "../random.ts";
import { type Scope, scopeOf } from "../scope.ts";
import { fragment, type Part, type Template } from "../template.ts";
import { Wordings } from "../wordings.ts";

export type Bindings = Readonly<Record<string, Value>>;

export interface Task {
  readonly name: string;
  /** The name of its wordings, if it shares them with other tasks. */
  readonly says?: string;
  /** Further wordings of questions that it shares with other tasks. */
  readonly shares?: string;
  /** The name of sentences that may precede the question and do not affect the answer. */
  readonly preface?: string;
  /** Relative frequency within its family. */
  readonly weight: number;
  /** Its wordings already say what form the answer has, or there is only one form: no wish for a form is added. */
  readonly formed?: true;
  /** The bindings for its wordings. */
  draw(random: Random): Bindings;
}

/**
 * Shares of questions with a courtesy before them, with a remark after them, with a wish for the form of the answer,
 * and with a preface.
 */
const COURTEOUS = 0.12;
const REMARK = 0.06;
const WISH = 0.1;
const PREFACED = 0.15;

interface Asked {
  readonly instruction: string;
  readonly response: string;
}

const readManners = once(({ folder }) => Wordings.read(`${folder}/questions/manners.yaml`));

/** Puts a task's draw into words. */
export class Asking {
  private constructor(private readonly wordings: Wordings, private readonly manners: Wordings) {}

  /** @param file name without folder and extension. @throws {UserError} naming file and line */
  static async read(files: WorldFiles, file: string): Promise<Asking> {
    const [wordings, manners] = await Promise.all([
      Wordings.read(`${files.folder}/questions/${file}.yaml`),
      readManners(files),
    ]);
    return new Asking(wordings, manners);
  }

  get names(): readonly string[] {
    return this.wordings.names;
  }

  say({ name, says = name, shares, preface, formed, draw }: Task, random: Random): Asked {
    const scope = scopeOf({ bindings: draw(random) });
    const template = random.pick(this.wordings.of(shares && random.chance(0.5) ? shares : says));
    const answers = this.wordings.of(`${says} answer`);
    let instruction = told(template, scope, random);
    if (preface !== undefined && random.chance(PREFACED)) {
      instruction = `${this.wordings.part(preface, scope, random)} ${instruction}`;
    } else if (random.chance(COURTEOUS) && beginsWithText(template.parts)) {
      instruction = `${this.manners.part("before", scope, random)} ${lowerFirst(instruction)}`;
    }
    let [answer] = answers;
    if (/[.?!]$/.test(instruction)) {
      if (random.chance(REMARK)) instruction += ` ${this.manners.part("remark", scope, random)}`;
      if (!formed && random.chance(WISH)) {
        const brief = random.chance(0.5);
        instruction += ` ${this.manners.part(brief ? "briefly" : "in a sentence", scope, random)}`;
        answer = answers.at(brief ? -2 : -1) ?? answer;
      }
    }
    return { instruction, response: fragment(answer, scope, random) };
  }
}

/** Makes a family of tasks with the wordings of a file. @throws {UserError} if a task has none */
export async function familyOf(
  files: WorldFiles,
  { name, file, tasks }: { name: string; file: string; tasks: readonly Task[] },
): Promise<Family> {
  const asking = await Asking.read(files, file);
  const choices = tasks.map((task) => [task, task.weight] as const);
  return {
    name,
    ask(random) {
      const task = random.weighted(choices);
      return { family: name, turns: [asking.say(task, random)] };
    },
  };
}

/**
 * Renders a wording until all its commands use tú or all use usted: "cuenta y dime", "cuente y dígame". After 8 tries
 * it stays mixed.
 */
function told(template: Template, scope: Scope, random: Random): string {
  let instruction = fragment(template, scope, random);
  for (let i = 0; i < 8 && mixesAddress([{ instruction, response: "" }]); i++) {
    instruction = fragment(template, scope, random);
  }
  return instruction;
}

/** Whether it begins with literal text, whose capital may be lowered. */
function beginsWithText([first]: readonly Part[]): boolean {
  if (first.type === "choice") return !first.optional && first.options.every(beginsWithText);
  return first.type === "text" && /^[¿¡]?\p{L}{2}/u.test(first.text);
}
