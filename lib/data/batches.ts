/** Batches of a token stream. A batch is a function of (seed, step): resuming needs no other state. */
import type { Tokens } from "../model/decoder.ts";
import { IGNORED } from "../ops/cross_entropy.ts";
import { uniform } from "../tensor/random.ts";
import type { TokenStream } from "./token_stream.ts";

export interface Batch {
  readonly tokens: Tokens;
  /** The next token at each position, (B·T); IGNORED where nothing is learned. */
  readonly targets: Uint32Array;
}

/** B windows of T tokens that start at `starts`, with the tokens after them as targets. */
function windows(stream: TokenStream, starts: readonly number[], time: number): Batch {
  const ids = new Uint32Array(starts.length * time);
  const targets = new Uint32Array(starts.length * time).fill(IGNORED);
  const row = new Uint32Array(time + 1);
  starts.forEach((start, n) => {
    const tokens = row.subarray(0, Math.min(row.length, stream.length - start));
    stream.read(start, tokens);
    ids.set(tokens.subarray(0, time), n * time);
    targets.set(tokens.subarray(1), n * time);
  });
  return { tokens: { ids, batch: starts.length, time }, targets };
}

/** Windows at random places, for one micro-batch of one step. */
export function trainingBatch(
  stream: TokenStream,
  { batch, time, seed, step }: { batch: number; time: number; seed: number; step: number },
): Batch {
  const places = stream.length - time; // starts whose last target is still inside the stream
  const start = (row: number) => Math.floor(uniform(seed, step * batch + row) * places);
  return windows(stream, Array.from({ length: batch }, (_, row) => start(row)), time);
}

/**
 * The stream cut into consecutive windows, so that each token is a target once. If that gives more than `limit`
 * batches, `limit` of them are taken, spread evenly.
 */
export function* validationBatches(
  stream: TokenStream,
  { batch, time, limit }: { batch: number; time: number; limit: number },
): Generator<Batch> {
  const rows = Math.ceil((stream.length - 1) / time), batches = Math.ceil(rows / batch);
  const wanted = Math.min(limit, batches);
  for (let i = 0; i < wanted; i++) {
    const first = batch * Math.floor(i * batches / wanted);
    const length = Math.min(batch, rows - first);
    yield windows(stream, Array.from({ length }, (_, row) => (first + row) * time), time);
  }
}
