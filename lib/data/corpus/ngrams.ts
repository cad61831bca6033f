/** Counts words, and distinct runs of up to four words (n-grams). */
import { characterTables } from "./characters.ts";
import { estimateDistinct, note, REGISTERS } from "./distinct_count.ts";
import { mix } from "./fingerprint.ts";

/** The longest run of words. */
export const LONGEST = 4;

export interface NgramReport {
  readonly words: number;
  /** Distinct runs of one, two, three and four words. */
  readonly distinct: readonly number[];
}

/** A hash of a document's first four words, in two halves. */
export type Opening = readonly [high: number, low: number];

/** A word is a run of letters and digits, in lower case; n-grams do not cross document boundaries. */
export class Ngrams {
  /** The HyperLogLog sketches for runs of one, two, three and four words, one after another. */
  readonly #registers = new Uint8Array(LONGEST * REGISTERS);
  readonly #sketches = Array.from(
    { length: LONGEST },
    (_, i) => this.#registers.subarray(i * REGISTERS, (i + 1) * REGISTERS),
  );
  /** Hashes of the last words; the newest is at `#words % LONGEST`. */
  readonly #high = new Int32Array(LONGEST);
  readonly #low = new Int32Array(LONGEST);
  #words = 0;

  get words(): number {
    return this.#words;
  }

  /**
   * Counts a document's words.
   * @param units of UTF-16
   * @param most words over all documents, after which counting stops
   */
  add(units: Uint16Array, most = Infinity): Opening {
    const { lower } = characterTables();
    const before = this.#words;
    let opening: Opening = [0, 0];
    for (let i = 0; i < units.length && this.#words < most; i++) {
      let code = lower[units[i]];
      if (code === 0) continue;
      let high = 0x811c9dc5 | 0, low = 0x2545f491 | 0;
      for (; code !== 0; code = ++i < units.length ? lower[units[i]] : 0) {
        high = Math.imul(high ^ code, 0x01000193);
        low = Math.imul((low << 5 | low >>> 27) ^ code, 0x9e3779b1);
      }
      const met = this.#add(mix(high), mix(low), this.#words - before);
      if (this.#words - before <= LONGEST) opening = met;
    }
    return opening;
  }

  /** Adds a word that comes after `after` others of its document; returns the hash of the longest run that it ends. */
  #add(high: number, low: number, after: number): Opening {
    const last = ++this.#words;
    this.#high[last % LONGEST] = high;
    this.#low[last % LONGEST] = low;
    const longest = Math.min(LONGEST, after + 1);
    let a = 0, b = 0;
    for (let n = 0; n < longest; n++) {
      a = mix(Math.imul(a, 0x2c9277b5) + this.#high[(last - n) % LONGEST] | 0);
      b = mix(Math.imul(b, 0x9e3779b1) + this.#low[(last - n) % LONGEST] | 0);
      note(this.#sketches[n], a, b);
    }
    return [a >>> 0, b >>> 0];
  }

  /** The raw counts, to be added to others. */
  get parts(): { words: number; registers: Uint8Array<ArrayBuffer> } {
    return { words: this.#words, registers: this.#registers };
  }

  merge({ words, registers }: Ngrams["parts"]): void {
    this.#words += words;
    for (let i = 0; i < registers.length; i++) {
      if (registers[i] > this.#registers[i]) this.#registers[i] = registers[i];
    }
  }

  report(): NgramReport {
    const distinct = this.#sketches.map((sketch) => Math.round(estimateDistinct(sketch)));
    return { words: this.#words, distinct };
  }
}
