/** Scores sequences: how probable a model finds their tokens. */
import type { Batch } from "../data/batches.ts";
import { letOthersIn } from "../event_loop.ts";
import type { Decoder } from "../model/decoder.ts";
import { IGNORED, tokenLosses } from "../ops/cross_entropy.ts";
import { scope } from "../tensor/tensor.ts";
import { type Candidate, candidates } from "./sample.ts";

/** Tokens per pass: their logits are in memory together. */
const PASS = 64;
/** Tokens per pass when sequences are scored side by side, padding included. */
const BATCH = 1024;

export interface TokenScore {
  /** Natural logarithm of the token's probability given those before it. */
  readonly logprob: number;
  /** The most probable tokens at this position. */
  readonly alternatives: readonly Candidate[];
}

/**
 * Scores the tokens of a sequence, except the first, which nothing precedes. Between passes the event loop runs.
 * @param ids at most as many as the context holds
 * @param alternatives how many of the most probable tokens to report with each token
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

/**
 * The sum of the log-probabilities of each sequence's tokens, except the first, which nothing precedes. If a sequence
 * is longer than the context, each later token is scored after at least half a context. Sequences of similar length
 * share a pass.
 * @param onProgress called after every pass, with the share that is done, in [0, 1]
 */
export async function scoreSequences(
  model: Decoder,
  sequences: readonly Uint32Array[],
  onProgress: (share: number) => void,
): Promise<Float64Array> {
  const { device } = model.parameters;
  const logprobs = new Float64Array(sequences.length);
  const all = sequences.flatMap((ids, sequence) => windows(ids, sequence, model.config.context));
  all.sort((a, b) => a.ids.length - b.ids.length);
  for (let from = 0, rows = 0; from < all.length; from += rows) {
    rows = rowsThatFit(all.slice(from));
    const batch = all.slice(from, from + rows);
    const { tokens, targets } = sideBySide(batch);
    const losses = await scope(() => device.read(tokenLosses(model.logits(tokens), targets).buffer));
    losses.forEach((loss, i) => logprobs[batch[Math.floor(i / tokens.time)].sequence] -= loss);
    onProgress((from + rows) / all.length);
    await letOthersIn();
  }
  return logprobs;
}

/** A part of a sequence that fits into the context. */
interface Window {
  /** The index of the sequence. */
  readonly sequence: number;
  readonly ids: Uint32Array;
  /** The token that follows each id; IGNORED where another window scores it. */
  readonly targets: Uint32Array;
}

function windows(ids: Uint32Array, sequence: number, context: number): Window[] {
  const made: Window[] = [];
  const stride = Math.ceil(context / 2);
  for (let from = 0, scored = 0; scored < ids.length - 1; from += stride) {
    const end = Math.min(from + context, ids.length - 1);
    const targets = ids.slice(from + 1, end + 1).fill(IGNORED, 0, scored - from);
    made.push({ sequence, ids: ids.subarray(from, end), targets });
    scored = end;
  }
  return made;
}

/** How many windows, the shortest first, fit into one pass. */
function rowsThatFit(all: readonly Window[]): number {
  let rows = 1;
  while (rows < all.length && (rows + 1) * all[rows].ids.length <= BATCH) rows++;
  return rows;
}

/** Batches windows, padded on the right. */
function sideBySide(batch: readonly Window[]): Batch {
  const time = Math.max(...batch.map(({ ids }) => ids.length));
  const ids = new Uint32Array(batch.length * time);
  const targets = new Uint32Array(ids.length).fill(IGNORED);
  batch.forEach((window, row) => {
    ids.set(window.ids, row * time);
    targets.set(window.targets, row * time);
  });
  return { tokens: { ids, batch: batch.length, time }, targets };
}
