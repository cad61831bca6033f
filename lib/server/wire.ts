/** How answers look on the wire: events, and log-probabilities in both of OpenAI's shapes. */
import type { Context } from "hono";
import type { Candidate } from "../generate/sample.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { ApiError, apiErrorOf } from "./errors.ts";
import type { Deadline } from "./services.ts";
import type { PlacedToken } from "./stream.ts";

const encoder = new TextEncoder();

export interface ServerSentEvent {
  /** Its name, if it has one. */
  readonly event?: string;
  readonly data: unknown;
}

const encodeEvent = ({ event, data }: ServerSentEvent) =>
  encoder.encode(
    `${event ? `event: ${event}\n` : ""}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`,
  );

/**
 * A response of events, taken from the generator as fast as the client reads. Hono's helper does the same
 * through more streams, which costs a small model half of its speed.
 * @param deadline ends with the response, and when the client leaves
 * @param failed the last event if the generator fails
 */
export function serverSentEvents(
  c: Context,
  deadline: Deadline,
  events: () => AsyncGenerator<ServerSentEvent>,
  failed: (error: ApiError) => ServerSentEvent = (error) => ({ data: error.body() }),
) {
  async function* encoded() {
    try {
      for await (const event of events()) yield encodeEvent(event);
    } catch (error) {
      yield encodeEvent(failed(apiErrorOf(error)));
    } finally {
      deadline.end();
    }
  }
  return c.body(ReadableStream.from(encoded()), 200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
  });
}

/** The log-probabilities of an answer's tokens, as conversations have them. */
export function tokenLogprobs(tokens: readonly PlacedToken[], tokenizer: Tokenizer) {
  const entry = ({ id, logprob }: { id: number; logprob?: number }) => {
    const token = tokenizer.label(id), spelled = tokenizer.bytes(id);
    // A special token spells nothing; its name does.
    const bytes = [...spelled.length > 0 ? spelled : encoder.encode(token)];
    return { token, logprob: logprob ?? 0, bytes };
  };
  return tokens.map((token) => ({ ...entry(token), top_logprobs: (token.alternatives ?? []).map(entry) }));
}

/** A token of a text. The first of all has no probability. */
export interface ScoredToken extends Pick<PlacedToken, "id" | "offset"> {
  readonly logprob?: number | null;
  readonly alternatives?: readonly Candidate[] | null;
}

/**
 * The same as completions have them.
 * @param text what the tokens' offsets count UTF-16 units of; on the wire they count characters, as OpenAI's do
 */
export function completionLogprobs(tokens: readonly ScoredToken[], tokenizer: Tokenizer, text: string) {
  const top = (alternatives: readonly Candidate[]) =>
    Object.fromEntries(alternatives.map(({ id, logprob }) => [tokenizer.label(id), logprob]));
  return {
    tokens: tokens.map(({ id }) => tokenizer.label(id)),
    token_logprobs: tokens.map(({ logprob }) => logprob ?? null),
    top_logprobs: tokens.map(({ alternatives }) => alternatives ? top(alternatives) : null),
    text_offset: tokens.map(({ offset }) => [...text.slice(0, offset)].length),
  };
}
