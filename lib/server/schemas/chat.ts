/** `/v1/chat/completions`: its requests and answers. */
import { z } from "@hono/zod-openapi";
import {
  finishReason,
  harmless,
  maxTokens,
  n,
  oneOf,
  only,
  refused,
  sampling,
  stop,
  stream,
  text,
  Usage,
} from "./common.ts";

/** Content may come in parts; only text parts are supported. */
const content = z.union([
  text,
  z.array(z.union([
    z.looseObject({ type: z.literal("text", { error: "only text is understood" }), text }).transform((part) =>
      part.text
    ),
    z.looseObject({ type: z.literal("refusal"), refusal: text }).transform((part) => part.refusal),
  ])).transform((parts) => parts.join("")),
  z.null().transform(() => ""),
]).optional().transform((value) => value ?? "");

export const Message = z.looseObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool", "function"]),
  content,
});

/** Tools may be offered, but the model never calls them. */
export const toolChoice = oneOf(["auto", "none"], "may only be auto or none: the model cannot call tools");

/** Answers are free text, without a schema. */
export const textFormat = z.union([z.null(), z.strictObject({ type: z.literal("text") })], {
  error: "may only be text: answers are not held to a form",
}).optional();

export const ChatRequest = z.strictObject({
  ...sampling,
  ...stream,
  ...harmless,
  stop,
  messages: z.array(Message).min(1).max(1000).describe(
    "A last message of the assistant is continued. Of a message, role and content are read.",
  ),
  n,
  continue_final_message: z.boolean().nullish().describe(
    "vLLM's: true if the last message is the assistant's.",
  ),
  add_generation_prompt: z.boolean().nullish().describe(
    "vLLM's: false if the last message is the assistant's.",
  ),
  max_tokens: maxTokens(1, "120 by default."),
  max_completion_tokens: maxTokens(1, "Goes before max_tokens."),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.number().int().min(0).max(20).nullish(),
  faq: z.boolean().nullish().describe("Not OpenAI's: whether fixed answers are given before the model's."),
  tools: z.array(z.looseObject({ type: z.string() })).max(128).nullish().describe(
    "May be offered, and are never called.",
  ),
  tool_choice: toolChoice,
  parallel_tool_calls: z.boolean().nullish(),
  response_format: textFormat,
  store: only(false, "nothing is stored"),
  modalities: z.array(z.literal("text", { error: "may only be text" })).max(1).nullish(),
  reasoning_effort: only("none", "the model does not reason"),
  verbosity: only("medium", "answers are as long as the model makes them"),
  audio: refused("the model writes text"),
  functions: refused("the model cannot call them"),
  function_call: refused("the model cannot call functions"),
  prediction: refused("there is no use for it"),
  web_search_options: refused("the model cannot search"),
}).openapi("ChatRequest");
export type ChatRequest = z.infer<typeof ChatRequest>;

const candidate = { token: z.string(), logprob: z.number(), bytes: z.array(z.number().int()) };

export const TokenLogprob = z.strictObject({
  ...candidate,
  top_logprobs: z.array(z.strictObject(candidate)),
}).openapi("TokenLogprob");

const logprobs = z.strictObject({ content: z.array(TokenLogprob) }).nullable();

/** Details of a request beyond the text, under `desde_cero` in answers; the page shows them. */
export const Trace = z.strictObject({
  source: z.enum(["model", "faq"]),
  ids: z.array(z.number().int()).describe("The whole sequence: prompt and answer, with markers."),
  tokens: z.array(z.string()),
  prompt: z.number().int().describe("How many of them are the prompt."),
  truncated: z.boolean().describe("Whether the start of the prompt was left out, because there is no room."),
  context: z.number().int(),
  seed: z.number().int().nullable().describe("Asked with it, this answer comes again, alone."),
  first_token_ms: z.number().nullable(),
  tokens_per_s: z.number().nullable(),
}).openapi("Trace");
export type Trace = z.infer<typeof Trace>;

const head = { id: z.string(), created: z.number().int(), model: z.string() };

export const ChatCompletion = z.strictObject({
  ...head,
  object: z.literal("chat.completion"),
  choices: z.array(z.strictObject({
    index: z.number().int(),
    message: z.strictObject({ role: z.literal("assistant"), content: z.string(), refusal: z.null() }),
    logprobs,
    finish_reason: finishReason,
  })),
  usage: Usage,
  desde_cero: Trace.describe("Of the first choice."),
}).openapi("ChatCompletion");

export const ChatChunk = z.strictObject({
  ...head,
  object: z.literal("chat.completion.chunk"),
  choices: z.array(z.strictObject({
    index: z.number().int(),
    delta: z.strictObject({ role: z.literal("assistant").optional(), content: z.string().optional() }),
    logprobs,
    finish_reason: z.union([finishReason, z.null()]),
  })),
  usage: Usage.optional().describe("In the last event, which has no choices, if it was asked for."),
  desde_cero: Trace.optional().describe("In the last event of a choice."),
}).openapi("ChatChunk");
export type ChatChunk = z.infer<typeof ChatChunk>;
