/** `/v1/responses`: its requests and answers, for text. */
import { z } from "@hono/zod-openapi";
import { textFormat, TokenLogprob, toolChoice } from "./chat.ts";
import { CachedTokens, harmless, maxTokens, oneOf, only, refused, sampling, text } from "./common.ts";

const part = z.looseObject({
  type: z.enum(["input_text", "output_text", "text"], { error: "only text is understood" }),
  text,
}).transform((part) => part.text);
const refusalPart = z.looseObject({ type: z.literal("refusal"), refusal: text }).transform((part) =>
  part.refusal
);
const content = z.union([text, z.array(z.union([part, refusalPart])).transform((parts) => parts.join(""))]);

/** An item of the input: earlier turns and the question. An item without text is an empty turn of the assistant. */
const item = z.union([
  z.looseObject({
    type: z.literal("message").optional(),
    role: z.enum(["system", "developer", "user", "assistant"]),
    content,
  }).transform(({ role, content }) => ({ role, content })),
  z.looseObject({ type: z.literal("item_reference"), id: z.string() }).transform(({ id }) => ({
    reference: id,
  })),
  z.looseObject({ type: z.literal("function_call_output"), output: content })
    .transform(({ output }) => ({ role: "tool" as const, content: output })),
  z.looseObject({ type: z.enum(["function_call", "reasoning"]) })
    .transform(() => ({ role: "assistant" as const, content: "" })),
]);

const { truncate: _, ...writing } = sampling;

export const ResponseRequest = z.strictObject({
  ...writing,
  ...harmless,
  input: z.union([
    text.transform((content) => [{ role: "user" as const, content }]),
    z.array(item).min(1).max(1000),
  ]).describe("A question, or a conversation. A last message of the assistant is continued."),
  instructions: text.nullish().describe("What the system says."),
  max_output_tokens: maxTokens(1, "120 by default."),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_obfuscation: only(false, "no padding is sent") }).nullish(),
  store: z.boolean().nullish().describe(
    "Unless false, an item_reference may stand for the answer, until newer answers take its place. An answer cannot " +
      "be fetched again.",
  ),
  include: z.array(z.enum(["message.output_text.logprobs", "reasoning.encrypted_content"])).nullish(),
  top_logprobs: z.number().int().min(0).max(20).nullish(),
  text: z.strictObject({ format: textFormat, verbosity: only("medium", "answers are as long as they are") })
    .nullish(),
  truncation: oneOf(["auto", "disabled"]).describe(
    "Unlike OpenAI's, auto by default: the start of input that the context has no room for is left out.",
  ),
  tools: z.array(z.looseObject({ type: z.string() })).max(128).nullish().describe(
    "May be offered, and are never called.",
  ),
  tool_choice: toolChoice,
  parallel_tool_calls: z.boolean().nullish(),
  max_tool_calls: z.number().int().min(1).nullish(),
  background: only(false, "answers are written while the client waits"),
  reasoning: z.strictObject({
    effort: only("none", "the model does not reason"),
    summary: refused("the model does not reason"),
  }).nullish(),
  previous_response_id: refused("send the conversation as input"),
  conversation: refused("send the conversation as input"),
  prompt: refused("there are no prompt templates"),
  context_management: refused("set truncation"),
}).openapi("ResponseRequest");
export type ResponseRequest = z.infer<typeof ResponseRequest>;

const logprobs = z.array(TokenLogprob);

const OutputText = z.strictObject({
  type: z.literal("output_text"),
  text: z.string(),
  annotations: z.array(z.string()).max(0),
  logprobs,
});

const OutputMessage = z.strictObject({
  type: z.literal("message"),
  id: z.string(),
  status: z.enum(["in_progress", "completed", "incomplete"]),
  role: z.literal("assistant"),
  content: z.array(OutputText),
});

const ResponseUsage = z.strictObject({
  input_tokens: z.number().int(),
  input_tokens_details: CachedTokens,
  output_tokens: z.number().int(),
  output_tokens_details: z.strictObject({ reasoning_tokens: z.literal(0) }),
  total_tokens: z.number().int(),
});

export const ResponseObject = z.strictObject({
  id: z.string(),
  object: z.literal("response"),
  created_at: z.number().int(),
  status: z.enum(["in_progress", "completed", "incomplete"]),
  background: z.literal(false),
  error: z.null(),
  incomplete_details: z.strictObject({ reason: z.literal("max_output_tokens") }).nullable(),
  instructions: z.string().nullable(),
  max_output_tokens: z.number().int().nullable(),
  metadata: z.record(z.string(), z.string()),
  model: z.string(),
  output: z.array(OutputMessage),
  parallel_tool_calls: z.boolean(),
  previous_response_id: z.null(),
  reasoning: z.strictObject({ effort: z.null(), summary: z.null() }),
  store: z.boolean(),
  temperature: z.number(),
  text: z.strictObject({ format: z.strictObject({ type: z.literal("text") }) }),
  tool_choice: z.string(),
  tools: z.array(z.looseObject({ type: z.string() })),
  top_logprobs: z.number().int(),
  top_p: z.number(),
  truncation: z.enum(["auto", "disabled"]),
  usage: ResponseUsage.nullable(),
  user: z.string().nullable(),
  desde_cero: z.strictObject({
    truncated: z.boolean().describe("Whether the start of the input was left out, because there is no room."),
  }),
}).openapi("Response");
export type ResponseObject = z.infer<typeof ResponseObject>;

const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), sequence_number: z.number().int(), ...shape });

const inItem = { item_id: z.string(), output_index: z.literal(0), content_index: z.literal(0) };

export const ResponseEvent = z.discriminatedUnion("type", [
  event("response.created", { response: ResponseObject }),
  event("response.in_progress", { response: ResponseObject }),
  event("response.output_item.added", { output_index: z.literal(0), item: OutputMessage }),
  event("response.content_part.added", { ...inItem, part: OutputText }),
  event("response.output_text.delta", { ...inItem, delta: z.string(), logprobs }),
  event("response.output_text.done", { ...inItem, text: z.string(), logprobs }),
  event("response.content_part.done", { ...inItem, part: OutputText }),
  event("response.output_item.done", { output_index: z.literal(0), item: OutputMessage }),
  event("response.completed", { response: ResponseObject }),
  event("response.incomplete", { response: ResponseObject }),
  event("error", { message: z.string(), code: z.string().nullable(), param: z.string().nullable() }),
]).openapi("ResponseEvent");
export type ResponseEvent = z.infer<typeof ResponseEvent>;
