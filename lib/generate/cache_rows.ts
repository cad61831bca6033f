/**
 * The rows of a key-value cache, which sequences take and give back. A free row keeps its content. A new sequence that
 * begins with the same tokens, such as the next turn of a conversation, then has to read only the tokens after them.
 * There are only as many rows as sequences in a pass, so this takes no extra memory.
 */
import type { Adapter } from "../model/adapter.ts";
import type { Decoder, KvCache } from "../model/decoder.ts";

export class CacheRows {
  readonly #model: Decoder;
  #cache: KvCache | null = null;
  /** The tokens whose keys and values each row holds. */
  readonly #held: number[][];
  /** The adapter with which each row was computed. */
  readonly #adapters: (Adapter | null)[];
  /** Free rows, the longest free first. */
  readonly #free: number[];

  constructor(model: Decoder, rows: number) {
    this.#model = model;
    this.#held = Array.from({ length: rows }, () => []);
    this.#adapters = this.#held.map(() => null);
    this.#free = Array.from(this.#held.keys());
  }

  /** The number of free rows. */
  get free(): number {
    return this.#free.length;
  }

  /** The cache, for the model's passes. It does not exist before a row is taken. */
  get cache(): KvCache {
    return this.#cache!;
  }

  /**
   * Takes a free row for a sequence. The row keeps the first tokens that it shares with the sequence, except the last
   * token of the sequence, whose logits are needed.
   * @param adapter the sequence's adapter: content computed with another adapter is useless
   * @returns the row, and how many tokens it holds
   * @throws {UserError} if the device has no room for the cache
   */
  take(tokens: readonly number[], adapter: Adapter | null = null): { row: number; cached: number } {
    this.#cache ??= this.#model.cache(this.#held.length);
    // Take the longest free row, unless another shares more with the sequence, and at least half of its own content.
    const held = (row: number) => this.#adapters[row] === adapter ? commonStart(this.#held[row], tokens) : 0;
    let at = 0, cached = 0;
    this.#free.forEach((row, i) => {
      const same = held(row);
      if (same <= cached || 2 * same < this.#held[row].length) return;
      [at, cached] = [i, same];
    });
    const [row] = this.#free.splice(at, 1);
    cached = Math.min(held(row), tokens.length - 1);
    this.#adapters[row] = adapter;
    this.keep(row, cached);
    return { row, cached };
  }

  /** Gives a row back. */
  give(row: number): void {
    this.#free.push(row);
  }

  /** The number of tokens that a row holds. */
  length(row: number): number {
    return this.#held[row].length;
  }

  /** Records the tokens that a pass has added to a row. Anything else it wrote there, such as padding, is forgotten. */
  add(row: number, tokens: readonly number[]): void {
    this.#held[row].push(...tokens);
    this.keep(row, this.length(row));
  }

  /** Keeps only the first `length` tokens of a row. */
  keep(row: number, length: number): void {
    this.#held[row].length = length;
    this.cache.lengths[row] = length;
  }

  /** Releases the cache's memory. */
  release(): void {
    if (this.#cache) this.#model.releaseCache(this.#cache);
    this.#cache = null;
    for (const held of this.#held) held.length = 0;
  }
}

/** Length of the common prefix of two sequences. */
function commonStart(a: readonly number[], b: readonly number[]): number {
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return same;
}
