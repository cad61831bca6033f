/**
 * Finds documents that are copies of an earlier one, among any number of documents. The fingerprints and
 * their index are on disk; memory holds five bytes per document.
 *
 * Several ranks share the work. Each rank owns some of the keys of bands: it gets their documents from all ranks,
 * fetches the fingerprints of the documents that share a key, and compares them.
 */
import { join } from "@std/path";
import { ALONE } from "../../ranks/alone.ts";
import { bytesIn } from "../../ranks/messages.ts";
import type { Ranks } from "../../ranks/ranks.ts";
import { ExternalSort } from "./external_sort.ts";
import { compare, type Fingerprints, RECORD } from "./fingerprint.ts";
import { RecordFile } from "./record_file.ts";
import type { CorpusOptions } from "./options.ts";
import { SharedSort } from "./shared_sort.ts";

export const KEPT = 0, EXACT = 1, NEAR = 2;

/** Most fingerprints that are fetched from one rank at a time. */
const FETCHED = 1 << 12;

/** A document is compared with at most this many different earlier ones that share a key. */
const COMPARED = 32;

export interface Copy {
  /** Number of the document, and of the earlier one that it is like. */
  readonly document: number;
  readonly original: number;
  /** 1 for exact copies. */
  readonly similarity: number;
}

export class Duplicates {
  readonly #options: CorpusOptions["duplicates"];
  readonly #folder: string;
  readonly #numbers: number;
  readonly #ranks: Ranks;
  readonly #owner: (document: number) => number;
  /** Fingerprints by document number. A rank has those of its own documents and those that it has fetched. */
  readonly #fingerprints: RecordFile;
  /** Pairs of a band's key and a document number. */
  readonly #index: SharedSort;

  /**
   * @param numbers upper bound: all document numbers are below it
   * @param owner gives the rank that adds a document
   */
  constructor(
    options: CorpusOptions["duplicates"],
    folder: string,
    numbers: number,
    { ranks, owner }: { ranks: Ranks; owner: (document: number) => number } = {
      ranks: ALONE,
      owner: () => 0,
    },
  ) {
    this.#options = options;
    this.#folder = folder;
    this.#numbers = numbers;
    this.#ranks = ranks;
    this.#owner = owner;
    this.#fingerprints = new RecordFile(join(folder, "fingerprints"), RECORD);
    this.#index = new SharedSort(ranks, folder, "index");
  }

  /** Adds documents, numbered from `first` on. */
  add({ records, keys }: Fingerprints, first: number): void {
    this.#fingerprints.write(first, records);
    for (let i = 0; i < keys.length; i += 2) this.#index.add(keys[i], first + keys[i + 1]);
  }

  /**
   * Finds the copies: documents that are similar to an earlier one that is kept. All ranks must call this.
   * @param heard called with every copy, on rank 0
   * @returns KEPT, EXACT or NEAR for each document number; valid on rank 0
   */
  find(heard: (copy: Copy) => void): Uint8Array {
    using fingerprints = this.#fingerprints;
    const verdicts = new Uint8Array(this.#numbers);
    const alike = this.#comparison(fingerprints);
    const pairs = new SharedSort(this.#ranks, this.#folder, "pairs", () => 0);
    // Copies share most of their keys, so remember the last match and do not compare the two again.
    const like = new Uint32Array(this.#numbers);
    let key = -1, different: number[] = [];
    this.#fetched(this.#index, "groups", false).drain((found, document) => {
      if (found !== key) {
        key = found;
        different = [];
      }
      for (const original of different) {
        if (original === document || like[document] === original + 1) return;
        if (alike(original, document) === 0) continue;
        like[document] = original + 1;
        return pairs.add(document, original);
      }
      if (different.length < COMPARED) different.push(document);
    });
    // Documents come in order, so the verdict on an original is known before its copies come.
    let last = -1;
    this.#fetched(pairs, "copies", true).drain((document, original) => {
      if (document === last || verdicts[original] !== KEPT) return;
      last = document;
      const similarity = alike(original, document);
      verdicts[document] = similarity === 1 ? EXACT : NEAR;
      heard({ document, original, similarity });
    });
    return verdicts;
  }

  /**
   * Drops numbers whose upper half no other number has, and fetches the fingerprints of the documents in the rest.
   * @param both the upper halves are documents too; then no number is dropped
   */
  #fetched(numbers: SharedSort, name: string, both: boolean): Pick<SharedSort, "drain"> {
    if (this.#ranks.size === 1) return numbers;
    const wanted = new Uint8Array(this.#numbers), shared = new ExternalSort(this.#folder, name);
    let before: readonly [high: number, low: number] | null = null, alone = true;
    const take = (high: number, low: number) => {
      wanted[low] = 1;
      if (both) wanted[high] = 1;
      shared.add(high, low);
    };
    numbers.drain((high, low) => {
      const joins = before?.[0] === high;
      if (both) take(high, low);
      else if (joins) {
        if (alone) take(...before!);
        take(high, low);
      }
      alone = !joins;
      before = [high, low];
    });
    this.#fetch(wanted);
    return shared;
  }

  /** Fetches fingerprints from the ranks that own them. */
  #fetch(wanted: Uint8Array): void {
    const { rank, size } = this.#ranks;
    for (let next = 0;;) {
      const lists = Array.from({ length: size }, (): number[] => []);
      for (let n = 0; next < wanted.length && n < FETCHED; next++) {
        const owner = wanted[next] ? this.#owner(next) : rank;
        if (owner !== rank) n = Math.max(n, lists[owner].push(next));
      }
      const left = Float64Array.of(lists.flat().length);
      this.#ranks.sum(left);
      if (left[0] === 0) return;
      const asked = this.#ranks.exchange(lists.map((list) => bytesIn(Uint32Array.from(list))));
      const answers = this.#ranks.exchange(asked.map((bytes) => {
        const numbers = new Uint32Array(bytes.buffer), records = new Uint8Array(numbers.length * RECORD);
        numbers.forEach((number, i) =>
          this.#fingerprints.read(number, records.subarray(i * RECORD, (i + 1) * RECORD))
        );
        return records;
      }));
      lists.forEach((list, owner) =>
        list.forEach((number, i) =>
          this.#fingerprints.write(number, answers[owner].subarray(i * RECORD, (i + 1) * RECORD))
        )
      );
    }
  }

  /** The similarity of two documents: 1 if the texts are equal, 0 if it is below the bound. */
  #comparison(file: RecordFile): (original: number, document: number) => number {
    const { near } = this.#options;
    const a = new Uint8Array(RECORD), b = new Uint8Array(RECORD);
    let [inA, inB] = [-1, -1];
    return (original, document) => {
      if (inA !== original) file.read(original, a);
      if (inB !== document) file.read(document, b);
      [inA, inB] = [original, document];
      const alike = compare(a, b);
      if (alike === 1) return 1;
      return near !== false && alike >= near ? alike : 0;
    };
  }
}
