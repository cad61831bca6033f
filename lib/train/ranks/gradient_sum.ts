/**
 * Adds up the gradients of all ranks while the backward pass is still running, as PyTorch's distributed training does
 * (Li et al., arXiv:2006.15704): gradients are grouped in buckets, and the sum of a bucket begins as soon as its last
 * gradient is complete.
 *
 * On the cpu device, gradients lie in this process's memory and are added up in place. On a GPU, a complete bucket is
 * fetched while the GPU computes the next one, and a thread adds it up.
 */
import type { Milestone } from "../../device/device.ts";
import type { Parameters, ParameterSpec } from "../../model/parameters.ts";
import type { Parameter } from "../../tensor/tensor.ts";
import type { Gradients } from "../step.ts";
import type { Ranks } from "../../ranks/ranks.ts";

/** Floats in a bucket: smaller buckets cost more messages, larger ones start later. Parameters are never split. */
export const BUCKET = 2 ** 18;

/** On a GPU, where Deno takes 10 ms to fetch anything: the fewest floats per bucket, and roughly the most buckets. */
const FETCHED = { bucket: 2 ** 22, most: 8 } as const;

/** Floats in a bucket on a GPU. @param n floats of all gradients */
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
  /** In the order in which they are summed, which must be the same on all ranks. */
  readonly #buckets: readonly Bucket[];
  /** The index of each parameter's bucket. */
  readonly #of = new Map<string, number>();
  /** For each bucket, how many gradients are still incomplete. */
  readonly #missing: number[];
  /** The number of buckets whose sums have begun. */
  #begun = 0;
  #waits: (() => void)[] = [];
  /** On a GPU: milestones in the queued work, each with the buckets that are complete when it is reached. */
  #completed: { readonly milestone: Milestone; readonly buckets: readonly Bucket[] }[] = [];

  /** @param bucket the most floats in a bucket, unless a single parameter has more */
  constructor(ranks: Ranks, parameters: Parameters, bucket = bucketFor(parameters)) {
    this.#ranks = ranks;
    this.#parameters = parameters;
    this.#buckets = bucketsOf(parameters, bucket);
    this.#buckets.forEach(({ specs }, i) => specs.forEach(({ name }) => this.#of.set(name, i)));
    this.#missing = this.#buckets.map(({ specs }) => specs.length);
  }

  /** Called with each parameter once its gradient is complete: nothing more is added to it in this step. */
  readonly complete = ({ name }: Pick<Parameter, "name">): void => {
    const bucket = this.#of.get(name);
    if (bucket === undefined) return;
    this.#missing[bucket]--;
    let end = this.#begun;
    while (this.#missing[end] === 0) end++;
    this.#beginUntil(end);
    this.#ranks.advance();
  };

  /** Begins the sums of all buckets before the given index. */
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
   * Waits until all gradients are summed, including those that the loss does not depend on, and sums the loss.
   * @param own the results of this rank's part of the step
   * @returns the loss of the whole step
   */
  async finish(own: Gradients): Promise<Pick<Gradients, "loss">> {
    this.#beginUntil(this.#buckets.length);
    const { sums, ...rest } = await this.#fetch(own);
    const loss = Float64Array.of(await rest.loss);
    for (const wait of this.#waits) wait();
    await Promise.all(sums);
    this.#ranks.sum(loss);
    this.#waits = [];
    this.#begun = 0;
    this.#buckets.forEach(({ specs }, i) => this.#missing[i] = specs.length);
    return { loss: () => Promise.resolve(loss[0]) };
  }

  /**
   * Fetches complete buckets from a GPU, one milestone after another so that they can share memory, and begins their
   * sums. Each sum is written back when it is done. Also asks for the loss.
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
      // Buckets that complete together, such as the last two, and the loss are fetched together: Deno sleeps only once.
      const reading = Promise.all(buffers.map((buffer) => milestone.read(buffer)));
      if (milestone === last?.milestone) {
        loss = own.loss();
        loss.catch(() => {}); // the error is thrown once everything is fetched, like those of the sums
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
 * Groups the arena in buckets. In each of its two parts, matrices and vectors, the backward pass completes gradients
 * from the last block to the first. The embeddings, at the start of the arena, come last.
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
