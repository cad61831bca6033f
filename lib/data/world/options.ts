/** The options of a preset for the world's texts and conversations. */
import { z } from "zod";
import { FAMILIES, KINDS } from "./registry.ts";

const NAMES = [...Object.keys(KINDS), ...Object.keys(FAMILIES)];

const Mix = z.partialRecord(z.enum(NAMES), z.number().min(0).max(1)).refine(
  (mix) => Math.abs(Object.values(mix).reduce((sum: number, share) => sum + (share ?? 0), 0) - 1) < 1e-3,
  { error: (issue) => `the shares add up to ${sumOf(issue.input)}; they must add up to 1` },
);

const sumOf = (mix: unknown) =>
  Object.values(mix as Record<string, number>).reduce((sum, share) => sum + share, 0).toPrecision(4);

const seed = z.number().int().nonnegative().max(2 ** 31).default(1).describe("Another seed, another text.");
const mix = Mix.optional();

/** Texts for pretraining. */
export const WorldTexts = z.strictObject({
  megabytes: z.number().positive().max(1e6).describe("How much text, in millions of bytes."),
  seed,
  mix: mix.describe("Shares of the text by kind and family, such as stories: 0.5; they add up to 1."),
});

/** Conversations for finetuning. */
export const WorldConversations = z.strictObject({
  conversations: z.number().int().positive().max(1e6).describe("How many."),
  seed,
  mix: mix.describe(
    "Shares of the conversations by kind and family, such as stories: 0.2; they add up to 1.",
  ),
});

/** Pairs of a right and a wrong answer, for preference training. */
export const WorldPreferences = z.strictObject({
  pairs: z.number().int().positive().max(1e6).describe("How many."),
  seed,
  mix: mix.describe("Shares of the pairs by kind and family, such as extraer: 0.2; they add up to 1."),
});

export type WorldTexts = z.infer<typeof WorldTexts>;
export type WorldConversations = z.infer<typeof WorldConversations>;
export type WorldPreferences = z.infer<typeof WorldPreferences>;
/** Shares by name of a kind or family. */
export type Mix = Readonly<Record<string, number | undefined>>;
