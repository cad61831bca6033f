import { deriveSeed, uniform } from "../../tensor/random.ts";

/** A sequence of random draws from a seed: equal seeds give equal draws on every machine. */
export class Random {
  #drawn = 0;

  constructor(readonly seed: number) {}

  /** Draws for one purpose, such as ("stories", 17), independent of those for other purposes. */
  static of(seed: number, ...path: (string | number)[]): Random {
    return new Random(deriveSeed(seed, ...path));
  }

  /** Uniform in [0, 1). */
  next(): number {
    return uniform(this.seed, this.#drawn++);
  }

  /** An integer from 0 to n - 1. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** An integer from low to high, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of a list; throws RangeError for an empty one. */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError("nothing to pick from");
    return list[this.below(list.length)];
  }

  /** One of [value, weight]; weights are at least 0 and need not add up to 1. */
  weighted<T>(choices: readonly (readonly [T, number])[]): T {
    let sum = 0;
    for (let i = 0; i < choices.length; i++) sum += choices[i][1];
    let left = this.next() * sum;
    for (let i = 0; i < choices.length; i++) if ((left -= choices[i][1]) < 0) return choices[i][0];
    return choices[choices.length - 1][0];
  }

  /** The list in random order, in a new array. */
  shuffle<T>(list: readonly T[]): T[] {
    const out = list.slice();
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const other = out[i];
      out[i] = out[j];
      out[j] = other;
    }
    return out;
  }

  /** Up to n different members of a list, in random order. */
  sample<T>(list: readonly T[], n: number): T[] {
    return this.shuffle(list).slice(0, n);
  }
}
