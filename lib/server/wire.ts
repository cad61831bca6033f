/** The wire format of answers: events, and log-probabilities in both of OpenAI's formats. */
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
 * A response of server-sent events, taken from the generator as fast as the client reads. Hono's helper does the
 * same through more streams, which halves the speed of a small model.
 * @param deadline is ended with the response, and when the client leaves
 * @param failed gives the last event if the generator fails
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

/** The log-probabilities of an answer's tokens, in the format of chat completions. */
export function tokenLogprobs(tokens: readonly PlacedToken[], tokenizer: Tokenizer) {
  const entry = ({ id, logprob }: { id: number; logprob?: number }) => {
    const token = tokenizer.label(id), spelled = tokenizer.bytes(id);
    // A special token has no bytes; use those of its name.
    const bytes = [...spelled.length > 0 ? spelled : encoder.encode(token)];
    return { token, logprob: logprob ?? 0, bytes };
  };
  return tokens.map((token) => ({ ...entry(token), top_logprobs: (token.alternatives ?? []).map(entry) }));
}

/** A token of a text; the very first one has no probability. */
export interface ScoredToken extends Pick<PlacedToken, "id" | "offset"> {
  readonly logprob?: number | null;
  readonly alternatives?: readonly Candidate[] | null;
}

/**
 * The same in the format of completions.
 * @param text that the tokens' offsets refer to, in UTF-16 units; on the wire they are in characters, as OpenAI's are
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
