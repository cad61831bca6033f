/** How generated tokens look on the wire: events, and log-probabilities in both of OpenAI's shapes. */
import type { Context } from "hono";
import type { GeneratedToken } from "../generate/batch.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/**
 * A response of events, taken from the generator as fast as the client reads. Hono's helper does the same
 * through more streams, which costs a small model half of its speed.
 * @param left aborted when the client leaves
 */
export function serverSentEvents(
  c: Context,
  left: AbortController,
  events: () => AsyncGenerator<unknown>,
): Response {
  const encoder = new TextEncoder();
  async function* encoded() {
    try {
      for await (const event of events()) {
        const data = typeof event === "string" ? event : JSON.stringify(event);
        yield encoder.encode(`data: ${data}\n\n`);
      }
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
