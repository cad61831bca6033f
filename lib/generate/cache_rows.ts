/**
 * The rows of a key-value cache, which sequences take and give back. A row that nobody uses keeps what it holds, so
 * that a sequence which begins with the same tokens, as a conversation's next turn does, reads only those that come
 * after them. There are as many rows as sequences that share a pass: remembering takes no more memory than that.
 */
import type { Adapter } from "../model/adapter.ts";
import type { Decoder, KvCache } from "../model/decoder.ts";

export class CacheRows {
  readonly #model: Decoder;
  #cache: KvCache | null = null;
  /** The tokens whose keys and values each row holds. */
  readonly #held: number[][];
  /** The adapter that they were computed with. */
  readonly #adapters: (Adapter | null)[];
  /** Rows that nobody uses, the one that was given back longest ago first. */
  readonly #free: number[];

  constructor(model: Decoder, rows: number) {
    this.#model = model;
    this.#held = Array.from({ length: rows }, () => []);
    this.#adapters = this.#held.map(() => null);
    this.#free = Array.from(this.#held.keys());
  }

  /** Rows that nobody uses. */
  get free(): number {
    return this.#free.length;
  }

  /** For the model's passes; there is none before a row was taken. */
  get cache(): KvCache {
    return this.#cache!;
  }

  /**
   * Takes a free row for a sequence, which keeps those of its first tokens that it holds: all but the last at most,
   * as that one's logits are wanted.
   * @param adapter that the sequence is computed with: what another one has computed is of no use
   * @returns the row, and how many tokens it holds
   * @throws {UserError} if the device has no room for the cache
   */
  take(tokens: readonly number[], adapter: Adapter | null = null): { row: number; cached: number } {
    this.#cache ??= this.#model.cache(this.#held.length);
    // The one that was free longest, but for one that holds more of the sequence, and not mainly something else.
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

  /** Tokens that a row holds. */
  length(row: number): number {
    return this.#held[row].length;
  }

  /** Says which tokens a pass has added to a row; what else it has put there, such as padding, is forgotten. */
  add(row: number, tokens: readonly number[]): void {
    this.#held[row].push(...tokens);
    this.keep(row, this.length(row));
  }

  /** Forgets what a row holds after its first `length` tokens. */
  keep(row: number, length: number): void {
    this.#held[row].length = length;
    this.cache.lengths[row] = length;
  }

  /** Gives the cache's memory back. */
  release(): void {
    if (this.#cache) this.#model.releaseCache(this.#cache);
    this.#cache = null;
    for (const held of this.#held) held.length = 0;
  }
}

/** How many tokens two sequences have in common from the start. */
function commonStart(a: readonly number[], b: readonly number[]): number {
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return same;
}
