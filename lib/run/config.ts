/**
 * What a preset may say: every key, its type, its bounds and its default, and from the same definitions
 * the JSON Schema that editors complete and check presets with.
 */
import { z } from "zod";
import { CorpusOptions } from "../data/corpus/options.ts";
import { Model } from "./model_section.ts";
import { TokenizerSection } from "./tokenizer_section.ts";

const natural = z.number().int().positive();
const whole = z.number().int().nonnegative();
const probability = z.number().min(0).lt(1);

/** Optimizer and schedule, which pretraining and both finetunings have. */
const optimization = (lr: number, warmup: number) => ({
  batch: natural.describe("B: sequences per micro-batch."),
  lr: z.number().positive().default(lr).describe("Highest learning rate."),
  min_lr: z.number().nonnegative().optional().describe("Learning rate at the end; a tenth of lr by default."),
  warmup: whole.default(warmup).describe("Steps of rising learning rate."),
  weight_decay: z.number().nonnegative().default(0.1).describe("On tensors of two dimensions."),
  beta1: probability.default(0.9),
  beta2: probability.default(0.99),
  epsilon: z.number().positive().default(1e-8),
  clip: z.number().nonnegative().default(1).describe("Largest global gradient norm; 0 for no clipping."),
  log_every: whole.default(50).describe("Steps between lines of a log; a terminal shows every step."),
});

/** Steps of warmup where a preset does not say. */
const WARMUP = 100;

const Pretrain = z.strictObject({
  steps: natural.describe("Updates."),
  ...optimization(1e-3, WARMUP),
  warmup: whole.optional()
    .describe(`Steps of rising learning rate; ${WARMUP} by default, or all of them if there are fewer.`),
  accumulate: natural.default(1).describe("Micro-batches per update."),
  eval_every: whole.default(250).describe("Steps between validations; 0 for never."),
  eval_batches: natural.default(20).describe("Batches of one validation, spread over the held-out text."),
  save_every: whole.default(250).describe("Steps between saves of `last`; 0 for only at the end."),
  sample_every: whole.default(500).describe("Steps between samples of generated text; 0 for never."),
  sample: z.strictObject({
    prompt: z.string().default(""),
    tokens: natural.default(200),
    temperature: z.number().nonnegative().default(0.8),
    top_k: whole.default(0),
  }).prefault({}),
}).transform((pretrain) => ({ ...pretrain, warmup: pretrain.warmup ?? Math.min(WARMUP, pretrain.steps) }));

const backbone = z.string().min(1).optional().describe(
  "Folder of a checkpoint, or of a GPT-2 from Hugging Face; this preset's own pretraining by default.",
);

const weights = z.enum(["float32", "float16"]).default("float32")
  .describe("How checkpoints store their weights; float16 takes half the room.");

const ClassifyTask = z.strictObject({
  data: z.string().min(1).describe("A .csv, .tsv or .jsonl file."),
  text: z.string().default("text").describe("The column of the texts."),
  label: z.string().default("label").describe("The column of the labels."),
  test: z.string().optional().describe("A file of its own for the test, instead of a part of the data."),
  split: z.strictObject({
    validation: z.number().gt(0).lt(1).default(0.15),
    test: z.number().gt(0).lt(1).default(0.15),
  }).prefault({}).describe("Parts held out, drawn by seed, of every label the same."),
});

const FinetuneClassify = z.strictObject({
  tasks: z.record(z.string().regex(/^[a-z0-9][a-z0-9_-]*$/), ClassifyTask)
    .describe("What to learn: a classifier each, named after its folder."),
  backbone,
  freeze: z.string().regex(/^(backbone|none|all-but-last \d+)$/, "expected backbone, none or all-but-last N")
    .default("none").describe("What stays as it was pretrained."),
  pooling: z.enum(["last", "mean"]).default("mean")
    .describe("The last token's state, or the mean of all tokens'."),
  norm: z.boolean().default(false).describe("A layer norm before the scores."),
  dropout: probability.default(0.1).describe("In the blocks and before the scores."),
  token_dropout: probability.default(0)
    .describe("Probability of hiding a token from the model while training; a frozen backbone sees all."),
  class_weights: z.enum(["auto", "none"]).default("auto")
    .describe("auto: where classes are unbalanced, texts of rare ones weigh more."),
  weights,
  epochs: natural.default(5).describe("Passes over the training texts."),
  ...optimization(5e-4, 20),
  random_backbone: z.boolean().default(true)
    .describe("Also train from a random backbone, to see what pretraining brought."),
});

