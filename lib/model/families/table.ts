/** The families, with those that other programs can read first: a model is saved as the first family that fits. */
import type { FamilyOptions, ModelConfig } from "../config.ts";
import type { Family } from "./family.ts";
import { gpt2 } from "./gpt2.ts";
import { llama } from "./llama.ts";
import { own } from "./own.ts";
import { qwen3 } from "./qwen3.ts";

export const families: readonly Family[] = [gpt2, llama, qwen3, own];

/** The family that a model is saved as, and the keys of its config.json. */
export function familyOf(c: ModelConfig): { family: Family; config: Record<string, unknown> } {
  for (const family of families) {
    const config = family.toConfig(c);
    if (config) return { family, config };
  }
  throw new Error("no family has this model"); // cannot happen: the last family fits every model
}

/** The family names that a preset can give, with the options that they stand for. */
export const shortForms: ReadonlyMap<string, FamilyOptions> = new Map(
  families.flatMap(({ modelType, options }) => options ? [[modelType, options] as const] : []),
);
