/**
 * Finds documents that are copies of an earlier one, among any number of documents: their fingerprints and
 * an index of them lie on disk, and memory holds five bytes for each document.
 */
import { join } from "@std/path";
import { Appender, ReadFile } from "../../files.ts";
import { ExternalSort } from "./external_sort.ts";
import { compare, type Fingerprints, RECORD } from "./fingerprint.ts";
import type { CorpusOptions } from "./options.ts";

export const KEPT = 0, EXACT = 1, NEAR = 2;

/** Documents of one key are compared with so many different ones before them. */
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
  readonly #fingerprints: Appender;
  /** Key and document, in one number. */
  readonly #index: ExternalSort;
  #documents = 0;

  constructor(options: CorpusOptions["duplicates"], folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.#fingerprints = new Appender(join(folder, "fingerprints"));
    this.#index = new ExternalSort(folder, "index");
  }

  /** Adds the next documents. */
  add({ records, keys }: Fingerprints): void {
    this.#fingerprints.write(records);
    for (let i = 0; i < keys.length; i += 2) this.#index.add(keys[i], this.#documents + keys[i + 1]);
    this.#documents += records.length / RECORD;
  }

  /**
   * A document is a copy if it is like an earlier one that is kept.
   * @param heard is told of every copy
   * @returns KEPT, EXACT or NEAR for each document
   */
  find(heard: (copy: Copy) => void): Uint8Array {
    this.#fingerprints[Symbol.dispose]();
    const verdicts = new Uint8Array(this.#documents);
    using file = new ReadFile(join(this.#folder, "fingerprints"));
    const alike = this.#comparison(file);
    const pairs = new ExternalSort(this.#folder, "pairs");
    // Copies share most of their keys; once is enough to compare them.
    const like = new Uint32Array(this.#documents);
    let key = -1, different: number[] = [];
    this.#index.drain((found, document) => {
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
    // In the order of documents, so that what an original became is known before its copies.
    let last = -1;
    pairs.drain((document, original) => {
      if (document === last || verdicts[original] !== KEPT) return;
      last = document;
      const similarity = alike(original, document);
      verdicts[document] = similarity === 1 ? EXACT : NEAR;
      heard({ document, original, similarity });
    });
    return verdicts;
  }

  /** How alike two documents are: 1 if the texts are equal, 0 if they are less alike than the bound. */
  #comparison(file: ReadFile): (original: number, document: number) => number {
    const { near } = this.#options;
    const a = new Uint8Array(RECORD), b = new Uint8Array(RECORD);
    let [inA, inB] = [-1, -1];
    return (original, document) => {
      if (inA !== original) file.read(original * RECORD, a);
      if (inB !== document) file.read(document * RECORD, b);
      [inA, inB] = [original, document];
      const alike = compare(a, b);
      if (alike === 1) return 1;
      return near !== false && alike >= near ? alike : 0;
    };
  }
}
