/**
 * What a preset may say: every key, its type, its bounds and its default, and from the same definitions
 * the JSON Schema that editors complete and check presets with.
 */
import { z } from "zod";
import type { GptConfig } from "../nn/gpt.ts";

const natural = z.number().int().positive();
const whole = z.number().int().nonnegative();
const probability = z.number().min(0).lt(1);

const PrepareCorpus = z.strictObject({
  sources: z.array(z.string().min(1)).min(1).describe(
    "Text files, folders and globs, from the project's root.",
  ),
  documents: z.enum(["file", "sections", "paragraphs", "lines"]).default("sections")
    .describe("What one document is. Sections end at a line of three or more *, - or =."),
  lowercase: z.boolean().default(false),
  max_line_length: whole.default(10_000).describe("Characters; longer lines are dropped. 0 keeps all."),
  min_document_length: whole.default(1).describe("Characters; shorter documents are dropped."),
  validation: z.strictObject({
    share: z.number().gt(0).lt(1).default(0.1).describe("Part of the text held out for validation."),
    by: z.enum(["documents", "tail"]).default("documents")
      .describe("Whole documents drawn by seed, or the end of the text."),
  }).prefault({}),
});

const TokenizerSection = z.strictObject({
  kind: z.enum(["char"]).default("char"),
  min_count: natural.default(1).describe("Rarer characters become <unk>."),
  always: z.string().default("").describe(
    "Characters to know even if the corpus lacks them, for the texts of later finetunings.",
  ),
});

const Model = z.strictObject({
  layers: natural.describe("L: transformer blocks."),
  heads: natural.describe("H: attention heads; width must be divisible by it."),
  width: natural.describe("C: channels of the residual stream."),
  context: natural.describe("T: longest sequence, in tokens."),
  hidden: natural.optional().describe("Width of the MLP's hidden layer; 4·width by default."),
  dropout: probability.default(0),
  bias: z.boolean().default(true).describe("Biases in linear layers and norms."),
  tied: z.boolean().default(true).describe("The head shares the token embedding's weights."),
});

const Pretrain = z.strictObject({
  steps: natural.describe("Updates."),
  batch: natural.describe("B: sequences per micro-batch."),
  accumulate: natural.default(1).describe("Micro-batches per update."),
  lr: z.number().positive().default(1e-3).describe("Highest learning rate."),
  min_lr: z.number().nonnegative().optional().describe("Learning rate at the end; a tenth of lr by default."),
  warmup: whole.default(100).describe("Steps of rising learning rate."),
  weight_decay: z.number().nonnegative().default(0.1).describe("On tensors of two dimensions."),
  beta1: probability.default(0.9),
  beta2: probability.default(0.99),
  epsilon: z.number().positive().default(1e-8),
  clip: z.number().nonnegative().default(1).describe("Largest global gradient norm; 0 for no clipping."),
  eval_every: whole.default(250).describe("Steps between validations; 0 for never."),
  eval_batches: natural.default(20).describe("Batches of one validation, spread over the held-out text."),
  log_every: whole.default(50).describe("Steps between lines of a log; a terminal shows every step."),
  save_every: whole.default(250).describe("Steps between saves of `last`; 0 for only at the end."),
  sample_every: whole.default(500).describe("Steps between samples of generated text; 0 for never."),
  sample: z.strictObject({
    prompt: z.string().default(""),
    tokens: natural.default(200),
    temperature: z.number().nonnegative().default(0.8),
    top_k: whole.default(0),
  }).prefault({}),
});

export const PresetSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/, "expected lower-case letters, digits, - and _")
    .describe("Names the folders under data/processed and models."),
  seed: whole.max(2 ** 32 - 1).default(1337),
  device: z.enum(["auto", "webgpu", "cpu"]).default("auto")
    .describe("auto takes a hardware GPU, and the cpu where there is none."),
  threads: z.union([z.literal("auto"), natural]).default("auto").describe("Threads of the cpu device."),
  "prepare-corpus": PrepareCorpus,
  tokenizer: TokenizerSection.prefault({}),
  model: Model,
  pretrain: Pretrain,
}).superRefine(({ model, pretrain }, context) => {
  const refuse = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
  if (model.width % model.heads !== 0) {
    refuse(["model", "width"], `${model.width} is not divisible by model.heads, which is ${model.heads}`);
  }
  if (pretrain.min_lr !== undefined && pretrain.min_lr > pretrain.lr) {
    refuse(["pretrain", "min_lr"], `${pretrain.min_lr} is above pretrain.lr, which is ${pretrain.lr}`);
  }
  if (pretrain.warmup > pretrain.steps) {
    refuse(
      ["pretrain", "warmup"],
      `${pretrain.warmup} is more than pretrain.steps, which is ${pretrain.steps}`,
    );
  }
});

export type Preset = Readonly<z.infer<typeof PresetSchema>>;

/** The architecture, once the vocabulary's size is known. */
export function architecture({ model }: Preset, vocab: number): GptConfig {
  const { layers, heads, width, context, dropout, bias, tied } = model;
  return { vocab, layers, heads, width, context, hidden: model.hidden ?? 4 * width, dropout, bias, tied };
}

/** Where a preset's artifacts are, from the project's root. */
export function paths({ name }: Preset) {
  return {
    corpus: `data/processed/${name}/corpus`,
    vocabulary: `data/processed/${name}/vocabulary`,
    pretrain: `models/${name}/pretrain`,
  };
}

/** `configs/schema.json`. */
export function jsonSchema(): string {
  return JSON.stringify(z.toJSONSchema(PresetSchema, { io: "input" }), null, 2) + "\n";
}
