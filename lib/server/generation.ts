/** From a request for text to pieces of it, with what the page's trace shows. */
import type { FinishReason as TokensEnd, GeneratedToken, GenerateOptions } from "../generate/batch.ts";
import { QueueFullError } from "../generate/batch.ts";
import { promptTokens } from "../generate/answer.ts";
import type { Turn } from "../text/prompt.ts";
import { special } from "../text/special.ts";
import { ApiError } from "./errors.ts";
import type { ChatRequest, Trace } from "./schemas/chat.ts";
import type { CompletionRequest } from "./schemas/completions.ts";
import { type Usage, usageOf } from "./schemas/common.ts";
import type { LanguageModel } from "./models.ts";
import type { ServerMetrics } from "./metrics.ts";
import { type Piece, textPieces } from "./stream.ts";

export interface Generation {
  pieces(): AsyncGenerator<Piece, TokensEnd>;
  /** Both complete once the pieces are at their end. */
  usage(): Usage;
  trace(): Trace;
}

/** The sampling that a request asks for. */
function samplingOf(request: ChatRequest | CompletionRequest) {
  return {
    temperature: request.temperature ?? 0.7,
    topK: request.top_k ?? 0,
    topP: request.top_p ?? 1,
    seed: request.seed ?? crypto.getRandomValues(new Uint32Array(1))[0],
  };
}

/** How many tokens an answer may have: -1 asks for what the context has room for. */
const lengthOf = (asked: number, prompt: Uint32Array, { gpt }: LanguageModel) =>
  asked === -1 ? gpt.config.context - prompt.length : asked;

const stopsOf = ({ stop }: { stop?: string | string[] | null | undefined }) =>
  typeof stop === "string" ? [stop] : stop ?? [];

function start(
  model: LanguageModel,
  prompt: Uint32Array,
  stops: readonly string[],
  options: Omit<GenerateOptions, "stop">,
  metrics: ServerMetrics,
): Generation {
  const asked = performance.now();
  let tokens;
  try {
    tokens = model.batcher.generate(prompt, { ...options, stop: special("<eos>") });
  } catch (error) {
    if (error instanceof QueueFullError) {
      throw new ApiError(429, "too many requests wait; try again in a moment");
    }
    throw error;
  }
  const ids = [...prompt];
  let first = 0, last = 0;
  metrics.tokens.inc({ kind: "prompt" }, prompt.length);
  return {
    async *pieces() {
      const pieces = textPieces(tokens, model.tokenizer, stops);
      try {
        for (;;) {
          const next = await pieces.next();
          if (next.done) return next.value;
          if (next.value.token) {
            ids.push(next.value.token.id);
            last = performance.now();
            if (first === 0) {
              first = last;
              metrics.firstToken.observe((first - asked) / 1000);
            }
            metrics.tokens.inc({ kind: "completion" });
          }
          yield next.value;
        }
      } finally {
        await pieces.return("aborted");
      }
    },
    usage: () => usageOf(prompt.length, ids.length - prompt.length),
    trace() {
      const made = ids.length - prompt.length;
      return {
        source: "model",
        ids,
        tokens: ids.map((id) => model.tokenizer.decode([id], { special: true })),
        prompt: prompt.length,
        context: model.gpt.config.context,
        first_token_ms: first ? Number((first - asked).toFixed(1)) : null,
        tokens_per_s: made > 1 ? Math.round((made - 1) / Math.max(1e-3, last - first) * 1000) : null,
      };
    },
  };
}

/**
 * The turns of a conversation; what the system says stands before the first question, as in training. What a tool
 * says is part of what is asked; an assistant's turn without text, which called it, is none.
 * @throws {ApiError} if the last message asks nothing
 */
export function conversationOf({ messages }: ChatRequest): { past: Turn[]; instruction: string } {
  const system = messages.filter(({ role }) => role === "system" || role === "developer")
    .map((message) => message.content.trim()).filter((text) => text !== "");
  const last = messages.at(-1)!;
  if (last.role === "assistant" || last.content.trim() === "") {
    throw new ApiError(400, "the last message must be the user's, and not empty", "messages");
  }
  const past: Turn[] = [];
  let asked: string[] = [...system];
  for (const { role, content } of messages) {
    if (role === "user" || role === "tool" || role === "function") asked.push(content);
    else if (role === "assistant" && content !== "") {
      past.push({ instruction: asked.join("\n"), response: content });
      asked = [];
    }
  }
  return { past, instruction: asked.join("\n") };
}

/** A model that was not taught to answer continues the last message. */
export function startChat(
  model: LanguageModel,
  request: ChatRequest,
  signal: AbortSignal,
  metrics: ServerMetrics,
): Generation {
  const { past, instruction } = conversationOf(request);
  const { context } = model.gpt.config;
  const prompt = model.kind === "chat"
    ? promptTokens(model.tokenizer, context, instruction, past)
    : continuation(model, request.messages.at(-1)!.content);
  return start(model, prompt, stopsOf(request), {
    ...samplingOf(request),
    signal,
    maxNewTokens: lengthOf(request.max_completion_tokens ?? request.max_tokens ?? 120, prompt, model),
    ...request.logprobs && { alternatives: request.top_logprobs ?? 0 },
  }, metrics);
}

export function startCompletion(
  model: LanguageModel,
  request: CompletionRequest,
  signal: AbortSignal,
  metrics: ServerMetrics,
): Generation {
  const prompt = continuation(model, request.prompt);
  return start(model, prompt, stopsOf(request), {
    ...samplingOf(request),
    signal,
    maxNewTokens: lengthOf(request.max_tokens ?? 16, prompt, model),
    ...request.logprobs != null && { alternatives: request.logprobs },
  }, metrics);
}

/** `<bos>` and the end of the text that the context has room for, a quarter of it left free. */
function continuation({ tokenizer, gpt }: LanguageModel, text: string): Uint32Array {
  const room = Math.max(1, Math.floor(gpt.config.context * 3 / 4) - 1);
  return Uint32Array.of(special("<bos>"), ...tokenizer.encode(text, { last: room }));
}

export type FinishReason = Exclude<TokensEnd, "aborted">;

export const reasonOf = (reason: TokensEnd): FinishReason => reason === "aborted" ? "length" : reason;

/**
 * A generation as a whole.
 * @throws {ApiError} if the time limit was reached
 */
export async function collect(generation: Generation, late: AbortSignal) {
  const pieces = generation.pieces();
  const tokens: GeneratedToken[] = [];
  let text = "";
  let next = await pieces.next();
  for (; !next.done; next = await pieces.next()) {
    text += next.value.text;
    if (next.value.token) tokens.push(next.value.token);
  }
  if (late.aborted && next.value === "aborted") throw new ApiError(504, "the time limit was reached");
  return {
    text: text.trimEnd(),
    tokens,
    finish: reasonOf(next.value),
    usage: generation.usage(),
    trace: generation.trace(),
  };
}
