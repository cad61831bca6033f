/** Turns a model's tokens into text to show. Stop texts are cut off, and not even a part of one is shown. */
import type { FinishReason, GeneratedToken } from "../generate/batch.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

export interface PlacedToken extends GeneratedToken {
  /** Where its text begins, in UTF-16 units from the start of the answer. */
  readonly offset: number;
}

export interface Piece {
  /** Text that is certain; a possible beginning of a stop text is held back until more text comes. */
  readonly text: string;
  /** The tokens that begin in it. */
  readonly tokens: readonly PlacedToken[];
}

/** Length of the longest end of a text that may be the beginning of a stop text. */
function heldLength(text: string, stops: readonly string[]): number {
  const longest = Math.max(0, ...stops.map((stop) => stop.length - 1));
  for (let n = Math.min(longest, text.length); n > 0; n--) {
    if (stops.some((stop) => n < stop.length && stop.startsWith(text.slice(-n)))) return n;
  }
  return 0;
}

/**
 * Yields pieces of text, and returns why they end. Tokens of a stop text are left out.
 * @param options.stops texts that end the answer and are not part of it
 * @param options.trimmed whether spaces before the first word are left out
 * @param options.seen called with each token as it comes
 */
export async function* textPieces(
  tokens: AsyncGenerator<GeneratedToken, FinishReason>,
  tokenizer: Tokenizer,
  { stops, trimmed, seen = () => {} }: {
    stops: readonly string[];
    trimmed: boolean;
    seen?: (token: GeneratedToken) => void;
  },
): AsyncGenerator<Piece, FinishReason> {
  /** Text that is held back, and where it begins in the answer. */
  let held = "", start = 0, started = !trimmed;
  let waiting: PlacedToken[] = [];
  const release = (length: number, last = false): Piece => {
    const text = held.slice(0, length);
    held = held.slice(length);
    start += length;
    const out = waiting.filter(({ offset }) => offset < start || last);
    waiting = waiting.slice(out.length);
    return { text, tokens: out };
  };
  const decoder = tokenizer.decoder();
  try {
    for (;;) {
      const next = await tokens.next();
      if (next.done) {
        held += decoder.end();
        if (held || waiting.length > 0) yield release(held.length, true);
        return next.value;
      }
      seen(next.value);
      waiting.push({ ...next.value, offset: start + held.length });
      held += decoder.push(next.value.id);
      if (!started) held = held.trimStart();
      started ||= held !== "";
      const at = Math.min(...stops.map((stop) => held.indexOf(stop)).filter((i) => i >= 0));
      if (Number.isFinite(at)) {
        if (at > 0) yield release(at);
        return "stop";
      }
      const length = held.length - heldLength(held, stops);
      if (length > 0) yield release(length);
    }
  } finally {
    await tokens.return("aborted");
  }
}
