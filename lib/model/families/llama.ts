/**
 * Hugging Face's Llama, and families with its names: Qwen3, and our own format for models of no family. Linear layers
 * are stored (out, in); queries, keys and values are separate tensors.
 */
import { z } from "zod";
import { type FamilyOptions, type ModelConfig, modelConfig } from "../config.ts";
import { type Family, hasOptions, type Piece } from "./family.ts";
import { natural, onlyFalse, plain, probability } from "./keys.ts";

/** The sizes, which every config.json of this kind has. */
export const llamaSizes = {
  ...plain,
  vocab_size: natural,
  max_position_embeddings: natural,
  hidden_size: natural,
  intermediate_size: natural,
  num_hidden_layers: natural,
  num_attention_heads: natural,
  num_key_value_heads: natural.nullish(),
  head_dim: natural.nullish(),
  tie_word_embeddings: z.boolean().default(false),
  attention_dropout: probability.nullish(),
};
type LlamaSizes = z.infer<z.ZodObject<typeof llamaSizes>>;

export const sizesFrom = (hf: LlamaSizes) => ({
  vocab: hf.vocab_size,
  context: hf.max_position_embeddings,
  layers: hf.num_hidden_layers,
  heads: hf.num_attention_heads,
  kvHeads: hf.num_key_value_heads ?? hf.num_attention_heads,
  width: hf.hidden_size,
  hidden: hf.intermediate_size,
  headWidth: hf.head_dim ?? hf.hidden_size / hf.num_attention_heads,
  tied: hf.tie_word_embeddings,
  dropout: hf.attention_dropout ?? 0,
});

export const sizesTo = (c: ModelConfig) => ({
  vocab_size: c.vocab,
  max_position_embeddings: c.context,
  hidden_size: c.width,
  intermediate_size: c.hidden,
  num_hidden_layers: c.layers,
  num_attention_heads: c.heads,
  num_key_value_heads: c.kvHeads,
  head_dim: c.headWidth,
  tie_word_embeddings: c.tied,
  attention_dropout: c.dropout,
});

/** RoPE's base, in the keys of older and newer versions of transformers; scaled RoPE is refused. */
const rope = {
  rope_theta: z.number().positive().nullish(),
  rope_scaling: z.null().optional(),
  rope_parameters: z.strictObject({
    rope_theta: z.number().positive().optional(),
    rope_type: z.literal("default").optional(),
  }).nullish(),
};

/** How a family of this kind differs from the others. */
interface Variant {
  readonly modelType: string;
  /** The prefix of transformers' class names. */
  readonly architecture: string;
  readonly options: FamilyOptions;
  /** Whether its linear layers can have biases: all of them, in attention and MLP, or none. */
  readonly biases: boolean;
}

/** A family that differs from Llama only in its options. */
export function llamaFamily({ modelType, architecture, options, biases }: Variant): Family {
  const { position, norm, mlp, qkNorm, softcap, normEpsilon } = options;
  const fixed = { position, norm, mlp, qkNorm, softcap } as const;
  const bias = biases ? z.boolean().default(false) : onlyFalse;
  return {
    modelType,
    options,
    architecture: `${architecture}ForCausalLM`,
    config: z.object({
      ...llamaSizes,
      ...rope,
      hidden_act: z.literal("silu").default("silu"),
      rms_norm_eps: z.number().positive().default(normEpsilon),
      attention_bias: bias,
      mlp_bias: bias,
      use_sliding_window: onlyFalse,
      layer_types: z.array(z.literal("full_attention")).nullish(),
    }).refine((hf) => (hf.attention_bias ?? false) === (hf.mlp_bias ?? false), {
      path: ["mlp_bias"],
      message: "attention_bias and mlp_bias must be the same",
    }).transform((hf) =>
      modelConfig({
        ...fixed,
        ...sizesFrom(hf),
        ropeTheta: hf.rope_parameters?.rope_theta ?? hf.rope_theta ?? 10_000,
        normEpsilon: hf.rms_norm_eps,
        bias: hf.attention_bias ?? false,
      })
    ),
    toConfig(c) {
      if (!hasOptions(c, fixed) || (c.bias && !biases)) return null;
      return {
        hidden_act: "silu",
        ...sizesTo(c),
        rms_norm_eps: c.normEpsilon,
        rope_theta: c.ropeTheta,
        attention_bias: c.bias,
        mlp_bias: c.bias,
      };
    },
    pieces: llamaPieces,
  };
}

