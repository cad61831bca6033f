/** Sums that one does not know by heart, worked out in steps. */
import type { Random } from "../random.ts";
import { type Operation, RESULT } from "./operations.ts";
import type { Bindings } from "./tasks.ts";

/** A longer sum, with steps such as "47 + 30 = 77". */
interface Steps {
  readonly op: Operation;
  readonly numbers: readonly number[];
  readonly steps: readonly string[];
}

const step = (a: number, op: Operation, b: number) => `${a} ${op} ${b} = ${RESULT[op](a, b)}`;

/** Splits a number by decimal places, without zeros: 345 into 300, 40 and 5. */
function places(n: number): number[] {
  const digits = [...String(n)];
  return digits.map((digit, i) => Number(digit) * 10 ** (digits.length - 1 - i)).filter((part) => part > 0);
}

/** Adds or subtracts one decimal place after the other. */
function byPlaces(op: "+" | "-", a: number, b: number): Steps {
  let left = a;
  const steps = places(b).map((part) => {
    const text = step(left, op, part);
    left = RESULT[op](left, part);
    return text;
  });
  return { op, numbers: [a, b], steps };
}

function oneAfterTheOther(numbers: readonly number[]): Steps {
  let sum = numbers[0];
  const steps = numbers.slice(1).map((n) => {
    const text = step(sum, "+", n);
    sum += n;
    return text;
  });
  return { op: "+", numbers, steps };
}

function multiplied(a: number, b: number): Steps {
  const parts = places(a);
  const steps = parts.map((part) => step(part, "×", b));
  if (parts.length > 1) steps.push(...oneAfterTheOther(parts.map((part) => part * b)).steps);
  return { op: "×", numbers: [a, b], steps };
}

/** 47 + 8 by way of 50. */
function overTheTen(a: number, b: number): Steps {
  const toTen = 10 - a % 10;
  return { op: "+", numbers: [a, b], steps: [step(a, "+", toTen), step(a + toTen, "+", b - toTen)] };
}

/** 53 - 8 by way of 50. */
function underTheTen(a: number, b: number): Steps {
  const toTen = a % 10;
  return { op: "-", numbers: [a, b], steps: [step(a, "-", toTen), step(a - toTen, "-", b - toTen)] };
}

function longer(random: Random): Steps {
  const kind = random.weighted([["+", 4], ["-", 3], ["×", 2], ["several", 3], ["ten", 2]] as const);
  const high = random.pick([99, 99, 999]);
  if (kind === "several") {
    return oneAfterTheOther(Array.from({ length: random.between(4, 5) }, () => random.between(1, 12)));
  }
  if (kind === "ten") {
    const [ones, tens] = [random.between(2, 8), 10 * random.between(2, 9)];
    return random.chance(0.5)
      ? overTheTen(tens + ones, random.between(11 - ones, 9))
      : underTheTen(tens + ones, random.between(ones + 1, 9));
  }
  if (kind === "×") return multiplied(random.between(11, 99), random.between(2, 9));
  const [a, b] = [random.between(11, high), random.between(11, high)];
  if (a % 10 === 0 || b % 10 === 0) return longer(random); // a single step
  return kind === "+" ? byPlaces("+", a, b) : byPlaces("-", Math.max(a, b), Math.min(a, b));
}

/** A sum with the steps that lead to its result. */
export function inSteps(random: Random): Bindings {
  const { op, numbers, steps } = longer(random);
  const sign = op === "×" ? random.pick(["×", "x"]) : op;
  const show = (text: string) => text.replaceAll("×", sign);
  const e = numbers.join(` ${sign} `);
  const result = String(numbers.reduce(RESULT[op]));
  return {
    ...{ e, r: result, full: `${e} = ${result}`, steps: show(steps.join(", ")) },
    told: told(steps.map(show)),
  };
}

/** "Primero, 47 + 30 = 77. Luego, 77 + 5 = 82." */
function told(steps: readonly string[]): string {
  const after = (i: number) => steps.length === 2 ? "Luego" : i < steps.length - 1 ? "Después" : "Por último";
  return steps.map((text, i) => `${i === 0 ? "Primero" : after(i)}, ${text}.`).join(" ");
}
