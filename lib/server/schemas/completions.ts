/** `/v1/completions`: its requests and answers. */
import { z } from "@hono/zod-openapi";
import {
  finishReason,
  harmless,
  maxTokens,
  only,
  refused,
  sampling,
  stop,
  stream,
  text,
  Usage,
} from "./common.ts";

export const CompletionRequest = z.strictObject({
  ...sampling,
  ...stream,
  ...harmless,
  stop,
  prompt: z.union([text, z.array(text).length(1).transform(([first]) => first)]),
  n: only(1, "one answer"),
  max_tokens: maxTokens("16 by default."),
  logprobs: z.number().int().min(0).max(5).nullish(),
  echo: only(false, "the prompt is not repeated"),
  best_of: only(1, "all that is written is sent; ask for n"),
  suffix: refused("the model was not taught to fill in the middle"),
}).openapi("CompletionRequest");
export type CompletionRequest = z.infer<typeof CompletionRequest>;

const logprobs = z.strictObject({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number()),
  top_logprobs: z.array(z.record(z.string(), z.number())),
  text_offset: z.array(z.number().int()),
});

const shape = {
  id: z.string(),
  object: z.literal("text_completion"),
  created: z.number().int(),
  model: z.string(),
};
const choice = { index: z.number().int(), text: z.string(), logprobs: logprobs.nullable() };

export const Completion = z.strictObject({
  ...shape,
  choices: z.array(z.strictObject({ ...choice, finish_reason: finishReason })),
  usage: Usage,
}).openapi("Completion");

export const CompletionChunk = z.strictObject({
  ...shape,
  choices: z.array(z.strictObject({ ...choice, finish_reason: finishReason.nullable() })),
  usage: Usage.optional().describe("In the last event, which has no choices, if it was asked for."),
}).openapi("CompletionChunk");
export type CompletionChunk = z.infer<typeof CompletionChunk>;
