/** The section `finetune-classify` of a preset. */
import { z } from "zod";
import { checkRates, finetuning, natural, optimization, probability } from "./optimization_section.ts";

const Task = z.strictObject({
  data: z.string().min(1).describe("A .csv, .tsv or .jsonl file."),
  text: z.string().default("text").describe("The column of the texts."),
  label: z.string().default("label").describe("The column of the labels."),
  test: z.string().optional().describe("A file of its own for the test, instead of a part of the data."),
  split: z.strictObject({
    validation: z.number().gt(0).lt(1).default(0.15),
    test: z.number().gt(0).lt(1).default(0.15),
  }).prefault({}).describe("Parts held out, drawn by seed, of every label the same."),
});

export const ClassifySection = z.strictObject({
  tasks: z.record(z.string().regex(/^[a-z0-9][a-z0-9_-]*$/), Task)
    .describe("What to learn: a classifier each, named after its folder."),
  backbone: finetuning.backbone,
  adapter: finetuning.adapter,
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
  weights: finetuning.weights,
  epochs: natural.default(5).describe("Passes over the training texts."),
  ...optimization(5e-4, 20),
  random_backbone: z.boolean().default(true)
    .describe("Also train from a random backbone, to see what pretraining brought."),
}).superRefine(checkRates("finetune-classify")).superRefine(({ adapter, freeze }, context) => {
  if (!adapter || freeze === "none") return;
  const message =
    `${freeze} goes with no adapter, beside which all of the backbone stays as it is; leave one out`;
  context.addIssue({ code: "custom", path: ["freeze"], message });
});

export type ClassifySection = z.infer<typeof ClassifySection>;
