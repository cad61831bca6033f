/** Parses the shapes of models on benchmarks' command lines. */
import { UserError } from "../errors.ts";
import { shortForms } from "../model/families/table.ts";
import type { Shape } from "../train/measure.ts";

/**
 * Reads `L4 H4 C128 T64 B12 V65`.
 * @param arch the short form of a family, for the model's options
 * @param flag the flag of the text, for messages
 */
export function parseShape(text: string, arch: string, flag = "--shape"): Shape {
  const parts = Object.fromEntries([...text.matchAll(/([LHCTBV])(\d+)/g)].map((m) => [m[1], Number(m[2])]));
  const { L, H, C, T, B, V } = parts;
  if (![L, H, C, T, B, V].every((n) => n > 0) || C % H !== 0) {
    throw new UserError(`${flag} ${text}: expected such as "L4 H4 C128 T64 B12 V65", with C divisible by H`);
  }
  return { ...shortForms.get(arch), layers: L, heads: H, width: C, context: T, batch: B, vocab: V };
}
