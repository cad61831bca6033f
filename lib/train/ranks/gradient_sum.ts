/**
 * Adding up the gradients of all ranks while the backward pass goes on: as in PyTorch's distributed training (Li et al.,
 * arXiv:2006.15704), the gradients lie in buckets, and a bucket is added up from the moment when its last gradient is
 * complete.
 *
 * Where gradients lie in this process's memory (cpu), they are added up in place. From a GPU a bucket is fetched as soon as
 * it has got so far, while it computes the next one's, and a thread adds it up.
 */
import type { Milestone } from "../../device/device.ts";
import type { Parameters, ParameterSpec } from "../../model/parameters.ts";
import type { Parameter } from "../../tensor/tensor.ts";
import type { Gradients } from "../step.ts";
import type { Ranks } from "../../ranks/ranks.ts";

/** Floats of a bucket: fewer cost a message each, more begin later. A parameter is never cut. */
export const BUCKET = 2 ** 18;

/** On a GPU, from which Deno takes 10 ms to fetch anything: floats of a bucket at least, and buckets, roughly, at most. */
const FETCHED = { bucket: 2 ** 22, most: 8 } as const;

/** Floats of a bucket on a GPU. @param n floats of all gradients */
export const fetchedBucket = (n: number): number => Math.max(FETCHED.bucket, Math.ceil(n / FETCHED.most));

/** A range of the arena, in floats. */
interface Bucket {
  readonly specs: readonly ParameterSpec[];
  readonly start: number;
  readonly end: number;
}

export class GradientSum {
  readonly #ranks: Ranks;
  readonly #parameters: Parameters;
  /** In the order in which they are added up, which must be the same on all ranks. */
  readonly #buckets: readonly Bucket[];
  /** For each parameter, the number of its bucket. */
  readonly #of = new Map<string, number>();
  /** For each bucket, how many of its gradients are not complete yet. */
  readonly #missing: number[];
  /** Buckets that are being added up. */
  #begun = 0;
  #waits: (() => void)[] = [];
  /** On a GPU: where the queued work has completed which of the buckets that were begun. */
  #completed: { readonly milestone: Milestone; readonly buckets: readonly Bucket[] }[] = [];
  #waited = 0;

  /** @param bucket floats of a bucket at most, unless a single parameter has more */
  constructor(ranks: Ranks, parameters: Parameters, bucket = bucketFor(parameters)) {
    this.#ranks = ranks;
    this.#parameters = parameters;
    this.#buckets = bucketsOf(parameters, bucket);
    this.#buckets.forEach(({ specs }, i) => specs.forEach(({ name }) => this.#of.set(name, i)));
    this.#missing = this.#buckets.map(({ specs }) => specs.length);
  }

  /** Told each parameter whose gradient is complete: nothing is added to it any more in this step. */
  readonly complete = ({ name }: Parameter): void => {
    const bucket = this.#of.get(name);
    if (bucket === undefined) return;
    this.#missing[bucket]--;
    let end = this.#begun;
    while (this.#missing[end] === 0) end++;
    this.#beginUntil(end);
    this.#ranks.advance();
  };

  /** Milliseconds of the last step in which nothing else was done than to wait for sums. */
  get waited(): number {
    return this.#waited;
  }

  /** Begins all buckets before that one. */
  #beginUntil(bucket: number): void {
    if (bucket === this.#begun) return;
    const { device, gradients } = this.#parameters;
    const all = device.view(gradients.buffer);
    const buckets = this.#buckets.slice(this.#begun, bucket);
    this.#begun = bucket;
    if (!all) return void this.#completed.push({ milestone: device.milestone(), buckets });
    for (const { start, end } of buckets) this.#waits.push(this.#ranks.beginSum(all.subarray(start, end)));
  }

  /**
   * Waits until all gradients are added up, also those that the loss does not depend on, and adds up the loss.
   * @param own what this rank's part of the step has left
   * @returns what the whole step leaves
   */
  async finish(own: Gradients): Promise<Pick<Gradients, "loss">> {
    this.#beginUntil(this.#buckets.length);
    const { sums, ...rest } = await this.#fetch(own);
    const loss = Float64Array.of(await rest.loss);
    const started = performance.now();
    for (const wait of this.#waits) wait();
    await Promise.all(sums);
    this.#ranks.sum(loss);
    this.#waited = performance.now() - started;
    this.#waits = [];
    this.#begun = 0;
    this.#buckets.forEach(({ specs }, i) => this.#missing[i] = specs.length);
    return { loss: () => Promise.resolve(loss[0]) };
  }

  /**
   * Fetches buckets from a GPU, one after another so that the memory to fetch one does for the next, and begins their sums,
   * each of which is written back at its end; and asks for the loss.
   */
  async #fetch(own: Gradients): Promise<{ readonly sums: Promise<void>[]; readonly loss: Promise<number> }> {
    const { device, gradients } = this.#parameters;
    const sums: Promise<void>[] = [];
    const completed = this.#completed.splice(0), last = completed.at(-1);
    let loss: Promise<number> | undefined;
    for (const { milestone, buckets } of completed) {
      const buffers = buckets.map(({ start, end }) =>
        device.slice(gradients.buffer, 4 * start, 4 * (end - start))
      );
      // Those that are complete at once, as the last two are, and the loss with them: Deno sleeps once for all.
      const reading = Promise.all(buffers.map((buffer) => milestone.read(buffer)));
      if (milestone === last?.milestone) {
        loss = own.loss();
        loss.catch(() => {}); // it is told when all are fetched, as what the sums throw
      }
      for (const [i, values] of (await reading).entries()) {
        const sum = this.#ranks.sumAside(values).then(() => milestone.write(buffers[i], values));
        sum.catch(() => {});
        sums.push(sum);
      }
    }
    return { sums, loss: loss ?? own.loss() };
  }
}

function bucketFor({ device, gradients, trainedEnd }: Parameters): number {
  return device.view(gradients.buffer) ? BUCKET : fetchedBucket(trainedEnd);
}

/**
 * The arena in buckets. The backward pass completes gradients from the last block to the first, in each of the two parts
 * of the arena, matrices and vectors; those of the embeddings, which lie first, at the end.
 */
function bucketsOf(parameters: Parameters, most: number): Bucket[] {
  const buckets: Bucket[] = [];
  for (const spec of parameters.specs.toReversed()) {
    const { start, end } = parameters.range(spec);
    if (start >= parameters.trainedEnd) continue;
    const last = buckets.at(-1);
    const isVector = spec.role === "vector";
    const joins = last && last.end - start <= most && (last.specs[0].role === "vector") === isVector;
    if (joins) buckets[buckets.length - 1] = { specs: [...last.specs, spec], start, end: last.end };
    else buckets.push({ specs: [spec], start, end });
  }
  const vectors = (bucket: Bucket) => Number(bucket.specs[0].role === "vector");
  return buckets.sort((a, b) => vectors(a) - vectors(b));
}
