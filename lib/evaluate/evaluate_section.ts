/** The section `evaluate` of a preset. */
import { z } from "zod";

const natural = z.number().int().positive();

export const EvaluateSection = z.strictObject({
  checkpoints: z.record(z.string().min(1), z.string().min(1)).default({})
    .describe("Folders by name; what this preset's stages have made by default."),
  text: z.array(z.string().min(1)).default([])
    .describe("Text files to predict; the corpus's held-out documents by default."),
  instruct: z.strictObject({
    data: z.array(z.string().min(1)).default([])
      .describe(
        'Files of {"instruction" or "messages", "response"?, "contains"?, "excludes"?, "family"?} lines.',
      ),
    max_new_tokens: natural.default(80),
  }).prefault({}),
  pairs: z.strictObject({
    data: z.array(z.string().min(1)).default([])
      .describe('Files of {"good": …, "bad": …, "phenomenon": …} lines: sentences that differ in grammar.'),
  }).prefault({}),
  stories: z.strictObject({
    data: z.array(z.string().min(1)).default([])
      .describe('Files of {"beginning": …, "persons": {"Ana": "f", …}} lines: stories to continue.'),
    max_new_tokens: natural.default(200),
    temperature: z.number().nonnegative().default(0.7),
    seed: z.number().int().nonnegative().default(1),
  }).prefault({}),
  samples: z.strictObject({
    prompts: z.array(z.string()).default([""]),
    temperatures: z.array(z.number().nonnegative()).default([0, 0.7, 1]),
    seeds: z.array(z.number().int().nonnegative()).default([1]),
    tokens: natural.default(120),
  }).prefault({}),
  attention: z.string().default("").describe("A text whose attention is drawn; an instruction by default."),
  speed: z.strictObject({ prompt: natural.default(64), tokens: natural.default(64) }).prefault({})
    .describe("Tokens of the prompt and of the answer that speed is measured with."),
  thresholds: z.record(z.string(), z.strictObject({ min: z.number().optional(), max: z.number().optional() }))
    .default({}).describe("Bounds of figures of the report, by their path; exit code 1 if one is not kept."),
});

export type EvaluateSection = z.infer<typeof EvaluateSection>;
