/** The families, the ones that others can read first: a model is saved as the first that has it. */
import type { FamilyOptions, ModelConfig } from "../config.ts";
import type { Family } from "./family.ts";
import { gpt2 } from "./gpt2.ts";
import { llama } from "./llama.ts";
import { own } from "./own.ts";
import { qwen3 } from "./qwen3.ts";

export const families: readonly Family[] = [gpt2, llama, qwen3, own];

/** The family that a model is saved as, with its keys of config.json. */
export function familyOf(c: ModelConfig): { family: Family; config: Record<string, unknown> } {
  for (const family of families) {
    const config = family.toConfig(c);
    if (config) return { family, config };
  }
  throw new Error("no family has this model"); // the last one has all
}

/** What presets can name, with the options that it means. */
export const shortForms: ReadonlyMap<string, FamilyOptions> = new Map(
  families.flatMap(({ modelType, options }) => options ? [[modelType, options] as const] : []),
);
