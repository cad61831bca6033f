/** Checks of a tokenizer.json's values. */
import { z } from "zod";

/** Something in a tokenizer.json that is not read; its message begins with the key. */
export class JsonError extends Error {
  override name = "JsonError";
}

/** @throws {JsonError} for a value that the schema does not take */
export function check<T>(schema: z.ZodType<T, unknown>, value: unknown, key: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw new JsonError(`${[key, ...path].join(".")}: ${message}`);
}

export const RecordOf = z.record(z.string(), z.unknown());
export type Part = Record<string, unknown>;
