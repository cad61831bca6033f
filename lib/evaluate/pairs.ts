/**
 * Minimal pairs (BLiMP, Warstadt et al., arXiv:1912.00582): a model is right about a pair if it finds the right
 * sentence more probable than the wrong one.
 */
import type { Pair } from "../data/pairs.ts";
import { scoreSequences } from "../generate/score.ts";
import type { Decoder } from "../model/decoder.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/** A pair with the log-probability of each sentence after `<bos>`, in nats. */
export interface ScoredPair extends Pair {
  readonly good_logprob: number;
  readonly bad_logprob: number;
}

export interface PairScore {
  readonly pairs: number;
  /** The share of pairs whose right sentence is the more probable one; guessing gets half. */
  readonly right: number;
}

export async function scorePairs(
  model: Decoder,
  tokenizer: Tokenizer,
  pairs: readonly Pair[],
  onProgress: (done: number) => void,
): Promise<ScoredPair[]> {
  const sequences = pairs.flatMap(({ good, bad }) =>
    [good, bad].map((sentence) => Uint32Array.of(tokenizer.special.bos, ...tokenizer.encode(sentence)))
  );
  const progress = (share: number) => onProgress(Math.floor(share * pairs.length));
  const logprobs = await scoreSequences(model, sequences, progress);
  return pairs.map((pair, i) => ({
    ...pair,
    good_logprob: logprobs[2 * i],
    bad_logprob: logprobs[2 * i + 1],
  }));
}

export const isRight = ({ good_logprob, bad_logprob }: ScoredPair): boolean => good_logprob > bad_logprob;

export function pairScore(pairs: readonly ScoredPair[]): PairScore {
  return { pairs: pairs.length, right: pairs.filter(isRight).length / pairs.length };
}

export function pairScores(pairs: readonly ScoredPair[]): Record<string, PairScore> {
  const phenomena = Map.groupBy(pairs, ({ phenomenon }) => phenomenon);
  return Object.fromEntries([...phenomena].map(([phenomenon, own]) => [phenomenon, pairScore(own)]));
}
