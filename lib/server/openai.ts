/** The wire format of OpenAI's API: what requests may hold, and what answers look like. */
import { z } from "zod";
import { UserError } from "../errors.ts";

/** Longest input of a request, in characters; far more than any context. */
export const LONGEST_INPUT = 100_000;

/** Text from outside: halves of surrogate pairs, which are no characters, become the replacement character. */
const text = z.string().max(LONGEST_INPUT).transform((value) => value.toWellFormed());
const filled = z.string().trim().min(1).max(LONGEST_INPUT).transform((value) => value.toWellFormed());

/** Content may come in parts, of which text is understood. */
const content = z.union([
  text,
  z.array(z.looseObject({ type: z.literal("text"), text })).transform((parts) =>
    parts.map((part) => part.text).join("")
  ),
]);

const generation = {
  model: z.string().max(200).optional(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.number().int().min(1).max(4096).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: z.number().int().min(0).max(100_000).nullish().describe(
    "Not OpenAI's: only the k most probable tokens.",
  ),
  seed: z.number().int().min(0).max(2 ** 53 - 1).nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(4)]).nullish(),
  n: z.literal(1).nullish(),
};

export const ChatRequest = z.looseObject({
  ...generation,
  messages: z.array(z.looseObject({
    role: z.enum(["system", "developer", "user", "assistant"]),
    content,
  })).min(1).max(1000),
  max_completion_tokens: z.number().int().min(1).max(4096).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.number().int().min(0).max(20).nullish(),
  faq: z.boolean().nullish().describe("Not OpenAI's: whether fixed answers are given before the model's."),
}).superRefine(({ messages }, context) => {
  const last = messages.at(-1);
  if (last?.role !== "user" || last.content.trim() === "") {
    const message = "the last message must be the user's, and not empty";
    context.addIssue({ code: "custom", path: ["messages", messages.length - 1], message });
  }
});
export type ChatRequest = z.infer<typeof ChatRequest>;

export const CompletionRequest = z.looseObject({
  ...generation,
  prompt: z.union([text, z.array(text).length(1).transform(([only]) => only)]),
  logprobs: z.number().int().min(0).max(5).nullish(),
  echo: z.literal(false).nullish(),
});
export type CompletionRequest = z.infer<typeof CompletionRequest>;

const inputs = z.union([filled.transform((one) => [one]), z.array(filled).min(1).max(256)]);

export const EmbeddingRequest = z.looseObject({
  model: z.string().max(200).optional(),
  input: inputs,
  encoding_format: z.enum(["float", "base64"]).nullish(),
});

export const ClassifyRequest = z.looseObject({ model: z.string().max(200).optional(), input: inputs });

export const AttentionRequest = z.strictObject({
  model: z.string().max(200),
  ids: z.array(z.number().int().min(0)).min(1).max(4096),
  layer: z.number().int().min(0),
  head: z.number().int().min(0),
});

/** A refusal that a client can understand. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly status: 400 | 401 | 404 | 413 | 429 | 500 | 503 | 504,
    message: string,
    readonly param: string | null = null,
    readonly code: string | null = null,
  ) {
    super(message);
  }

  body() {
    const type = this.status === 401
      ? "authentication_error"
      : this.status === 429
      ? "rate_limit_error"
      : this.status >= 500
      ? "server_error"
      : "invalid_request_error";
    return { error: { message: this.message, type, param: this.param, code: this.code } };
  }
}

/** What a client is told of an error. One that is not the client's is written to the server's log. */
export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  console.error(error instanceof UserError ? error.message : error);
  return new ApiError(500, "the server failed; its log says why");
}

/** Checks a request's JSON. */
export function parseRequest<S extends z.ZodType>(schema: S, body: string): z.output<S> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new ApiError(400, "the request is no JSON", null, "invalid_json");
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  const param = path.join(".") || null;
  throw new ApiError(400, param ? `${param}: ${message}` : message, param, "invalid_value");
}

export const newId = (kind: string) => `${kind}-${crypto.randomUUID().replaceAll("-", "")}`;
export const now = () => Math.floor(Date.now() / 1000);

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export const usageOf = (prompt: number, completion: number): Usage => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
});
