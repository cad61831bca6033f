/** Deals the documents of a file to ranks by byte ranges: a line belongs to the range in which it begins. */
import { ReadFile } from "../files.ts";
import type { Ranks } from "../ranks/ranks.ts";
import { eachDocument } from "./documents.ts";

/** Bytes of a file that a rank takes at a time, and bytes that are searched for a line end at a time. */
const BLOCK = 1 << 20, WINDOW = 1 << 16;

/** Called with the bytes done and the bytes in all. */
type Progress = (done: number, all: number) => void;

/** This rank's documents: rank 0 gets the beginning of the file, rank 1 the part after it, and so on. */
export async function* ownDocuments(path: string, ranks: Ranks, progress: Progress): AsyncGenerator<string> {
  using lines = new LineStarts(path);
  const [from, to] = [0, 1].map((i) => lines.after(Math.floor((ranks.rank + i) * lines.size / ranks.size)));
  for (let at = from; at < to;) {
    const end = Math.min(to, lines.after(at + BLOCK));
    yield* eachDocument(path, { from: at, to: end });
    at = end;
    progress(at - from, to - from);
  }
}

/**
 * Blocks of documents, dealt to the ranks in turn: the ranks' first blocks are the beginning of the file, their second
 * blocks follow, and so on. Every rank gets the same number of blocks; some may be empty.
 */
export async function* documentBlocks(
  path: string,
  ranks: Ranks,
  progress: Progress,
): AsyncGenerator<string[]> {
  using lines = new LineStarts(path);
  const { size } = lines, { rank } = ranks, round = BLOCK * ranks.size;
  for (let at = 0; at < size; at += round) {
    const [from, to] = [0, 1].map((i) => lines.after(at + BLOCK * (rank + i)));
    yield from < to ? await Array.fromAsync(eachDocument(path, { from, to })) : [];
    progress(Math.min(size, at + round), size);
  }
}

/** Where the lines of a file begin. */
class LineStarts implements Disposable {
  readonly size: number;
  readonly #file: ReadFile;
  readonly #window = new Uint8Array(WINDOW);
  /** The last place asked for, and the line start found for it, which may be far after it. */
  #last = { place: 0, start: 0 };

  constructor(path: string) {
    this.size = Deno.statSync(path).size;
    this.#file = new ReadFile(path);
  }

  /** The first line start at or after `place`, or the end of the file. */
  after(place: number): number {
    if (place >= this.size) return this.size;
    const { place: before, start } = this.#last;
    if (place < before || place > start) this.#last = { place, start: this.#search(place) };
    return this.#last.start;
  }

  #search(place: number): number {
    if (place === 0) return 0;
    for (let at = place - 1; at < this.size; at += WINDOW) {
      const window = this.#window.subarray(0, Math.min(WINDOW, this.size - at));
      this.#file.read(at, window);
      const found = window.indexOf(10);
      if (found >= 0) return at + found + 1;
    }
    return this.size;
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
