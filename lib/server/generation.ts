/** Generates text from prompts, in pieces, and collects what the page's trace shows. */
import { MuxAsyncIterator } from "@std/async/mux-async-iterator";
import type { FinishReason as TokensEnd, GeneratedToken, GenerateOptions } from "../generate/batch.ts";
import { QueueFullError } from "../generate/batch.ts";
import { deriveSeed } from "../tensor/random.ts";
import type { EncodedPrompt } from "../text/prompt.ts";
import { ApiError } from "./errors.ts";
import type { ServerMetrics } from "./metrics.ts";
import type { LanguageModel } from "./models.ts";
import type { Trace } from "./schemas/chat.ts";
import { type SamplingRequest, type Usage, usageOf } from "./schemas/common.ts";
import { checkDeadline, type Deadline } from "./services.ts";
import { type Piece, type PlacedToken, textPieces } from "./stream.ts";

export type FinishReason = Exclude<TokensEnd, "aborted">;

/** One answer that is being written. */
export interface Generation {
  readonly prompt: EncodedPrompt;
  pieces(): AsyncGenerator<Piece, TokensEnd>;
  /** Tokens written so far. */
  made(): number;
  /** Tokens of the prompt that were cached from an earlier request. */
  cached(): number;
  trace(): Trace;
}

/** How answers are written. */
export interface Writing extends Omit<GenerateOptions, "stop" | "signal" | "adapter"> {
  readonly stops: readonly string[];
  /** Whether spaces before the first word are left out. */
  readonly trimmed: boolean;
  /** Answers to each prompt. */
  readonly n: number;
}

/** The deadline of an answer, and the metrics that count it. */
interface Surroundings {
  readonly deadline: Deadline;
  readonly metrics: ServerMetrics;
}

/**
 * The sampling parameters of a request.
 * @throws {ApiError} if a bias names a token that does not exist
 */
export function samplingOf(request: SamplingRequest, { decoder }: LanguageModel) {
  const logitBias = new Map(
    Object.entries(request.logit_bias ?? {}).map(([key, bias]) => {
      const id = Number(key);
      if (String(id) !== key || !Number.isInteger(id) || id < 0 || id >= decoder.config.vocab) {
        const message = `logit_bias: there is no token ${key}; ids are below ${decoder.config.vocab}`;
        throw new ApiError(400, message, "logit_bias", "unknown_token");
      }
      return [id, bias];
    }),
  );
  return {
    temperature: request.temperature ?? 0.7,
    topK: request.top_k ?? 0,
    topP: request.top_p ?? 1,
    presencePenalty: request.presence_penalty ?? 0,
    frequencyPenalty: request.frequency_penalty ?? 0,
    repetitionPenalty: request.repetition_penalty ?? 1,
    logitBias,
    seed: request.seed ?? crypto.getRandomValues(new Uint32Array(1))[0],
  };
}

export const stopsOf = ({ stop }: { stop?: string | string[] | null | undefined }) =>
  typeof stop === "string" ? [stop] : stop ?? [];

/**
 * Starts `n` answers to each prompt; answers to the same prompt are adjacent. The first has the request's seed, so it
 * is the same as with n = 1.
 * @throws {ApiError} if too many requests wait; then none of the answers is generated
 */
export function startAnswers(
  model: LanguageModel,
  prompts: readonly EncodedPrompt[],
  writing: Writing,
  around: Surroundings,
): Generation[] {
  try {
    return prompts.flatMap((prompt) =>
      Array.from({ length: writing.n }, (_, i) => {
        const seed = i === 0 ? writing.seed : deriveSeed(writing.seed, "choice", i);
        // -1 asks for as many tokens as the context has room for.
        const room = model.decoder.config.context - prompt.ids.length;
        const maxNewTokens = writing.maxNewTokens === -1 ? room : writing.maxNewTokens;
        return start(model, prompt, { ...writing, seed, maxNewTokens }, around);
      })
    );
  } catch (error) {
    around.deadline.end();
    if (!(error instanceof QueueFullError)) throw error;
    throw new ApiError(429, "too many requests wait; try again in a moment");
  }
}

