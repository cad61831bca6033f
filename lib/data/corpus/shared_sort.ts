/** Sorts the numbers of all ranks; each rank gets those that it owns, by their upper half. */
import { join } from "@std/path";
import { Appender, ReadFile } from "../../files.ts";
import { bytesIn, largest } from "../../ranks/messages.ts";
import type { Ranks } from "../../ranks/ranks.ts";
import { ExternalSort } from "./external_sort.ts";

/** Numbers sent at a time, and numbers buffered before they are written. */
const ROUND = 1 << 17, WAITING = 1 << 13;

export class SharedSort {
  readonly #ranks: Ranks;
  readonly #own: ExternalSort;
  readonly #owner: (high: number) => number;
  /** The file of numbers for other ranks until they are sent, each in two halves. */
  readonly #path: string;
  readonly #waiting: Uint32Array<ArrayBuffer>;
  #filled = 0;
  #file: Appender | undefined;
  #written = 0;

  /**
   * @param folder of the temporary files; the caller removes it
   * @param owner gives the rank that owns the numbers with this upper half
   */
  constructor(ranks: Ranks, folder: string, name: string, owner = (high: number) => high % ranks.size) {
    this.#ranks = ranks;
    this.#own = new ExternalSort(folder, name);
    this.#owner = owner;
    this.#path = join(folder, `${name}-out`);
    this.#waiting = new Uint32Array(ranks.size > 1 ? 2 * WAITING : 0);
  }

  /** Adds the number high·2^32 + low. */
  add(high: number, low: number): void {
    if (this.#owner(high) === this.#ranks.rank) return this.#own.add(high, low);
    if (this.#filled === this.#waiting.length) this.#flush();
    this.#waiting[this.#filled++] = high;
    this.#waiting[this.#filled++] = low;
  }

  #flush(): void {
    this.#file ??= new Appender(this.#path);
    this.#file.write(bytesIn(this.#waiting.subarray(0, this.#filled)));
    this.#written += 4 * this.#filled;
    this.#filled = 0;
  }

  /** Visits all numbers that this rank owns, from all ranks, in ascending order, once. All ranks must call it. */
  drain(visit: (high: number, low: number) => void): void {
    this.#exchange();
    this.#own.drain(visit);
  }

  #exchange(): void {
    const { size } = this.#ranks;
    if (size === 1) return;
    this.#flush();
    this.#file![Symbol.dispose]();
    using file = new ReadFile(this.#path);
    const end = largest(this.#ranks, this.#written);
    for (let at = 0; at < end; at += 8 * ROUND) {
      const halves = new Uint32Array(2 * Math.max(0, Math.min(ROUND, (this.#written - at) / 8)));
      file.read(at, bytesIn(halves));
      for (const part of this.#ranks.exchange(this.#dealt(halves))) {
        const coming = new Uint32Array(part.buffer);
        for (let i = 0; i < coming.length; i += 2) this.#own.add(coming[i], coming[i + 1]);
      }
    }
  }

  /** Splits numbers by owner. */
  #dealt(halves: Uint32Array): Uint8Array[] {
    const counts = new Uint32Array(this.#ranks.size);
    for (let i = 0; i < halves.length; i += 2) counts[this.#owner(halves[i])] += 2;
    const parts = Array.from(counts, (n) => new Uint32Array(n));
    counts.fill(0);
    for (let i = 0; i < halves.length; i += 2) {
      const owner = this.#owner(halves[i]);
      parts[owner][counts[owner]++] = halves[i];
      parts[owner][counts[owner]++] = halves[i + 1];
    }
    return parts.map(bytesIn);
  }
}
