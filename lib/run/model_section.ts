/**
 * The section `model` of a preset: a family as a shorthand, with any options of a `ModelConfig` beside it; or `auto`,
 * to let pretraining pick the size.
 */
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

/** A model as presets describe it, with all options filled in. */
export type ModelSection = SnakeKeys<Omit<ModelConfig, "vocab">>;

const snake = (key: string) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camel = (key: string) => key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const renamed = (values: object, rename: (key: string) => string) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [rename(key), value]));

export function camelKeys(model: ModelSection): Omit<ModelConfig, "vocab"> {
  return renamed(model, camel) as Omit<ModelConfig, "vocab">;
}

const natural = z.number().int().positive();

/** Keys that a preset must give, unless the size is picked. */
const SIZES = ["layers", "heads", "width", "context"] as const;
/** Keys that are picked, or follow from picked ones, and so must not be given as well. */
const PICKED = ["layers", "heads", "width", "kv_heads", "head_width", "hidden"] as const;

const options = z.strictObject({
  size: z.literal("auto").optional()
    .describe(
      "Layers, heads and width, and context and dropout unless given, are picked for pretrain.minutes.",
    ),
  family: z.enum([...shortForms.keys()]).default("gpt2")
    .describe("A short form: what the options below are unless they are given."),
  layers: natural.optional().describe("L: transformer blocks."),
  heads: natural.optional().describe(
    "H: attention heads; width must be divisible by it, unless head_width is given.",
  ),
  kv_heads: natural.optional()
    .describe("G: heads of keys and values, shared by the heads of queries; as many as those by default."),
  head_width: natural.optional().describe("D: columns of a head; width / heads by default."),
  width: natural.optional().describe("C: channels of the residual stream."),
  context: natural.optional().describe("T: longest sequence, in tokens."),
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
  induction_init: z.boolean().optional()
    .describe("Some heads start as induction heads, which copy what followed a token before; with RoPE."),
  dropout: z.number().min(0).lt(1).optional().describe("Of activations and attention weights; 0 by default."),
  bias: z.boolean().optional().describe("Biases in linear layers and layer norms."),
  tied: z.boolean().optional().describe("The head shares the token embedding's weights."),
}).superRefine((given, context) => {
  for (const key of given.size ? [] : SIZES) {
    if (given[key] !== undefined) continue;
    context.addIssue({ code: "invalid_type", expected: "number", path: [key], input: undefined });
  }
  for (const key of given.size ? PICKED : []) {
    if (given[key] === undefined) continue;
    const message = "size: auto picks it; leave one of them out";
    context.addIssue({ code: "custom", path: [key], message });
  }
});

type Options = z.output<typeof options>;

/** A model in a preset whose size is picked. */
export type AutoModel = Options & { readonly size: "auto" };

const section = options.transform((given, context): ModelSection | AutoModel => {
  if (given.size) return { ...given, size: given.size };
  try {
    // The vocabulary comes from another section.
    const { family, size: _size, ...own } = given;
    const options = {
      dropout: 0,
      ...shortForms.get(family),
      ...renamed(own, camel),
      vocab: 1,
    } as ModelOptions;
    const { vocab: _, ...config } = modelConfig(options);
    return renamed(config, snake) as ModelSection;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    context.addIssue({ code: "custom", path: [snake(error.key)], message: error.why });
    return z.NEVER;
  }
});

export const Model = z.union([
  z.literal("auto").transform((size): ModelSection | AutoModel => ({ size, family: "gpt2" })),
  section,
]);

export const isAuto = (model: ModelSection | AutoModel): model is AutoModel => "size" in model;

/** Fills in the picked size of a model. */
export function sizedModel(
  { size: _, ...given }: AutoModel,
  picked: Pick<ModelSection, "layers" | "heads" | "width" | "context" | "dropout">,
): ModelSection {
  return section.parse({ ...given, ...picked }) as ModelSection;
}
