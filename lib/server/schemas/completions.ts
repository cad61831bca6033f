/** `/v1/completions`: its requests and answers. */
import { z } from "@hono/zod-openapi";
import {
  finishReason,
  harmless,
  maxTokens,
  n,
  only,
  refused,
  sampling,
  stop,
  stream,
  text,
  tokenIds,
  Usage,
} from "./common.ts";

export const CompletionRequest = z.strictObject({
  ...sampling,
  ...stream,
  ...harmless,
  stop,
  prompt: z.union([
    text.transform((one) => [one]),
    z.array(text).min(1).max(128),
    tokenIds.transform((one) => [one]),
    z.array(tokenIds).min(1).max(128),
  ]).describe("A text, several, the token ids of one, or those of several."),
  n,
  max_tokens: maxTokens(0, "16 by default."),
  logprobs: z.number().int().min(0).max(5).nullish(),
  echo: z.boolean().nullish().describe("Whether the prompt stands before its answer."),
  best_of: only(1, "all that is written is sent; ask for n"),
  suffix: refused("the model was not taught to fill in the middle"),
}).openapi("CompletionRequest");
export type CompletionRequest = z.infer<typeof CompletionRequest>;

const logprobs = z.strictObject({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number().nullable().describe("Null for the first token of all.")),
  top_logprobs: z.array(z.record(z.string(), z.number()).nullable()),
  text_offset: z.array(z.number().int()).describe(
    "Where in the choice's text each token begins, in characters.",
  ),
});

const shape = {
  id: z.string(),
  object: z.literal("text_completion"),
  created: z.number().int(),
  model: z.string(),
  desde_cero: z.strictObject({
    truncated: z.boolean().describe("Whether the start of a prompt was left out, because there is no room."),
  }),
};
const choice = { index: z.number().int(), text: z.string(), logprobs: logprobs.nullable() };

export const Completion = z.strictObject({
  ...shape,
  choices: z.array(z.strictObject({ ...choice, finish_reason: finishReason })),
  usage: Usage,
}).openapi("Completion");

export const CompletionChunk = z.strictObject({
  ...shape,
  choices: z.array(z.strictObject({ ...choice, finish_reason: z.union([finishReason, z.null()]) })),
  usage: Usage.optional().describe("In the last event, which has no choices, if it was asked for."),
}).openapi("CompletionChunk");
export type CompletionChunk = z.infer<typeof CompletionChunk>;
