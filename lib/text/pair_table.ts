/** A map from pairs of ids to numbers, in typed arrays: a Map would need a new key object for each look-up. */
export class PairTable {
  /** Open addressing: slot i has its pair at 2i and 2i + 1, and its value at i; -1 marks an empty slot. */
  readonly #pairs: Int32Array;
  readonly #values: Int32Array;

  /** @param most the most pairs that will be set */
  constructor(most: number) {
    const slots = 2 ** Math.ceil(Math.log2(2 * most + 1));
    this.#pairs = new Int32Array(2 * slots).fill(-1);
    this.#values = new Int32Array(slots).fill(-1);
  }

  /** The slot of a pair, or the empty slot where it would go. */
  #slot(a: number, b: number): number {
    const pairs = this.#pairs, mask = this.#values.length - 1;
    let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
    hash ^= hash >>> 15;
    let slot = hash & mask;
    while (pairs[2 * slot] !== -1 && (pairs[2 * slot] !== a || pairs[2 * slot + 1] !== b)) {
      slot = slot + 1 & mask;
    }
    return slot;
  }

  set(a: number, b: number, value: number): void {
    const slot = this.#slot(a, b);
    this.#pairs[2 * slot] = a;
    this.#pairs[2 * slot + 1] = b;
    this.#values[slot] = value;
  }

  /** The pair's value, or -1. */
  get(a: number, b: number): number {
    return this.#values[this.#slot(a, b)];
  }
}
