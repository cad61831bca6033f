/**
 * A family of models: how its config.json expresses a `ModelConfig`, and how its files name and lay out the weights.
 * Adding a family takes a file here and a line in table.ts.
 */
import type { z } from "zod";
import type { FamilyOptions, ModelConfig } from "../config.ts";

/** One tensor in a family's files: a range of columns of one of our tensors, perhaps transposed. */
export interface Piece {
  readonly theirs: string;
  readonly ours: string;
  /** The range of our tensor's columns (or a vector's elements), from and to; all if left out. */
  readonly columns?: readonly [number, number];
  /** Whether their file stores (out, in) where ours stores (in, out). */
  readonly transposed?: boolean;
}

export interface Family {
  /** `model_type` in config.json, and the family's name in presets. */
  readonly modelType: string;
  /** The options that a preset gets by naming the family. */
  readonly options?: FamilyOptions;
  /** `architectures` in config.json. */
  readonly architecture: string;
  /** The keys of config.json that affect results; a value that we do not support is refused. */
  readonly config: z.ZodType<ModelConfig, unknown>;
  /** The config.json keys for a config, or null if the family has no such model. */
  toConfig(c: ModelConfig): Record<string, unknown> | null;
  /** Yields pieces one by one, so that a reader can stop at the first missing one, however many layers are claimed. */
  pieces(c: ModelConfig): Iterable<Piece>;
  /** Other names that a tensor may have. */
  aliases?(theirs: string): readonly string[];
  /** Keys that a config.json may leave out, worked out from the shapes of the weights. */
  keysFrom?(shapeOf: (theirs: string) => readonly number[] | undefined): Record<string, unknown>;
}

/** Whether a config has all of these options. */
export function hasOptions(c: ModelConfig, options: Partial<ModelConfig>): boolean {
  return Object.entries(options).every(([key, value]) => c[key as keyof ModelConfig] === value);
}