const FinetuneInstruct = z.strictObject({
  data: z.array(z.string().min(1)).min(1)
    .describe("Files of instructions and answers: .jsonl or .json, in the shape of Alpaca or of chats."),
  validation: z.number().gt(0).lt(1).default(0.05).describe("Part held out to choose the best checkpoint."),
  backbone,
  augment: z.strictObject({
    case: z.number().min(0).max(1).default(0).describe("Probability of changing capitals and small letters."),
    accents: z.number().min(0).max(1).default(0).describe("Probability of leaving accents out."),
    punctuation: z.number().min(0).max(1).default(0).describe("Probability of leaving marks out."),
    history: z.number().min(0).max(1).default(0).describe(
      "Probability of another conversation before it, so that the last question is what is answered.",
    ),
  }).prefault({}).describe("How instructions are varied while training; answers never are."),
  dropout: probability.default(0.1),
  weights,
  epochs: natural.default(5).describe("Passes over the conversations."),
  ...optimization(5e-4, 20),
  sample: z.string().default("").describe("An instruction that is answered after every epoch."),
});

const Evaluate = z.strictObject({
  checkpoints: z.record(z.string().min(1), z.string().min(1)).default({})
    .describe("Folders by name; what this preset's stages have made by default."),
  text: z.array(z.string().min(1)).default([])
    .describe("Text files to predict; the corpus's held-out documents by default."),
  instruct: z.strictObject({
    data: z.array(z.string().min(1)).default([])
      .describe('Files of {"instruction", "response"?, "contains"?: [..], "family"?} lines.'),
    max_new_tokens: natural.default(80),
  }).prefault({}),
  samples: z.strictObject({
    prompts: z.array(z.string()).default([""]),
    temperatures: z.array(z.number().nonnegative()).default([0, 0.7, 1]),
    seeds: z.array(whole).default([1]),
    tokens: natural.default(120),
  }).prefault({}),
  attention: z.string().default("").describe("A text whose attention is drawn; an instruction by default."),
  speed: z.strictObject({ prompt: natural.default(64), tokens: natural.default(64) }).prefault({})
    .describe("Tokens of the prompt and of the answer that speed is measured with."),
  thresholds: z.record(z.string(), z.strictObject({ min: z.number().optional(), max: z.number().optional() }))
    .default({}).describe("Bounds of figures of the report, by their path; exit code 1 if one is not kept."),
});

export const PresetSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/, "expected lower-case letters, digits, - and _")
    .describe("Names the folders under data/processed and models."),
  seed: whole.max(2 ** 32 - 1).default(1337),
  device: z.enum(["auto", "webgpu", "cpu"]).default("auto")
    .describe("auto takes a hardware GPU, and the cpu where there is none."),
  precision: z.enum(["float32", "mixed"]).default("float32").describe(
    "What training computes with: mixed keeps activations in float16, on GPUs that have shader-f16.",
  ),
  threads: z.union([z.literal("auto"), natural]).default("auto").describe("Threads of the cpu device."),
  "prepare-corpus": CorpusOptions,
  tokenizer: TokenizerSection.prefault({}),
  model: Model,
  pretrain: Pretrain,
  "finetune-classify": FinetuneClassify.optional(),
  "finetune-instruct": FinetuneInstruct.optional(),
  evaluate: Evaluate.optional(),
}).superRefine((preset, context) => {
  const { pretrain } = preset;
  const refuse = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
  for (const name of ["pretrain", "finetune-classify", "finetune-instruct"] as const) {
    const { lr, min_lr } = preset[name] ?? { lr: 1, min_lr: 0 };
    if (min_lr !== undefined && min_lr > lr) {
      refuse([name, "min_lr"], `${min_lr} is above ${name}.lr, which is ${lr}; lower it`);
    }
  }
  const { warmup, steps } = pretrain;
  if (warmup > steps) {
    refuse(
      ["pretrain", "warmup"],
      `${warmup} is more than pretrain.steps, which is ${steps}; lower it too, such as --set pretrain.warmup=${
        Math.floor(steps / 10)
      }`,
    );
  }
});

export type Preset = Readonly<z.infer<typeof PresetSchema>>;

/** A section that a preset may lack; stages ask for theirs only if it is there. */
export function section<K extends "finetune-classify" | "finetune-instruct" | "evaluate">(
  preset: Preset,
  name: K,
): NonNullable<Preset[K]> {
  const found = preset[name];
  if (!found) throw new Error(`the preset has no section ${name}`);
  return found;
}

/** Where a preset's artifacts are, from the project's root. */
export function paths({ name }: Preset) {
  return {
    corpus: `data/processed/${name}/corpus`,
    vocabulary: `data/processed/${name}/vocabulary`,
    pretrain: `models/${name}/pretrain`,
    classify: `models/${name}/classify`,
    instruct: `models/${name}/instruct`,
    evaluate: `models/${name}/evaluate`,
  };
}

/** `configs/schema.json`. */
export function jsonSchema(): string {
  return JSON.stringify(z.toJSONSchema(PresetSchema, { io: "input" }), null, 2) + "\n";
}
