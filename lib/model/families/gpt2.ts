/** Hugging Face's GPT-2. Its linear layers are stored (in, out), as ours are. */
import { z } from "zod";
import { GPT2_OPTIONS, modelConfig } from "../config.ts";
import { type Family, hasOptions } from "./family.ts";
import { natural, onlyFalse, onlyTrue, plain, probability } from "./keys.ts";

const NAMES = {
  "attention.norm": "ln_1",
  "attention.qkv": "attn.c_attn",
  "attention.out": "attn.c_proj",
  "mlp.norm": "ln_2",
  "mlp.up": "mlp.c_fc",
  "mlp.down": "mlp.c_proj",
};

export const gpt2: Family = {
  modelType: "gpt2",
  options: GPT2_OPTIONS,
  architecture: "GPT2LMHeadModel",
  config: z.object({
    ...plain,
    vocab_size: natural,
    n_positions: natural,
    n_layer: natural,
    n_head: natural,
    n_embd: natural,
    n_inner: natural.nullish(),
    activation_function: z.enum(["gelu_new", "gelu_pytorch_tanh"]).default("gelu_new"),
    layer_norm_epsilon: z.number().positive().default(1e-5),
    tie_word_embeddings: z.boolean().default(true),
    scale_attn_weights: onlyTrue,
    scale_attn_by_inverse_layer_idx: onlyFalse,
    pruned_heads: z.strictObject({}).nullish(),
    // These only affect training, which uses one dropout rate for all three.
    resid_pdrop: probability.default(0),
    embd_pdrop: probability.nullish(),
    attn_pdrop: probability.nullish(),
    // Not a key of Hugging Face's: for nanoGPT's variant without biases.
    bias: z.boolean().default(true),
  }).refine(({ n_embd, n_head }) => n_embd % n_head === 0, {
    path: ["n_head"],
    message: "it must divide n_embd",
  }).transform((hf) =>
    modelConfig({
      vocab: hf.vocab_size,
      context: hf.n_positions,
      layers: hf.n_layer,
      heads: hf.n_head,
      width: hf.n_embd,
      hidden: hf.n_inner ?? 4 * hf.n_embd,
      normEpsilon: hf.layer_norm_epsilon,
      dropout: hf.resid_pdrop,
      bias: hf.bias,
      tied: hf.tie_word_embeddings,
    })
  ),
  toConfig(c) {
    const fixed = {
      position: "learned",
      norm: "layer",
      mlp: "gelu",
      qkNorm: false,
      softcap: 0,
      kvHeads: c.heads,
      headWidth: c.width / c.heads,
    } as const;
    if (!hasOptions(c, fixed)) return null;
    return {
      activation_function: "gelu_new",
      vocab_size: c.vocab,
      n_positions: c.context,
      n_ctx: c.context,
      n_layer: c.layers,
      n_head: c.heads,
      n_embd: c.width,
      n_inner: c.hidden,
      layer_norm_epsilon: c.normEpsilon,
      tie_word_embeddings: c.tied,
      attn_pdrop: c.dropout,
      embd_pdrop: c.dropout,
      resid_pdrop: c.dropout,
      bias: c.bias,
    };
  },
  *pieces(c) {
    const both = (theirs: string, ours: string) =>
      (c.bias ? ["weight", "bias"] : ["weight"]).map((kind) => {
        return { theirs: `${theirs}.${kind}`, ours: `${ours}.${kind}` };
      });
    yield { theirs: "transformer.wte.weight", ours: "embed.tokens.weight" };
    yield { theirs: "transformer.wpe.weight", ours: "embed.positions.weight" };
    for (let layer = 0; layer < c.layers; layer++) {
      for (const [ours, theirs] of Object.entries(NAMES)) {
        yield* both(`transformer.h.${layer}.${theirs}`, `blocks.${layer}.${ours}`);
      }
    }
    yield* both("transformer.ln_f", "norm");
    if (!c.tied) yield { theirs: "lm_head.weight", ours: "head.weight" };
  },
  // The names in GPT-2 as first published do not begin with "transformer.".
  keysFrom(shapeOf) {
    const shape = shapeOf("transformer.h.0.mlp.c_fc.weight");
    return shape ? { n_inner: shape[1] } : {};
  },
  aliases: (theirs) => [theirs.replace(/^transformer\./, "")],
};
