/**
 * A family of models: how its folders name what a `ModelConfig` says, and how they name and lay out its weights.
 * Adding a family is a file here and a line in table.ts.
 */
import type { z } from "zod";
import type { FamilyOptions, ModelConfig } from "../config.ts";

/** One tensor of a family's files: a range of columns of one of ours, perhaps transposed. */
export interface Piece {
  readonly theirs: string;
  readonly ours: string;
  /** Columns (of a vector, elements) of ours, from and to; all of them if left out. */
  readonly columns?: readonly [number, number];
  /** Whether they store it (out, in), where ours is (in, out). */
  readonly transposed?: boolean;
}

export interface Family {
  /** `model_type` in config.json; presets call the family so, too. */
  readonly modelType: string;
  /** What a preset that names the family means by that. */
  readonly options?: FamilyOptions;
  /** `architectures` in config.json. */
  readonly architecture: string;
  /** The keys of config.json that decide the numbers; what would change them otherwise is refused. */
  readonly config: z.ZodType<ModelConfig, unknown>;
  /** The keys of a config, or null if the family has no such model. */
  toConfig(c: ModelConfig): Record<string, unknown> | null;
  /** One by one, so that a reader can end at the first that is missing, however many layers are promised. */
  pieces(c: ModelConfig): Iterable<Piece>;
  /** Other names under which a tensor may stand. */
  aliases?(theirs: string): readonly string[];
  /** Keys that a config.json may leave out and weights tell. */
  keysFrom?(shapeOf: (theirs: string) => readonly number[] | undefined): Record<string, unknown>;
}

/** Whether a config has all of these options. */
export function hasOptions(c: ModelConfig, options: Partial<ModelConfig>): boolean {
  return Object.entries(options).every(([key, value]) => c[key as keyof ModelConfig] === value);
}
