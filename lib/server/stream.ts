/** A model's tokens as text that can be shown: stop texts are cut off, and never half shown. */
import type { FinishReason, GeneratedToken } from "../generate/batch.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

export interface Piece {
  /** Text that is now certain; empty while a stop text may be beginning. */
  readonly text: string;
  /** The token that was made; absent in a last piece that only releases held text. */
  readonly token?: GeneratedToken;
}

/**
 * Yields pieces of text, and returns why they end. Spaces before the first word are left out.
 * @param stops texts that end the answer, and are no part of it
 */
export async function* textPieces(
  tokens: AsyncGenerator<GeneratedToken, FinishReason>,
  tokenizer: Tokenizer,
  stops: readonly string[],
): AsyncGenerator<Piece, FinishReason> {
  let held = "", started = false;
  const longest = Math.max(0, ...stops.map((stop) => stop.length)) - 1;
  try {
    for (;;) {
      const next = await tokens.next();
      if (next.done) {
        if (held) yield { text: held };
        return next.value;
      }
      held += tokenizer.decode([next.value.id]);
      if (!started) held = held.trimStart();
      started ||= held !== "";
      const at = Math.min(...stops.map((stop) => held.indexOf(stop)).filter((i) => i >= 0));
      if (Number.isFinite(at)) {
        yield { text: held.slice(0, at), token: next.value };
        return "stop";
      }
      // What could be the start of a stop text waits for what follows.
      const keep = Math.max(
        0,
        ...Array.from({ length: longest }, (_, i) => i + 1).filter((n) =>
          stops.some((stop) => stop.startsWith(held.slice(-n)) && n <= held.length)
        ),
      );
      const shown = held.slice(0, held.length - keep);
      held = held.slice(held.length - keep);
      yield { text: shown, token: next.value };
    }
  } finally {
    await tokens.return("aborted");
  }
}
