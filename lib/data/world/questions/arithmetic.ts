/** Sums up to 20, multiplication tables, ordering numbers, and longer sums with their steps. */
import type { Family, WorldFiles } from "../document.ts";
import { and, or } from "../grammar/conjunctions.ts";
import { numberWord } from "../grammar/numbers.ts";
import type { Random } from "../random.ts";
import { inSteps } from "./longer_sums.ts";
import { DIGITS, drawNumerals, type Numerals, WORDS } from "./numerals.ts";
import { type Operands, type Operation, RESULT, SIGNS, steps, worked } from "./operations.ts";
import { type Bindings, familyOf, type Task } from "./tasks.ts";

/** Beyond 20 only round numbers; other sums are worked out in steps (longer_sums.ts). */
const scale = (random: Random): readonly [high: number, unit: number] =>
  random.weighted([[[20, 1], 8], [[10, 1], 3], [[10, 10], 1], [[10, 100], 0.5]]);

const DRAW: Readonly<Record<Operation, (random: Random) => Operands>> = {
  "+": (random) => {
    const [high, unit] = scale(random);
    const sum = random.between(0, high);
    const a = random.between(0, sum);
    return [a * unit, (sum - a) * unit];
  },
  "-": (random) => {
    const [high, unit] = scale(random);
    const a = random.between(0, high);
    return [a * unit, random.between(0, a) * unit];
  },
  "×": (random) => [random.between(0, 10), random.between(0, 10)],
  "÷": (random) => {
    const b = random.between(1, 10);
    return [b * random.between(0, 10), b];
  },
};

/** "5 + 3", "5+3", "5 más 3" or "cinco más tres", and the words or sign before the result. */
function written(random: Random, numerals: Numerals, op: Operation, numbers: readonly number[]) {
  const bySign = numerals.digits && random.chance(0.75);
  const operator = random.pick(bySign ? SIGNS[op].signs : SIGNS[op].words);
  const glue = bySign && random.chance(0.15) ? operator : ` ${operator} `;
  const is = (result: number) => bySign ? "=" : random.pick([result > 1 ? "son" : "es", "es igual a"]);
  return { e: numbers.map(numerals.number).join(glue), is };
}

function calculation(random: Random, op: Operation, numbers: readonly number[]): Bindings {
  const numerals = drawNumerals(random);
  const result = numbers.reduce(RESULT[op]);
  const { e, is } = written(random, numerals, op, numbers);
  return {
    ...{ e, full: `${e} ${is(result)} ${numerals.number(result)}`, son: result > 1 ? "son" : "es" },
    ...Object.fromEntries(numbers.map((n, i) => ["abc"[i], numerals.number(n)])),
    r: numerals.number(result),
    working: worked(steps(op.repeat(numbers.length - 1), numbers), numerals.number(result)),
  };
}

/** A sum asked in digits and answered in words, or the other way round. */
function inOtherForm(random: Random): Bindings {
  const op = drawOperation(random);
  const numbers = DRAW[op](random);
  const result = RESULT[op](...numbers);
  const inWords = random.chance(0.6);
  const { e } = written(random, inWords ? DIGITS : WORDS, op, numbers);
  const r = (inWords ? WORDS : DIGITS).number(result);
  return { e, form: inWords ? "letras" : "números", r, working: worked(steps(op, numbers), r) };
}

const drawOperation = (random: Random): Operation =>
  random.weighted([["+", 4], ["-", 4], ["×", 3], ["÷", 1]]);

/** A task with special wordings for one operation; they read oddly with zero, and in division by one. */
const ofOne = (name: string, op: Operation, weight: number): Task => ({
  ...{ name, weight },
  draw: (random) => {
    for (;;) {
      const operands = DRAW[op](random);
      if (!operands.includes(0) && (op !== "÷" || operands[1] > 1)) return calculation(random, op, operands);
    }
  },
});

function isItSo(random: Random): Bindings {
  const op = drawOperation(random);
  const numbers = DRAW[op](random);
  const numerals = drawNumerals(random);
  const result = RESULT[op](...numbers);
  const right = random.chance(0.5);
  const claimed = right ? result : Math.max(0, result + random.pick([-2, -1, 1, 2, 10]));
  const { e, is } = written(random, numerals, op, numbers);
  const word = is(result);
  return {
    ...{ claim: `${e} ${word} ${numerals.number(claimed)}`, full: `${e} ${word} ${numerals.number(result)}` },
    verdict: claimed === result ? "sí" : "no",
    op: steps(op, numbers),
  };
}

function missing(random: Random): Bindings {
  const op = random.pick(["+", "-"] as const);
  const [a, b] = DRAW[op](random);
  const result = RESULT[op](a, b);
  const first = random.chance(0.4);
  // A "?" at the beginning of the sum would read as a second question mark: "? - 0 = 1".
  const gap = random.pick(first ? ["__", "_", "…", "□"] : ["__", "_", "?", "…", "□"]);
  const numbers = first ? [gap, b] : [a, gap];
  return {
    ...{ gapped: `${numbers.join(` ${op} `)} = ${result}`, full: `${a} ${op} ${b} = ${result}` },
    r: String(first ? a : b),
  };
}

