/** Batches of a token stream. A batch is a function of (seed, step): resuming needs no other state. */
import type { Tokens } from "../model/decoder.ts";
import { IGNORED } from "../ops/cross_entropy.ts";
import { uniform } from "../tensor/random.ts";

export interface Batch {
  readonly tokens: Tokens;
  /** The token after each one, (B·T); IGNORED where none is to be learned. */
  readonly targets: Uint32Array;
}

/** B windows of T tokens that start at `starts`, with the tokens after them as targets. */
function windows(stream: Uint32Array, starts: readonly number[], time: number): Batch {
  const ids = new Uint32Array(starts.length * time);
  const targets = new Uint32Array(starts.length * time).fill(IGNORED);
  starts.forEach((start, row) => {
    ids.set(stream.subarray(start, start + time), row * time);
    targets.set(stream.subarray(start + 1, start + 1 + time), row * time);
  });
  return { tokens: { ids, batch: starts.length, time }, targets };
}

/** Windows at random places, for one micro-batch of one step. */
export function trainingBatch(
  stream: Uint32Array,
  { batch, time, seed, step }: { batch: number; time: number; seed: number; step: number },
): Batch {
  const places = stream.length - time; // starts whose last target is inside
  const start = (row: number) => Math.floor(uniform(seed, step * batch + row) * places);
  return windows(stream, Array.from({ length: batch }, (_, row) => start(row)), time);
}

/**
 * The stream cut into consecutive windows, each token a target once; of more than `limit` batches, as
 * many spread evenly.
 */
export function validationBatches(
  stream: Uint32Array,
  { batch, time, limit }: { batch: number; time: number; limit: number },
): Batch[] {
  const starts: number[] = [];
  for (let at = 0; at + 1 < stream.length; at += time) starts.push(at);
  const batches: number[][] = [];
  for (let i = 0; i < starts.length; i += batch) batches.push(starts.slice(i, i + batch));
  const wanted = Math.min(limit, batches.length);
  return Array.from({ length: wanted }, (_, i) => {
    return windows(stream, batches[Math.floor(i * batches.length / wanted)], time);
  });
}
