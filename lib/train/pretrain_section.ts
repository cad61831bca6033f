/** The section `pretrain` of a preset. */
import { z } from "zod";
import { checkRates, natural, optimization, whole } from "./optimization_section.ts";
import { TeacherSection } from "./teacher_section.ts";

/** Steps of warmup where a preset does not say. */
const WARMUP = 100;

export const PretrainSection = z.strictObject({
  steps: natural.describe("Updates."),
  ...optimization(1e-3, WARMUP),
  warmup: whole.optional()
    .describe(`Steps of rising learning rate; ${WARMUP} by default, or all of them if there are fewer.`),
  teacher: TeacherSection.optional().describe("Trained models to learn from beside the text."),
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
}).superRefine(checkRates("pretrain")).superRefine(({ warmup, steps }, context) => {
  if (warmup === undefined || warmup <= steps) return;
  const less = `lower it too, such as --set pretrain.warmup=${Math.floor(steps / 10)}`;
  const message = `${warmup} is more than pretrain.steps, which is ${steps}; ${less}`;
  context.addIssue({ code: "custom", path: ["warmup"], message });
}).transform((pretrain) => ({ ...pretrain, warmup: pretrain.warmup ?? Math.min(WARMUP, pretrain.steps) }));

export type PretrainSection = z.infer<typeof PretrainSection>;
