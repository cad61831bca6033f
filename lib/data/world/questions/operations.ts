/** The four operations, their signs and words. */

export const SIGNS = {
  "+": { signs: ["+"], words: ["más"] },
  "-": { signs: ["-"], words: ["menos"] },
  "×": { signs: ["×", "x", "*"], words: ["por"] },
  "÷": { signs: ["÷", "/"], words: ["entre", "dividido entre", "dividido por"] },
} as const;
export type Operation = keyof typeof SIGNS;

/** Whose result is a whole number from 0 on. */
export type Operands = readonly [a: number, b: number];

export const RESULT: Readonly<Record<Operation, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "×": (a, b) => a * b,
  "÷": (a, b) => a / b,
};
