/**
 * Short lines that occur in many documents: menus, notices, signatures. They are counted first, then
 * dropped. Longer lines are paragraphs, whose copies `duplicates.ts` finds. This works on UTF-8 bytes, as
 * lines can be compared without decoding them.
 */
import { ALONE } from "../../ranks/alone.ts";
import { gatherValues } from "../../ranks/messages.ts";
import type { Ranks } from "../../ranks/ranks.ts";
import { hashBytes } from "./fingerprint.ts";
import { SharedSort } from "./shared_sort.ts";

/** Longest line that counts as short, in bytes. */
const LONGEST = 300;

/** A line's length in 9 bits and its hash in 44, as one number. */
function keyOf(bytes: Uint8Array, from: number, to: number): number {
  const [a, b] = hashBytes(bytes, from, to);
  return (to - from << 12 | a & 4095) * 2 ** 32 + b;
}

/** Visits the short lines of a document that are not empty. */
function eachShortLine(document: Uint8Array, visit: (from: number, to: number) => void): void {
  for (let from = 0; from < document.length;) {
    const end = document.indexOf(10, from), to = end < 0 ? document.length : end;
    if (to > from && to - from <= LONGEST) visit(from, to);
    from = to + 1;
  }
}

export interface CommonLines {
  readonly keys: ReadonlySet<number>;
  /** Which lengths occur among the common lines: a line of another length need not be hashed. */
  readonly lengths: Uint8Array;
}

/** Adds the key of each different line of a document, as a pair of high and low half. */
export function lineKeys(document: Uint8Array, into: number[]): void {
  const keys = new Set<number>();
  eachShortLine(document, (from, to) => keys.add(keyOf(document, from, to)));
  for (const key of keys) into.push(Math.floor(key / 2 ** 32), key >>> 0);
}

export class LineCounts {
  readonly #ranks: Ranks;
  readonly #lines: SharedSort;

  constructor(folder: string, ranks: Ranks = ALONE) {
    this.#ranks = ranks;
    this.#lines = new SharedSort(ranks, folder, "lines");
  }

  /** @param keys of any number of documents, as `lineKeys` gives them */
  add(keys: ArrayLike<number>): void {
    for (let i = 0; i < keys.length; i += 2) this.#lines.add(keys[i], keys[i + 1]);
  }

  /** The lines that occur in at least `documents` documents, over all ranks. All ranks must call this. */
  common(documents: number): CommonLines {
    const found: number[] = [], lengths = new Uint8Array(LONGEST + 1);
    let last = -1, times = 0;
    this.#lines.drain((high, low) => {
      const key = high * 2 ** 32 + low;
      times = key === last ? times + 1 : 1;
      last = key;
      if (times === documents) found.push(key);
    });
    const keys = new Set(gatherValues(this.#ranks, found).flat());
    for (const key of keys) lengths[Math.floor(key / 2 ** 44)] = 1;
    return { keys, lengths };
  }
}

/** The document's text without its common lines, each of which `dropped` is called with; null if it has none. */
export function stripLines(
  document: Uint8Array,
  { keys, lengths }: CommonLines,
  dropped: (line: string) => void,
): string | null {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const kept: string[] = [];
  let at = 0;
  eachShortLine(document, (from, to) => {
    if (!lengths[to - from] || !keys.has(keyOf(document, from, to))) return;
    dropped(decoder.decode(document.subarray(from, to)));
    kept.push(decoder.decode(document.subarray(at, from)));
    at = Math.min(document.length, to + 1);
  });
  if (at === 0) return null;
  kept.push(decoder.decode(document.subarray(at)));
  return kept.join("").replace(/\n{3,}/g, "\n\n").replace(/^\n+|\n+$/g, "");
}
