/** The section `finetune-preference` of a preset. */
import { z } from "zod";
import { WorldPreferences } from "../data/world/options.ts";
import { checkRates, finetuning, natural, optimization, probability, whole } from "./optimization_section.ts";

const share = z.number().min(0).max(1).default(0);

export const PreferenceSection = z.strictObject({
  data: z.array(z.union([z.string().min(1), z.strictObject({ world: WorldPreferences })])).min(1).describe(
    "Files of questions with a chosen and a rejected answer: .jsonl or .json, in the shapes of TRL; or pairs that are " +
      "made from the words and stories of data/world.",
  ),
  validation: z.number().gt(0).lt(1).default(0.05).describe(
    "Part of the questions held out to choose the best checkpoint.",
  ),
  backbone: z.string().min(1).optional().describe(
    "Folder of the model to start from; what finetune-instruct makes of this preset by default.",
  ),
  beta: z.number().positive().default(0.1).describe(
    "How strongly the model is held to where it started: the smaller, the farther it may move.",
  ),
  sft: z.number().nonnegative().default(1).describe(
    "Weight of the loss of chosen answers, which keeps them from becoming less probable; 0 for none.",
  ),
  augment: z.strictObject({
    case: share.describe("Probability of changing capitals and small letters."),
    accents: share.describe("Probability of leaving accents out."),
    punctuation: share.describe("Probability of leaving marks out."),
  }).prefault({}).describe("How questions to learn from are varied, once; answers never are."),
  adapter: finetuning.adapter,
  dropout: probability.default(0),
  weights: finetuning.weights,
  epochs: natural.default(1).describe("Passes over the pairs."),
  ...optimization(3e-4, 20),
  batch: natural.describe("Pairs per micro-batch: twice as many sequences."),
  asked: whole.default(100).describe(
    "Held-out questions that are answered before and after, half of them such that cannot be; 0 for none.",
  ),
}).superRefine(checkRates("finetune-preference"));

export type PreferenceSection = z.infer<typeof PreferenceSection>;
