/** Converts a model's config to keys of a GGUF file, and back. */
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { GPT2_OPTIONS, type ModelConfig, modelConfig } from "../../model/config.ts";
import { natural, onlyFalse } from "../../model/families/keys.ts";
import type { Key, TypedValue } from "./format.ts";
import { apertus, familyNames, ggufFamilies, type GgufFamily, isGpt2, RELU2_AS_XIELU } from "./families.ts";
import { type GgufReader, REMEDY } from "./reader.ts";

/** The keys that affect a model's results. */
export function configKeys(family: GgufFamily, c: ModelConfig): Key[] {
  const keys: [string, TypedValue][] = [
    ["context_length", { uint32: c.context }],
    ["embedding_length", { uint32: c.width }],
    ["block_count", { uint32: c.layers }],
    ["feed_forward_length", { uint32: c.hidden }],
    ["attention.head_count", { uint32: c.heads }],
    [`attention.layer_norm_${isGpt2(family) ? "" : "rms_"}epsilon`, { float32: c.normEpsilon }],
  ];
  if (!isGpt2(family)) {
    keys.push(
      ["attention.head_count_kv", { uint32: c.kvHeads }],
      ["attention.key_length", { uint32: c.headWidth }],
      ["attention.value_length", { uint32: c.headWidth }],
      ["rope.dimension_count", { uint32: c.headWidth }],
      ["rope.freq_base", { float32: c.ropeTheta }],
      ["vocab_size", { uint32: c.vocab }],
    );
  }
  const own = keys.map(([key, value]): Key => [`${family.modelType}.${key}`, value]);
  const xielu = Object.entries(family === apertus ? RELU2_AS_XIELU : {});
  return [...own, ...xielu.map(([key, value]): Key => [key, { float32: value }])];
}

const none = z.literal(0).optional();
const positive = z.number().positive().transform(shortest);

const Common = z.object({
  context_length: natural,
  embedding_length: natural,
  block_count: natural,
  feed_forward_length: natural,
  vocab_size: natural.optional(),
  // These would change the results.
  expert_count: none,
  "attention.sliding_window": none,
  "attention.causal": z.literal(true).optional(),
  "attention.head_count": natural,
  "use_parallel_residual": onlyFalse,
});

const Gpt2 = Common.extend({ "attention.layer_norm_epsilon": positive });

const Llama = Common.extend({
  "attention.layer_norm_rms_epsilon": positive,
  "attention.head_count_kv": natural.optional(),
  "attention.key_length": natural.optional(),
  "attention.value_length": natural.optional(),
  "rope.dimension_count": natural.optional(),
  "rope.freq_base": positive.default(10_000),
  "rope.scaling.type": z.literal("none").optional(),
  "rope.scaling.factor": z.literal([0, 1]).optional(),
  "rope.scale_linear": z.literal([0, 1]).optional(),
});

/**
 * The family and the config of a file's model.
 * @throws {UserError} if its architecture or variant is not supported
 */
export function configFrom(file: GgufReader, path: string): { family: GgufFamily; config: ModelConfig } {
  const name = file.keys.get("general.architecture");
  const family = ggufFamilies.find(({ modelType }) => modelType === name);
  if (!family) {
    const given = name === undefined ? "missing" : JSON.stringify(String(name).slice(0, 60));
    throw new UserError(`${path}: general.architecture: ${given} is none of ${familyNames}, which are read`);
  }
  const split = file.keys.get("split.count");
  if (split !== undefined && split !== 1) {
    throw new UserError(
      `${path} is one of ${split} files of a model; join them with llama-gguf-split --merge`,
    );
  }
  const prefix = `${family.modelType}.`;
  const own = Object.fromEntries(
    [...file.keys].filter(([key]) => key.startsWith(prefix)).map((
      [key, value],
    ) => [key.slice(prefix.length), value]),
  );
  const parse = <T>(schema: z.ZodType<T, unknown>): T => {
    const parsed = schema.safeParse(own);
    if (parsed.success) return parsed.data;
    const { path: key, message } = parsed.error.issues[0];
    throw refuse(path, prefix + key.join("."), message, family);
  };
  const shapeOf = (tensor: string) => {
    const found = file.tensors.get(tensor);
    if (!found) throw new UserError(`${path} lacks ${tensor}, which ${family.modelType} needs; ${REMEDY}`);
    return found.shape;
  };
  const [vocab] = shapeOf("token_embd.weight");
  const tied = !file.tensors.has("output.weight");
  const common = (keys: z.infer<typeof Common>) => {
    if (keys.vocab_size !== undefined && keys.vocab_size !== vocab) {
      const why = `${keys.vocab_size}, but token_embd.weight has ${vocab} rows`;
      throw refuse(path, `${prefix}vocab_size`, why, family);
    }
    return {
      vocab,
      tied,
      context: keys.context_length,
      width: keys.embedding_length,
      layers: keys.block_count,
      hidden: keys.feed_forward_length,
      heads: keys["attention.head_count"],
    };
  };
  const { heads, width } = common(parse(Common));
  if (isGpt2(family)) {
    const keys = parse(Gpt2);
    const normEpsilon = keys["attention.layer_norm_epsilon"];
    return { family, config: checked(path, { ...GPT2_OPTIONS, ...common(keys), normEpsilon }) };
  }
  if (family === apertus) {
    for (const [key, value] of Object.entries(RELU2_AS_XIELU)) {
      if (file.keys.get(key) !== Math.fround(value)) {
        throw refuse(path, key, `its xIELU is not relu², which is ${value}`, family);
      }
    }
  }
  const keys = parse(Llama);
  const headWidth = keys["attention.key_length"] ?? width / heads;
  for (const key of ["attention.value_length", "rope.dimension_count"] as const) {
    if ((keys[key] ?? headWidth) !== headWidth) {
      throw refuse(path, prefix + key, `${keys[key]}, but heads have ${headWidth} columns`, family);
    }
  }
  return {
    family,
    config: checked(path, {
      ...family.options,
      ...common(keys),
      kvHeads: keys["attention.head_count_kv"] ?? heads,
      headWidth,
      ropeTheta: keys["rope.freq_base"],
      normEpsilon: keys["attention.layer_norm_rms_epsilon"],
      bias: file.tensors.has("blk.0.attn_q.bias"),
    }),
  };
}

/** The shortest decimal number that rounds to this float32, which is the intended one, such as 1e-5. */
function shortest(x: number): number {
  for (let digits = 6; digits <= 9; digits++) {
    const short = Number(x.toPrecision(digits));
    if (Math.fround(short) === Math.fround(x)) return short;
  }
  return x;
}

function checked(path: string, options: Parameters<typeof modelConfig>[0]): ModelConfig {
  try {
    return modelConfig(options);
  } catch (error) {
    throw new UserError(`${path}: ${(error as Error).message}; ${REMEDY}`);
  }
}

const refuse = (path: string, key: string, why: string, { modelType }: GgufFamily) =>
  new UserError(`${path}: ${key}: ${why}; no variant of ${modelType} with other results is read`);
