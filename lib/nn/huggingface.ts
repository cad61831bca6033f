/** Hugging Face's GPT-2 folders: `config.json` beside `model.safetensors`. Our checkpoints are such. */
import { join } from "@std/path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { readText } from "../files.ts";
import { readFolder } from "../folders.ts";
import type { HeadConfig } from "./classifier.ts";
import type { GptConfig } from "./gpt.ts";
import { type ParameterSpec } from "./parameters.ts";
import { readSafetensors, type StoredTensor } from "./safetensors.ts";

const natural = z.number().int().positive();
const probability = z.number().min(0).lt(1);
const onlyTrue = z.literal(true).nullish(), onlyFalse = z.literal(false).nullish();

/**
 * What is read of a config.json: the keys of transformers' GPT2Config and PretrainedConfig that decide the numbers.
 * Others say how weights are drawn, computed (`reorder_and_upcast_attn`: in which order) or summed up for heads that
 * are not read (`summary_…`), and are passed over.
 */
const HfConfig = z.object({
  model_type: z.literal("gpt2"),
  vocab_size: natural,
  n_positions: natural,
  n_layer: natural,
  n_head: natural,
  n_embd: natural,
  n_inner: natural.nullish(),
  activation_function: z.enum(["gelu_new", "gelu_pytorch_tanh"]).default("gelu_new"),
  layer_norm_epsilon: z.literal(1e-5).default(1e-5),
  tie_word_embeddings: z.boolean().default(true),
  scale_attn_weights: onlyTrue,
  scale_attn_by_inverse_layer_idx: onlyFalse,
  add_cross_attention: onlyFalse,
  is_encoder_decoder: onlyFalse,
  pruned_heads: z.strictObject({}).nullish(),
  quantization_config: z.null().optional(),
  /** Names code of the model's own, which computes something else. */
  auto_map: z.null().optional(),
  // They change training only, which has one dropout for all three.
  resid_pdrop: probability.default(0),
  embd_pdrop: probability.nullish(),
  attn_pdrop: probability.nullish(),
  // Not Hugging Face's: nanoGPT's variant without biases.
  bias: z.boolean().default(true),
  // Of a classifier; the last two are ours.
  id2label: z.record(z.string(), z.string()).optional(),
  problem_type: z.literal("single_label_classification").nullish(),
  classifier_dropout: probability.nullish(),
  classifier_pooling: z.enum(["last", "mean"]).default("last"),
  classifier_norm: z.boolean().default(false),
}).refine(({ n_embd, n_head }) => n_embd % n_head === 0, {
  path: ["n_head"],
  message: "it must divide n_embd",
});

export function toHuggingFace(c: GptConfig, head?: HeadConfig): Record<string, unknown> {
  return {
    architectures: [head ? "GPT2ForSequenceClassification" : "GPT2LMHeadModel"],
    ...head && {
      num_labels: head.labels.length,
      id2label: Object.fromEntries(head.labels.map((label, id) => [id, label])),
      label2id: Object.fromEntries(head.labels.map((label, id) => [label, id])),
      pad_token_id: 0,
      classifier_dropout: head.dropout,
      classifier_pooling: head.pooling,
      classifier_norm: head.norm,
    },
    model_type: "gpt2",
    activation_function: "gelu_new",
    vocab_size: c.vocab,
    n_positions: c.context,
    n_ctx: c.context,
    n_layer: c.layers,
    n_head: c.heads,
    n_embd: c.width,
    n_inner: c.hidden,
    layer_norm_epsilon: 1e-5,
    tie_word_embeddings: c.tied,
    attn_pdrop: c.dropout,
    embd_pdrop: c.dropout,
    resid_pdrop: c.dropout,
    bias: c.bias,
    torch_dtype: "float32",
  };
}

export interface LoadedModel {
  readonly config: GptConfig;
  /** Of a classifier's folder; null for a language model's. */
  readonly head: HeadConfig | null;
  /** For `GPT.load`. */
  readonly values: (spec: ParameterSpec) => Float32Array;
}

/**
 * Reads a GPT-2 folder.
 * @throws {UserError} if a file is missing, broken, or of another architecture
 */
export async function readHuggingFace(folder: string): Promise<LoadedModel> {
  const path = join(folder, "config.json");
  const text = await readText(path, "a model's folder holds config.json and model.safetensors");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UserError(`${path} is no JSON; restore the folder, or make it anew`);
  }
  const parsed = HfConfig.safeParse(json);
  if (!parsed.success) {
    const { path: key, message } = parsed.error.issues[0];
    throw new UserError(
      `${path}: ${key.join(".")}: ${message}; only GPT-2 models are read, and no variants with other results`,
    );
  }
  const hf = parsed.data;
  const file = join(folder, "model.safetensors");
  const { tensors } = await readSafetensors(file);
  // GPT-2 as first published has no "transformer." in its names.
  const find = (name: string): StoredTensor | undefined =>
    tensors.get(name) ?? tensors.get(name.replace(/^transformer\./, ""));
  const hidden = hf.n_inner ?? find("transformer.h.0.mlp.c_fc.weight")?.shape[1] ?? 4 * hf.n_embd;
  const values = ({ name, shape }: Pick<ParameterSpec, "name" | "shape">): Float32Array => {
    const stored = find(name);
    if (!stored) throw new UserError(`${file} lacks ${name}, which ${path} asks for`);
    if (stored.shape.join() !== shape.join()) {
      throw new UserError(`${file}: ${name} is [${stored.shape}], by ${path} it should be [${shape}]`);
    }
    return stored.data;
  };
  // Before anyone makes room for what the config promises: whether the weights are of that size.
  values({ name: "transformer.wte.weight", shape: [hf.vocab_size, hf.n_embd] });
  values({ name: "transformer.wpe.weight", shape: [hf.n_positions, hf.n_embd] });
  for (const layer of [0, hf.n_layer - 1]) {
    values({ name: `transformer.h.${layer}.mlp.c_fc.weight`, shape: [hf.n_embd, hidden] });
  }
  return {
    config: {
      vocab: hf.vocab_size,
      context: hf.n_positions,
      layers: hf.n_layer,
      heads: hf.n_head,
      width: hf.n_embd,
      hidden,
      dropout: hf.resid_pdrop,
      bias: hf.bias,
      tied: hf.tie_word_embeddings,
    },
    // Every GPT-2 config may name labels; only a classifier's folder has the weights that score them.
    head: hf.id2label && find("score.weight")
      ? {
        labels: Object.keys(hf.id2label).map((_, id) => hf.id2label![id] ?? String(id)),
        pooling: hf.classifier_pooling,
        norm: hf.classifier_norm,
        dropout: hf.classifier_dropout ?? 0,
      }
      : null,
    values,
  };
}

/** Whether a folder's config.json is a classifier's. */
export async function readHead(folder: string): Promise<boolean> {
  const config = JSON.parse(
    await readFolder(folder, (place) => Deno.readTextFile(join(place, "config.json"))).catch(() => "{}"),
  );
  return config.architectures?.[0] === "GPT2ForSequenceClassification";
}
