/**
 * Sequences that teach only copying: uniformly random tokens in which earlier spans are repeated. A model that can
 * continue such a span can also continue a name that it has never met.
 */
import { IGNORED } from "../ops/cross_entropy.ts";
import { deriveSeed, uniform } from "../tensor/random.ts";
import type { Batch } from "./batches.ts";

/** Most tokens of a repeated span, and of the random tokens between two of them. */
const AGAIN = 24, BETWEEN = 12;

export interface Copying {
  /** Steps at the start in which every sequence is a copying sequence. */
  readonly steps: number;
  /** Share of copying sequences in later steps. */
  readonly share: number;
}

/** Identifies a micro-batch. */
interface Place {
  readonly step: number;
  /** Number of the micro-batch, counted over all steps. */
  readonly index: number;
  readonly seed: number;
  /** Size of the vocabulary. */
  readonly vocab: number;
}

/** Replaces some of a batch's sequences with copying sequences. */
export function addCopying(
  { tokens: { ids, batch, time }, targets }: Batch,
  { steps, share }: Copying,
  { step, index, seed, vocab }: Place,
): void {
  for (let row = 0; row < batch; row++) {
    const own = deriveSeed(seed, "copying", index, row);
    if (step > steps && uniform(own, 0) >= share) continue;
    const { sequence, learned } = copyingSequence(time + 1, vocab, own);
    ids.set(sequence.subarray(0, time), row * time);
    for (let t = 0; t < time; t++) targets[row * time + t] = learned[t + 1] ? sequence[t + 1] : IGNORED;
  }
}

/** A sequence, and which of its tokens can be predicted: all of a repeated span but the first. */
function copyingSequence(length: number, vocab: number, seed: number) {
  const sequence = new Uint32Array(length), learned = new Uint8Array(length);
  let drawn = 1;
  const below = (n: number) => Math.floor(uniform(seed, drawn++) * n);
  let at = 0;
  while (at < length) {
    for (let n = 1 + below(BETWEEN); n > 0 && at < length; n--) sequence[at++] = below(vocab);
    let from = below(at);
    for (let n = 0, span = 2 + below(AGAIN - 1); n < span && at < length; n++) {
      learned[at] = Number(n > 0);
      sequence[at++] = sequence[from++];
    }
  }
  return { sequence, learned };
}
