/** What the tests of all families share. */
import { assert, assertEquals, AssertionError } from "@std/assert";
import type { Family, WorldFiles } from "../document.ts";
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

/** The result of steps such as "9 + 2 = 11, 11 - 4 = 7". Each step is recalculated; NaN if one is wrong. */
export function workedOut(steps: string): number {
  const results = steps.split(", ").map((step, i, all) => {
    const [, a, sign, b, r] = (/^(\d+) ([-+×÷]) (\d+) = (\d+)$/.exec(step) ?? []).map((part) =>
      Number(part) >= 0 ? Number(part) : part
    ) as [unknown, number, string, number, number];
    const result = { "+": a + b, "-": a - b, "×": a * b, "÷": a / b }[sign];
    const follows = i === 0 || all[i - 1].endsWith(` = ${a}`);
    return result === r && follows ? r : NaN;
  });
  return results.includes(NaN) ? NaN : results.at(-1)!;
}
