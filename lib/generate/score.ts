/** How probable a model finds a sequence. */
import { letOthersIn } from "../event_loop.ts";
import type { Decoder } from "../model/decoder.ts";
import { scope } from "../tensor/tensor.ts";
import { type Candidate, candidates } from "./sample.ts";

/** Tokens of one pass: their logits are in memory together. */
const PASS = 64;

export interface TokenScore {
  /** Natural logarithm of the token's probability after those before it. */
  readonly logprob: number;
  /** The most probable tokens there. */
  readonly alternatives: readonly Candidate[];
}

/**
 * Scores the tokens of a sequence, but for the first, which nothing precedes. Between passes the event loop runs.
 * @param ids at most as many as the context holds
 * @param alternatives how many of the most probable tokens to tell with each
 */
export async function scoreTokens(
  model: Decoder,
  ids: Uint32Array,
  alternatives: number,
): Promise<TokenScore[]> {
  const { vocab } = model.config;
  const { device } = model.parameters;
  const cache = model.cache(1);
  const scores: TokenScore[] = [];
  try {
    for (let from = 0; from < ids.length - 1; from += PASS) {
      const part = ids.slice(from, Math.min(from + PASS, ids.length - 1));
      const tokens = { ids: part, batch: 1, time: part.length };
      const logits = await scope(() => device.read(model.logits(tokens, cache, [0]).buffer));
      for (let i = 0; i < part.length; i++) {
        const row = logits.subarray(i * vocab, (i + 1) * vocab);
        const { own, top } = candidates(row, ids[from + i + 1], alternatives);
        scores.push({ logprob: own.logprob, alternatives: top });
      }
      await letOthersIn();
    }
  } finally {
    model.releaseCache(cache);
  }
  return scores;
}
