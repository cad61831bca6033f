/** What the tests of all families share. */
import { assert, assertEquals, AssertionError } from "@std/assert";
import type { Family, WorldFiles } from "../document.ts";
import { numberWord } from "../grammar/numbers.ts";
import { Lexicon } from "../lexicon.ts";
import { Random } from "../random.ts";
import { Wordings } from "../wordings.ts";
import type { Bindings, Task } from "./tasks.ts";

const folder = new URL("../../../../data/world", import.meta.url).pathname;
export const files: WorldFiles = { folder, lexicon: await Lexicon.read(`${folder}/words`) };

/** How questions are answered that may be answered in lower case: a word to be spelled, the end of a sentence. */
export type Beginning = "capital" | "any";

/** What is wrong with how a text is printed. */
export function fault(printed: string, beginning: Beginning = "capital"): string | undefined {
  const text = printed.replaceAll("...", "…");
  if (/[{}|[\]\\]|\p{L}\/\p{L}/u.test(text)) return "marks of a template";
  if (/(?:y uno|veintiuno) (?:años|días|meses)/.test(text)) return "a number that should be shortened";
  if (/\s\s|^\s|\s$|\s[,.;:!]|(?<![=+-])\s\?|[,.][,.]|undefined|NaN|null/.test(text)) {
    return "spaces or marks out of place";
  }
  if (/(?<!\p{L})(?:de|a) el (?!\p{Lu})/u.test(text)) return "an article that should contract";
  if (
    (text.match(/¿/g) ?? []).length !== (text.match(/\?/g) ?? []).length && !/= \?|\? [+-]|[+-] \?/.test(text)
  ) {
    return "question marks that do not match";
  }
  if ((text.match(/«/g) ?? []).length !== (text.match(/»/g) ?? []).length) return "quotes that do not match";
  if (beginning === "capital" && /^[¿¡(]*\p{Ll}/u.test(text)) return "a small letter at the beginning";
  if (/[.?!] [¿¡(]*\p{Ll}/u.test(text)) return "a small letter after the end of a sentence";
  return undefined;
}

/** Draws of a family that are printed as they should, differ, and come again from the same seed. */
export function checkForm(family: Family, { answers = "capital", draws = 2000, distinct = 0.9 } = {}): void {
  const seen = new Set<string>();
  for (let seed = 0; seed < draws; seed++) {
    const exchange = family.ask(Random.of(1, seed));
    assertEquals(exchange.family, family.name);
    for (const { instruction, response } of exchange.turns) {
      const wrong = fault(instruction) ?? fault(response, answers as Beginning);
      assertEquals(wrong, undefined, `${instruction} => ${response}`);
      seen.add(instruction);
    }
    if (seed < 200) assertEquals(family.ask(Random.of(1, seed)), exchange);
  }
  assert(seen.size > distinct * draws, `${seen.size} of ${draws} questions are different`);
}

/** Every task has wordings and every wording a task; there are 40 templates or more to ask with. */
export async function checkWordings(file: string, tasks: readonly Task[]): Promise<void> {
  const wordings = await Wordings.read(`${folder}/questions/${file}.yaml`);
  const own = new Set(tasks.map(({ name, says = name }) => says));
  const asked = own.union(new Set(tasks.flatMap(({ shares = [] }) => shares)));
  const prefaces = new Set(tasks.flatMap(({ preface = [] }) => preface));
  const names = [...asked, ...prefaces, ...[...own].map((name) => `${name} answer`)];
  assertEquals(wordings.names.toSorted(), names.toSorted());
  const templates = [...asked].reduce((sum, name) => sum + wordings.of(name).length, 0);
  assert(templates >= 40, `${templates} templates`);
  for (const name of asked) assert(wordings.of(name).length >= 5, `${name} is asked in too few ways`);
}

/** Calls the check of each task by name with what it draws. */
export function checkAnswers(
  tasks: readonly Task[],
  checks: Readonly<Record<string, (drawn: Bindings) => boolean>>,
  draws = 300,
): void {
  assertEquals(Object.keys(checks).toSorted(), tasks.map(({ name }) => name).toSorted());
  for (const { name, draw } of tasks) {
    for (let seed = 0; seed < draws; seed++) {
      const drawn = draw(Random.of(2, name, seed));
      if (!checks[name](drawn)) throw new AssertionError(`${name}: ${Deno.inspect(drawn, { depth: 1 })}`);
    }
  }
}

const WORDS = new Map(Array.from({ length: 10_000 }, (_, n) => [numberWord(n), n]));
/** A number in digits or words. */
export const number = (text: string) => WORDS.get(text) ?? Number(text);

/** What a sum such as "5 + 3", "5x3" or "cinco más tres" comes to. */
export function value(sum: string): number {
  const [first, ...rest] = sum.trim()
    .split(/ ?([+×x*÷/-]|(?<= )(?:más|menos|por|entre|dividido (?:entre|por))(?= )) ?/);
  let result = number(first);
  for (let i = 0; i < rest.length; i += 2) {
    const b = number(rest[i + 1]);
    if (rest[i] === "+" || rest[i] === "más") result += b;
    else if (rest[i] === "-" || rest[i] === "menos") result -= b;
    else if (/[×x*]|^por/.test(rest[i])) result *= b;
    else result /= b;
  }
  return result;
}

/** The result of steps such as "9 + 2 = 11, 11 - 4 = 7". Each step is recalculated; NaN if one is wrong. */
export function workedOut(steps: string): number {
  const each = steps.split(", ").map((step) => step.split(" = "));
  const right = each.every(([sum, r], i) =>
    /^\d+ [-+×÷] \d+$/.test(sum) && value(sum) === Number(r) &&
    (i === 0 || sum.startsWith(`${each[i - 1][1]} `))
  );
  return right ? Number(each.at(-1)![1]) : NaN;
}
