import { numberWord } from "../grammar/numbers.ts";
import { load, tasksOf } from "./problems.ts";
import type { Bindings } from "./tasks.ts";
import { checkAnswers, checkForm, checkWordings, files, workedOut } from "./testing.ts";

const NUMBERS = new Map<string, number>([["ningún", 0], ["ninguno", 0], ["ninguna", 0]]);
for (let n = 0; n <= 100; n++) {
  for (const gender of [undefined, "m", "f"] as const) NUMBERS.set(numberWord(n, gender), n);
}

/** The number that a text begins with: "3 manzanas", "veintiuna casas", "dos". */
function number(value: unknown): number {
  const words = String(value).split(" ");
  for (let length = Math.min(3, words.length); length > 0; length--) {
    const found = NUMBERS.get(words.slice(0, length).join(" "));
    if (found !== undefined) return found;
  }
  return Number(words[0]);
}

/** Checks the result by the numbers that the problem tells, and that all its forms agree. */
const by = (result: (numbers: Record<string, number>) => number) => (drawn: Bindings): boolean => {
  const numbers = Object.fromEntries(Object.entries(drawn).map(([name, value]) => [name, number(value)]));
  const r = result(numbers);
  const told = drawn.total === undefined ? numbers.rx === r : numbers.total === r;
  return numbers.r === r && told && (drawn.op === "" || workedOut(String(drawn.op)) === r);
};
const sum = by(({ n, m }) => n + m);
const difference = by(({ n, m }) => n - m);
const between = by(({ n, m }) => Math.abs(n - m));
const more = (drawn: Bindings) =>
  between(drawn) && drawn.most === (number(drawn.n) > number(drawn.m) ? drawn.a : drawn.c) &&
  number(drawn.mostN) > number(drawn.leastN) && drawn.most !== drawn.least;

const tasks = tasksOf(files.lexicon);

/** How many words of a list the lexicon has in a category. */
function ofKind({ list, cs }: Bindings): number {
  const { noun: category } = cs as { noun: { singular: string } };
  const nouns = files.lexicon.nouns.filter(({ categories }) =>
    [...categories].some((name) => files.lexicon.categories.get(name)!.singular === category.singular)
  );
  return String(list).split(", ").filter((word) => nouns.some(({ singular }) => singular === word)).length;
}

Deno.test("the answers of problems follow from their numbers", () => {
  checkAnswers(tasks, {
    gain: sum,
    "gain of mine": sum,
    lose: difference,
    "lose of mine": difference,
    eat: difference,
    "gain and lose": by(({ n, m, k }) => n + m - k),
    together: sum,
    "how many more": more,
    "who has more": more,
    "who has fewer": more,
    "more than": sum,
    "fewer than": difference,
    twice: (drawn) =>
      by(({ n }) => n * { "el doble": 2, "el triple": 3, "la mitad": 0.5 }[String(drawn.much)]!)(drawn),
    "change unknown": difference,
    "start unknown": difference,
    share: (drawn) =>
      by(({ n, k }) => n / k)(drawn) &&
      (number(drawn.people) || String(drawn.people).split(/, | [ye] /).length) === number(drawn.k),
    groups: by(({ n, ks }) => n * ks),
    come: sum,
    leave: difference,
    colours: difference,
    rate: by(({ n, times }) => n * times),
    parts: by(({ n, animals }) => n * animals),
    price: by(({ p, k }) => p * k),
    change: by(({ p, q }) => q - p),
    afford: ({ p, q, verdict, total }) =>
      (number(q) > number(p)) === (verdict === "sí") && number(total) === Math.abs(number(q) - number(p)),
    saving: by(({ p, times }) => p * times),
    "count a list": ({ list, r }) => String(list).split(", ").length === number(r),
    "count a kind": (drawn) => ofKind(drawn) === number(drawn.r),
    "count a word": ({ list, w, r }) =>
      String(list).split(", ").filter((word) => word === w).length === number(r),
    mixed: ({ nx, my, r }) => number(nx) + number(my) === number(r),
  }, 100);
});

Deno.test("problems are asked and answered in print", async () => {
  await checkWordings("problems", tasks);
  checkForm(await load(files));
});
