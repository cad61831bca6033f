/** Checks values of a tokenizer.json. */
import { z } from "zod";

/** An unsupported value in a tokenizer.json; the message begins with its key. */
export class JsonError extends Error {
  override name = "JsonError";
}

/** @throws {JsonError} if the value does not match the schema */
export function check<T>(schema: z.ZodType<T, unknown>, value: unknown, key: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw new JsonError(`${[key, ...path].join(".")}: ${message}`);
}

export const RecordOf = z.record(z.string(), z.unknown());
export type Part = Record<string, unknown>;