/** The tensors of a model with any options, by Llama's names. */
export function* llamaPieces(c: ModelConfig): Iterable<Piece> {
  const linear = (theirs: string, ours: string, columns?: [number, number]): Piece[] => {
    const range = columns ? { columns } : {};
    return [
      { theirs: `${theirs}.weight`, ours: `${ours}.weight`, transposed: true, ...range },
      ...c.bias ? [{ theirs: `${theirs}.bias`, ours: `${ours}.bias`, ...range }] : [],
    ];
  };
  const norm = (theirs: string, ours: string): Piece[] =>
    (c.bias && c.norm === "layer" ? ["weight", "bias"] : ["weight"]).map((kind) => {
      return { theirs: `${theirs}.${kind}`, ours: `${ours}.${kind}` };
    });
  const queries = c.heads * c.headWidth, keys = c.kvHeads * c.headWidth;
  yield { theirs: "model.embed_tokens.weight", ours: "embed.tokens.weight" };
  if (c.position === "learned") {
    yield { theirs: "model.embed_positions.weight", ours: "embed.positions.weight" };
  }
  for (let layer = 0; layer < c.layers; layer++) {
    const theirs = `model.layers.${layer}`, ours = `blocks.${layer}`;
    yield* norm(`${theirs}.input_layernorm`, `${ours}.attention.norm`);
    yield* linear(`${theirs}.self_attn.q_proj`, `${ours}.attention.qkv`, [0, queries]);
    yield* linear(`${theirs}.self_attn.k_proj`, `${ours}.attention.qkv`, [queries, queries + keys]);
    yield* linear(`${theirs}.self_attn.v_proj`, `${ours}.attention.qkv`, [
      queries + keys,
      queries + 2 * keys,
    ]);
    for (const [i, name] of c.qkNorm ? ["q_norm", "k_norm"].entries() : []) {
      const columns = [i * c.headWidth, (i + 1) * c.headWidth] as const;
      yield {
        theirs: `${theirs}.self_attn.${name}.weight`,
        ours: `${ours}.attention.heads.weight`,
        columns,
      };
    }
    yield* linear(`${theirs}.self_attn.o_proj`, `${ours}.attention.out`);
    yield* norm(`${theirs}.post_attention_layernorm`, `${ours}.mlp.norm`);
    if (c.mlp === "swiglu") yield* linear(`${theirs}.mlp.gate_proj`, `${ours}.mlp.up`, [0, c.hidden]);
    const up = c.mlp === "swiglu" ? [c.hidden, 2 * c.hidden] as [number, number] : undefined;
    yield* linear(`${theirs}.mlp.up_proj`, `${ours}.mlp.up`, up);
    yield* linear(`${theirs}.mlp.down_proj`, `${ours}.mlp.down`);
  }
  yield* norm("model.norm", "norm");
  if (!c.tied) yield { theirs: "lm_head.weight", ours: "head.weight" };
}

export const LLAMA_OPTIONS = {
  position: "rope",
  norm: "rms",
  normEpsilon: 1e-5,
  mlp: "swiglu",
  qkNorm: false,
  softcap: 0,
  bias: false,
  tied: false,
} as const satisfies FamilyOptions;

export const llama = llamaFamily({
  modelType: "llama",
  architecture: "Llama",
  options: LLAMA_OPTIONS,
  biases: true,
});
