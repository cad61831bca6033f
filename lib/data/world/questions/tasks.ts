/**
 * Families made of tasks. A task draws what it is about; the family's file in `data/world/questions` says under the
 * task's name how it is asked, and under "NAME answer" how it is answered: first as usual, which is as short as it can be
 * but for the working that a small model needs on its way to a result; last in a sentence, if one is asked for; and
 * before that, if there are three, without the working. Answers of one form are learned by a small model, and compared
 * with what is expected of it.
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
  /** The name of its wordings, if other tasks have the same. */
  readonly says?: string;
  /** Wordings to ask with that it shares with other tasks. */
  readonly shares?: string;
  /** The name of sentences that may stand before the question and do not matter for the answer. */
  readonly preface?: string;
  /** How often it comes, beside the others of its family. */
  readonly weight: number;
  /** Its wordings say how the answer is to look, or all answers have one form: no wish for another is added. */
  readonly formed?: true;
  /** What its wordings are told with. */
  draw(random: Random): Bindings;
}

/**
 * The share of questions with words of courtesy before them, with a remark after, with a wish for the answer's form,
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

  /** @param file without folder and ending. @throws {UserError} naming file and line */
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

/** A family of tasks that are asked by the wordings of a file. @throws {UserError} if a task has none */
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
 * A wording whose commands are all to tú or all to usted: "cuenta y dime", "cuente y dígame". One that speaks of both
 * is told as it is.
 */
function told(template: Template, scope: Scope, random: Random): string {
  let instruction = fragment(template, scope, random);
  for (let i = 0; i < 8 && mixesAddress([{ instruction, response: "" }]); i++) {
    instruction = fragment(template, scope, random);
  }
  return instruction;
}

/** Whether it begins with words of the wording itself, whose capital may go. */
function beginsWithText([first]: readonly Part[]): boolean {
  if (first.type === "choice") return !first.optional && first.options.every(beginsWithText);
  return first.type === "text" && /^[¿¡]?\p{L}{2}/u.test(first.text);
}
