/**
 * Sorts more numbers than fit in memory: full buffers are sorted and written as runs, which are merged
 * when they are read (Knuth, The Art of Computer Programming 3, 5.4). It uses only two buffers of memory.
 */
import { join } from "@std/path";
import { ReadFile, writeAllSync } from "../../files.ts";

export class ExternalSort {
  readonly #path: string;
  /** Little-endian: the low half of a number comes first. */
  readonly #numbers: BigUint64Array<ArrayBuffer>;
  readonly #halves: Uint32Array<ArrayBuffer>;
  #filled = 0;
  readonly #runs: { readonly at: number; readonly length: number }[] = [];
  #file: Deno.FsFile | undefined;
  #written = 0;

  /**
   * @param folder of the temporary file; the caller removes it
   * @param capacity numbers in memory, 8 bytes each
   */
  constructor(folder: string, name: string, capacity = 1 << 19) {
    this.#path = join(folder, name);
    this.#numbers = new BigUint64Array(capacity);
    this.#halves = new Uint32Array(this.#numbers.buffer);
  }

  /** Adds the number high·2^32 + low. */
  add(high: number, low: number): void {
    if (this.#filled === this.#numbers.length) this.#spill();
    this.#halves[2 * this.#filled] = low;
    this.#halves[2 * this.#filled + 1] = high;
    this.#filled++;
  }

  #spill(): void {
    this.#file ??= Deno.openSync(this.#path, { write: true, create: true, truncate: true });
    const run = this.#numbers.subarray(0, this.#filled).sort();
    writeAllSync(this.#file, new Uint8Array(run.buffer, 0, run.byteLength), this.#path);
    this.#runs.push({ at: this.#written, length: run.byteLength });
    this.#written += run.byteLength;
    this.#filled = 0;
  }

  /** Visits all numbers in ascending order, once, and frees the buffer. */
  drain(visit: (high: number, low: number) => void): void {
    this.#visit(visit);
    this.#numbers.buffer.transfer(0);
  }

  #visit(visit: (high: number, low: number) => void): void {
    if (this.#runs.length === 0) {
      this.#numbers.subarray(0, this.#filled).sort();
      for (let i = 0; i < this.#filled; i++) visit(this.#halves[2 * i + 1], this.#halves[2 * i]);
      return;
    }
    if (this.#filled > 0) this.#spill();
    this.#file!.close();
    using file = new ReadFile(this.#path);
    // Each run gets an equal part of the buffer, of whole numbers.
    const part = Math.max(1, Math.floor(this.#numbers.length / this.#runs.length)) * 8;
    const least = part * this.#runs.length;
    const buffer = least > this.#numbers.byteLength ? new ArrayBuffer(least) : this.#numbers.buffer;
    const heap = this.#runs.map(({ at, length }, i) =>
      new Run(file, at, at + length, buffer, i * part, part)
    );
    // A binary heap of the runs by their next number.
    const sift = (i: number) => {
      for (;;) {
        let least = i;
        for (const child of [2 * i + 1, 2 * i + 2]) {
          if (child < heap.length && heap[child].before(heap[least])) least = child;
        }
        if (least === i) return;
        [heap[i], heap[least]] = [heap[least], heap[i]];
        i = least;
      }
    };
    for (let i = heap.length >> 1; i >= 0; i--) sift(i);
    while (heap.length > 0) {
      visit(heap[0].high, heap[0].low);
      if (!heap[0].next()) {
        const last = heap.pop()!;
        if (heap.length === 0) return;
        heap[0] = last;
      }
      sift(0);
    }
  }
}

/** One sorted run on disk, read through a part of the buffer. */
class Run {
  high = 0;
  low = 0;
  readonly #file: ReadFile;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #halves: Uint32Array<ArrayBuffer>;
  readonly #end: number;
  #at: number;
  #index = 0;
  #count = 0;

  constructor(file: ReadFile, at: number, end: number, buffer: ArrayBuffer, offset: number, size: number) {
    this.#file = file;
    this.#at = at;
    this.#end = end;
    this.#bytes = new Uint8Array(buffer, offset, size);
    this.#halves = new Uint32Array(buffer, offset, size / 4);
    this.next();
  }

  /** Moves to the next number; false after the last. */
  next(): boolean {
    if (this.#index === this.#count) {
      const size = Math.min(this.#bytes.length, this.#end - this.#at);
      if (size === 0) return false;
      this.#file.read(this.#at, this.#bytes.subarray(0, size));
      this.#at += size;
      this.#index = 0;
      this.#count = size / 8;
    }
    this.low = this.#halves[2 * this.#index];
    this.high = this.#halves[2 * this.#index + 1];
    this.#index++;
    return true;
  }

  before(other: Run): boolean {
    return this.high < other.high || this.high === other.high && this.low < other.low;
  }
}
