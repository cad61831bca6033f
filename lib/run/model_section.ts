/** The section `model` of a preset: a family as a short form, and any option of a `ModelConfig` beside it. */
import { z } from "zod";
import {
  ConfigError,
  MLPS,
  type ModelConfig,
  modelConfig,
  type ModelOptions,
  NORMS,
  POSITIONS,
} from "../model/config.ts";
import { shortForms } from "../model/families/table.ts";

type Snake<S extends string> = S extends `${infer C}${infer Rest}`
  ? C extends Lowercase<C> ? `${C}${Snake<Rest>}` : `_${Lowercase<C>}${Snake<Rest>}`
  : S;
type SnakeKeys<T> = { readonly [K in keyof T as Snake<K & string>]: T[K] };

/** A model as presets have it, all of its options filled in. */
export type ModelSection = SnakeKeys<Omit<ModelConfig, "vocab">>;

const snake = (key: string) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camel = (key: string) => key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const renamed = (values: object, rename: (key: string) => string) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [rename(key), value]));

export function camelKeys(model: ModelSection): Omit<ModelConfig, "vocab"> {
  return renamed(model, camel) as Omit<ModelConfig, "vocab">;
}

const natural = z.number().int().positive();

export const Model = z.strictObject({
  family: z.enum([...shortForms.keys()]).default("gpt2")
    .describe("A short form: what the options below are unless they are given."),
  layers: natural.describe("L: transformer blocks."),
  heads: natural.describe("H: attention heads; width must be divisible by it, unless head_width is given."),
  kv_heads: natural.optional()
    .describe("G: heads of keys and values, shared by the heads of queries; as many as those by default."),
  head_width: natural.optional().describe("D: columns of a head; width / heads by default."),
  width: natural.describe("C: channels of the residual stream."),
  context: natural.describe("T: longest sequence, in tokens."),
  hidden: natural.optional()
    .describe("F: width of the MLP's hidden layer; 4·width by default, 8·width/3 for swiglu."),
  position: z.enum(POSITIONS).optional()
    .describe("How a token's place is told: an embedding, RoPE, ALiBi, or not at all."),
  rope_theta: z.number().positive().optional().describe("RoPE's base; 10000 by default."),
  norm: z.enum(NORMS).optional().describe("Layer norm or RMS norm."),
  norm_epsilon: z.number().positive().optional(),
  mlp: z.enum(Object.keys(MLPS) as (keyof typeof MLPS)[]).optional().describe("The MLP's activation."),
  qk_norm: z.boolean().optional().describe("An RMS norm of every head's queries and keys."),
  softcap: z.number().nonnegative().optional().describe("Logits stay within ± this; 0 for no bound."),
  zero_init: z.boolean().optional()
    .describe("Projections into the residual stream start at zero, not at small random weights."),
  dropout: z.number().min(0).lt(1).default(0),
  bias: z.boolean().optional().describe("Biases in linear layers and layer norms."),
  tied: z.boolean().optional().describe("The head shares the token embedding's weights."),
}).transform((given, context): ModelSection => {
  try {
    // The vocabulary comes from another section.
    const { family, ...own } = given;
    const options = { ...shortForms.get(family), ...renamed(own, camel), vocab: 1 } as ModelOptions;
    const { vocab: _, ...config } = modelConfig(options);
    return renamed(config, snake) as ModelSection;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    context.addIssue({ code: "custom", path: [snake(error.key)], message: error.why });
    return z.NEVER;
  }
});