function start(
  model: LanguageModel,
  prompt: EncodedPrompt,
  writing: Writing,
  { deadline: { signal }, metrics }: Surroundings,
): Generation {
  const asked = performance.now();
  const ids = [...prompt.ids];
  let first = 0, last = 0, cached = 0;
  const tokens = model.batcher.generate(prompt.ids, {
    ...writing,
    signal,
    adapter: model.decoder.adapter,
    stop: model.tokenizer.special.eos,
    onCached(tokens) {
      cached = tokens;
      metrics.cached.inc(tokens);
    },
  });
  metrics.tokens.inc({ kind: "prompt" }, ids.length);
  const count = ({ id }: GeneratedToken) => {
    ids.push(id);
    last = performance.now();
    if (first === 0) {
      first = last;
      metrics.firstToken.observe((first - asked) / 1000);
    }
    metrics.tokens.inc({ kind: "completion" });
  };
  const made = () => ids.length - prompt.ids.length;
  return {
    prompt,
    pieces: () => textPieces(tokens, model.tokenizer, { ...writing, seen: count }),
    made,
    cached: () => cached,
    trace: () => ({
      source: "model",
      ids,
      tokens: ids.map((id) => model.tokenizer.label(id)),
      prompt: prompt.ids.length,
      truncated: prompt.truncated,
      context: model.decoder.config.context,
      seed: writing.seed,
      first_token_ms: first ? Number((first - asked).toFixed(1)) : null,
      tokens_per_s: made() > 1 ? Math.round((made() - 1) / Math.max(1e-3, last - first) * 1000) : null,
    }),
  };
}

/** An answer that was not generated. */
export function fixedAnswer(text: string, model: LanguageModel): Generation {
  return {
    prompt: { ids: new Uint32Array(), truncated: false },
    async *pieces() {
      yield { text, tokens: [] };
      return "stop";
    },
    made: () => 0,
    cached: () => 0,
    trace: () => ({
      source: "faq",
      ids: [],
      tokens: [],
      prompt: 0,
      truncated: false,
      context: model.decoder.config.context,
      seed: null,
      first_token_ms: null,
      tokens_per_s: null,
    }),
  };
}

/** Tokens read and written by a request; a prompt counts once, however many answers it has. */
export function usageOfAll(generations: readonly Generation[]): Usage {
  // Answers to the same prompt are adjacent; only the first one's prompt counts.
  const read = generations.filter(({ prompt }, i) => prompt !== generations[i - 1]?.prompt);
  return usageOf(
    read.reduce((sum, { prompt }) => sum + prompt.ids.length, 0),
    generations.reduce((sum, generation) => sum + generation.made(), 0),
    read.reduce((sum, generation) => sum + generation.cached(), 0),
  );
}

/** An event of the answer with this index: a piece of text, or its end. */
export type Progress =
  & { readonly index: number }
  & ({ readonly piece: Piece } | { readonly finish: FinishReason });

async function* progressOf(
  generation: Generation,
  index: number,
  deadline: Deadline,
): AsyncGenerator<Progress> {
  const pieces = generation.pieces();
  let next = await pieces.next();
  for (; !next.done; next = await pieces.next()) yield { index, piece: next.value };
  if (next.value !== "aborted") return yield { index, finish: next.value };
  checkDeadline(deadline);
  yield { index, finish: "length" };
}

/**
 * The events of all answers, as they come.
 * @throws {ApiError} if the time limit is reached
 */
export function progressOfAll(
  generations: readonly Generation[],
  deadline: Deadline,
): AsyncIterable<Progress> {
  const each = generations.map((generation, index) => progressOf(generation, index, deadline));
  if (each.length === 1) return each[0];
  const all: AsyncIterable<Progress> & { add(one: AsyncIterable<Progress>): void } = new MuxAsyncIterator();
  each.forEach((one) => all.add(one));
  return all;
}

export interface Answer {
  readonly text: string;
  readonly tokens: readonly PlacedToken[];
  readonly finish: FinishReason;
}

/**
 * Waits for all answers to be complete.
 * @throws {ApiError} if the time limit is reached
 */
export async function collectAll(generations: readonly Generation[], deadline: Deadline): Promise<Answer[]> {
  const answers = generations.map(() => ({
    text: "",
    tokens: [] as PlacedToken[],
    finish: "length" as FinishReason,
  }));
  try {
    for await (const { index, ...step } of progressOfAll(generations, deadline)) {
      const answer = answers[index];
      if ("finish" in step) answer.finish = step.finish;
      else {
        answer.text += step.piece.text;
        answer.tokens.push(...step.piece.tokens);
      }
    }
  } finally {
    deadline.end();
  }
  return answers;
}
