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
  resid_pdrop: z.number().default(0),
  // Not Hugging Face's: nanoGPT's variant without biases.
  bias: z.boolean().default(true),
  // Of a classifier; the last two are ours.
  id2label: z.record(z.string(), z.string()).optional(),
  classifier_dropout: z.number().default(0),
  classifier_pooling: z.enum(["last", "mean"]).default("last"),
  classifier_norm: z.boolean().default(false),
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
    throw new UserError(`${path}: ${key.join(".")}: ${message}; only GPT-2 models are read`);
  }
  const hf = parsed.data;
  const file = join(folder, "model.safetensors");
  const { tensors } = await readSafetensors(file);
  // GPT-2 as first published has no "transformer." in its names.
  const find = (name: string): StoredTensor | undefined =>
    tensors.get(name) ?? tensors.get(name.replace(/^transformer\./, ""));
  const hidden = hf.n_inner ?? find("transformer.h.0.mlp.c_fc.weight")?.shape[1] ?? 4 * hf.n_embd;
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
        dropout: hf.classifier_dropout,
      }
      : null,
    values({ name, shape }) {
      const stored = find(name);
      if (!stored) throw new UserError(`${file} lacks ${name}, which ${path} asks for`);
      if (stored.shape.join() !== shape.join()) {
        throw new UserError(`${file}: ${name} is [${stored.shape}], by ${path} it should be [${shape}]`);
      }
      return stored.data;
    },
  };
}

/** Whether a folder's config.json is a classifier's. */
export async function readHead(folder: string): Promise<boolean> {
  const config = JSON.parse(
    await readFolder(folder, (place) => Deno.readTextFile(join(place, "config.json"))).catch(() => "{}"),
  );
  return config.architectures?.[0] === "GPT2ForSequenceClassification";
}