function neighbours(random: Random): Bindings {
  const numerals = drawNumerals(random);
  const n = random.between(1, random.weighted([[20, 3], [100, 2], [999, 1]]));
  const [before, r] = random.chance(0.5) ? ["antes", n - 1] : ["después", n + 1];
  const near = before === "antes" ? "anterior" : "siguiente";
  return { n: numerals.number(n), r: numerals.number(r), before, near };
}

/** Different numbers in random order. */
function distinct(random: Random, howMany: number): number[] {
  const highest = random.weighted([[20, 3], [100, 2], [999, 1]]);
  const drawn = new Set<number>();
  while (drawn.size < howMany) drawn.add(random.between(0, highest));
  return [...drawn];
}

function extreme(random: Random): Bindings {
  const numerals = drawNumerals(random);
  const numbers = distinct(random, random.pick([2, 2, 3, 4]));
  const most = random.chance(0.5);
  return {
    ...{ most: most ? "mayor" : "menor", big: most ? "grande" : "pequeño" },
    either: or(...numbers.map(numerals.number)),
    all: and(...numbers.map(numerals.number)),
    r: numerals.number(most ? Math.max(...numbers) : Math.min(...numbers)),
  };
}

function inOrder(random: Random): Bindings {
  const numerals = drawNumerals(random);
  const numbers = distinct(random, random.pick([3, 4, 5]));
  const up = random.chance(0.6);
  const sorted = numbers.toSorted((a, b) => up ? a - b : b - a).map(numerals.number);
  return {
    ...{ order: up ? "de menor a mayor" : "de mayor a menor", all: numbers.map(numerals.number).join(", ") },
    ...{ r: sorted.join(", "), joined: and(...sorted) },
  };
}

const MANY = [["el doble", "×", 2], ["la mitad", "÷", 2], ["el triple", "×", 3]] as const;

function timesOver(random: Random): Bindings {
  const numerals = drawNumerals(random);
  const [much, op, by] = random.pick(MANY);
  const n = random.between(0, 10) * (op === "÷" ? 2 : 1);
  const r = numerals.number(RESULT[op](n, by));
  return { much, n: numerals.number(n), r, working: worked(steps(op, [n, by]), r) };
}

function parity(random: Random): Bindings {
  const numerals = drawNumerals(random);
  const n = random.between(0, random.pick([20, 100]));
  const r = n % 2 ? "impar" : "par";
  const asked = random.pick(["par", "impar"]);
  return { n: numerals.number(n), r, asked, verdict: asked === r ? "sí" : "no" };
}

function toWords(random: Random): Bindings {
  const n = random.between(0, random.weighted([[20, 2], [100, 4], [999, 2], [9999, 1]]));
  return { n: String(n), w: numberWord(n) };
}

function table(random: Random): Bindings {
  const a = random.between(1, 10);
  const last = random.pick([3, 5, 10]);
  const sign = random.pick(["×", "x"]);
  const rows = Array.from({ length: last }, (_, i) => `${a} ${sign} ${i + 1} = ${a * (i + 1)}`);
  return { a: String(a), last: String(last), rows: rows.join(", ") };
}

function counting(random: Random): Bindings {
  const numerals = drawNumerals(random);
  const step = random.pick([1, 1, 2, 3, 5, 10]);
  const from = random.chance(0.5) ? step : random.between(0, 20);
  const numbers = Array.from({ length: random.between(3, 8) }, (_, i) => from + i * step);
  if (random.chance(0.3)) numbers.reverse();
  return {
    ...{ step: numerals.number(step), first: numerals.number(numbers[0]) },
    last: numerals.number(numbers[numbers.length - 1]),
    way: numbers[0] > numbers[1] ? "hacia atrás" : "hacia adelante",
    r: numbers.map(numerals.number).join(", "),
  };
}

export const tasks: readonly Task[] = [
  {
    name: "calculate",
    weight: 26,
    draw: (random) => {
      const op = drawOperation(random);
      return calculation(random, op, DRAW[op](random));
    },
  },
  { name: "in other form", weight: 3, draw: inOtherForm, formed: true },
  ofOne("add", "+", 8),
  ofOne("subtract", "-", 8),
  ofOne("multiply", "×", 5),
  ofOne("divide", "÷", 3),
  {
    name: "add three",
    weight: 3,
    draw: (random) =>
      calculation(random, "+", [random.between(0, 8), random.between(0, 6), random.between(0, 6)]),
  },
  { name: "is it so", weight: 4, draw: isItSo },
  { name: "missing", weight: 4, draw: missing },
  { name: "neighbours", weight: 4, draw: neighbours },
  { name: "extreme", weight: 4, draw: extreme },
  { name: "in order", weight: 3, draw: inOrder },
  { name: "times over", weight: 4, draw: timesOver },
  { name: "even or odd", weight: 2, draw: parity },
  { name: "is it even", weight: 2, draw: parity },
  { name: "in words", weight: 3, draw: toWords },
  { name: "in digits", weight: 3, draw: toWords },
  { name: "table", weight: 1, draw: table },
  { name: "counting", weight: 3, draw: counting },
  { name: "in steps", weight: 10, draw: inSteps, formed: true },
];

export function load(files: WorldFiles): Promise<Family> {
  return familyOf(files, { name: "aritmética", file: "arithmetic", tasks });
}
