/**
 * Models that fit no other family. They use Llama's names, and `position_embedding_type`, `mlp_gated`, `qk_norm` and
 * `final_logit_softcapping` for options that Llama does not have.
 */
import { z } from "zod";
import { MLPS, modelConfig, POSITIONS } from "../config.ts";
import type { Family } from "./family.ts";
import { llamaPieces, llamaSizes, sizesFrom, sizesTo } from "./llama.ts";

export const own: Family = {
  modelType: "desde-cero",
  architecture: "DesdeCeroForCausalLM",
  config: z.object({
    ...llamaSizes,
    hidden_act: z.enum(Object.values(MLPS)),
    mlp_gated: z.boolean(),
    position_embedding_type: z.enum(POSITIONS),
    rope_theta: z.number().positive().default(10_000),
    // Exactly one of the two is present, and tells which norm it is.
    rms_norm_eps: z.number().positive().optional(),
    layer_norm_eps: z.number().positive().optional(),
    qk_norm: z.boolean(),
    final_logit_softcapping: z.number().positive().nullish(),
    attention_bias: z.boolean(),
    mlp_bias: z.boolean(),
  }).refine((hf) => (hf.hidden_act === "silu") === hf.mlp_gated, {
    path: ["mlp_gated"],
    message: "silu is gated, and nothing else is",
  }).refine((hf) => hf.attention_bias === hf.mlp_bias, {
    path: ["mlp_bias"],
    message: "attention_bias and mlp_bias must be the same",
  }).refine((hf) => (hf.rms_norm_eps === undefined) !== (hf.layer_norm_eps === undefined), {
    path: ["rms_norm_eps"],
    message: "one of rms_norm_eps and layer_norm_eps is expected",
  }).transform((hf) => {
    const [mlp] = Object.entries(MLPS).find(([, name]) => name === hf.hidden_act)!;
    return modelConfig({
      ...sizesFrom(hf),
      mlp: mlp as keyof typeof MLPS,
      position: hf.position_embedding_type,
      ropeTheta: hf.rope_theta,
      norm: hf.rms_norm_eps === undefined ? "layer" : "rms",
      normEpsilon: (hf.rms_norm_eps ?? hf.layer_norm_eps)!,
      qkNorm: hf.qk_norm,
      softcap: hf.final_logit_softcapping ?? 0,
      bias: hf.attention_bias,
    });
  }),
  toConfig: (c) => ({
    hidden_act: MLPS[c.mlp],
    mlp_gated: c.mlp === "swiglu",
    ...sizesTo(c),
    position_embedding_type: c.position,
    ...c.position === "rope" ? { rope_theta: c.ropeTheta } : {},
    [c.norm === "rms" ? "rms_norm_eps" : "layer_norm_eps"]: c.normEpsilon,
    qk_norm: c.qkNorm,
    ...c.softcap > 0 ? { final_logit_softcapping: c.softcap } : {},
    attention_bias: c.bias,
    mlp_bias: c.bias,
  }),
  pieces: llamaPieces,
};
