/** The four operations, their signs and words, and the working that leads to a result. */
import { capital } from "../grammar/capitals.ts";

export const SIGNS = {
  "+": { signs: ["+"], words: ["más"] },
  "-": { signs: ["-"], words: ["menos"] },
  "×": { signs: ["×", "x", "*"], words: ["por"] },
  "÷": { signs: ["÷", "/"], words: ["entre", "dividido entre", "dividido por"] },
} as const;
export type Operation = keyof typeof SIGNS;

/** Operands whose result is a whole number of at least 0. */
export type Operands = readonly [a: number, b: number];

export const RESULT: Readonly<Record<Operation, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "×": (a, b) => a * b,
  "÷": (a, b) => a / b,
};

/**
 * The working of a result, one operation after the other and always in digits: "9 + 2 = 11, 11 - 4 = 7". So the model
 * learns sums in one form, however a question writes its numbers.
 * @param signs one sign between each number and the next
 */
export function steps(signs: string, [first, ...others]: readonly number[]): string {
  let left = first;
  return others.map((n, i) => {
    const sign = signs[i] as Operation, before = left;
    left = RESULT[sign](before, n);
    return `${before} ${sign} ${n} = ${left}`;
  }).join(", ");
}

/** An answer that shows its working, and repeats the result if it is wanted in words. */
export const worked = (working: string, result: string): string =>
  /\d/.test(result) ? `${working}.` : `${working}. ${capital(result)}.`;
