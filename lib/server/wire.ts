/** How generated tokens look on the wire: events, and log-probabilities in both of OpenAI's shapes. */
import type { Context } from "hono";
import type { GeneratedToken } from "../generate/batch.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { ApiError, apiErrorOf } from "./errors.ts";
import { type FinishReason, type Generation, reasonOf } from "./generation.ts";
import type { Usage } from "./schemas/common.ts";
import type { Piece } from "./stream.ts";

const encoder = new TextEncoder();
const encodeEvent = (event: unknown) =>
  encoder.encode(`data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`);

/**
 * A response of events, taken from the generator as fast as the client reads. Hono's helper does the same
 * through more streams, which costs a small model half of its speed. If the generator fails, the last event says so.
 * @param left aborted when the client leaves
 */
export function serverSentEvents(
  c: Context,
  left: AbortController,
  events: () => AsyncGenerator<unknown>,
): Response {
  async function* encoded() {
    try {
      for await (const event of events()) yield encodeEvent(event);
    } catch (error) {
      yield encodeEvent(apiErrorOf(error).body());
    } finally {
      left.abort();
    }
  }
  return c.body(ReadableStream.from(encoded()), 200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
  });
}

/**
 * The events of a generation: one a piece (null leaves a piece out), one at its end, the usage if it was
 * asked for, and `[DONE]`.
 * @throws {ApiError} if the time limit was reached
 */
export async function* streamed(generation: Generation, late: AbortSignal, shape: {
  piece(piece: Piece): unknown;
  end(finish: FinishReason): unknown;
  usage: ((usage: Usage) => unknown) | undefined;
}): AsyncGenerator<unknown> {
  const pieces = generation.pieces();
  let next = await pieces.next();
  for (; !next.done; next = await pieces.next()) {
    const event = shape.piece(next.value);
    if (event !== null) yield event;
  }
  if (late.aborted && next.value === "aborted") {
    throw new ApiError(504, "the time limit was reached");
  }
  yield shape.end(reasonOf(next.value));
  if (shape.usage) yield shape.usage(generation.usage());
  yield "[DONE]";
}

const named = (tokenizer: Tokenizer, id: number) => tokenizer.decode([id], { special: true });

export function logprobOf({ id, logprob, alternatives }: GeneratedToken, tokenizer: Tokenizer) {
  const entry = (token: string, logprob: number) => ({
    token,
    logprob,
    bytes: [...new TextEncoder().encode(token)],
  });
  return {
    ...entry(named(tokenizer, id), logprob ?? 0),
    top_logprobs: (alternatives ?? []).map((other) => entry(named(tokenizer, other.id), other.logprob)),
  };
}

export function completionLogprobs(tokens: readonly GeneratedToken[], tokenizer: Tokenizer) {
  return {
    tokens: tokens.map(({ id }) => named(tokenizer, id)),
    token_logprobs: tokens.map(({ logprob }) => logprob ?? 0),
    top_logprobs: tokens.map(({ alternatives }) =>
      Object.fromEntries((alternatives ?? []).map(({ id, logprob }) => [named(tokenizer, id), logprob]))
    ),
    text_offset: [],
  };
}
