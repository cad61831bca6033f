/**
 * Rules that separate running text from junk, similar to Gopher's (Rae et al., "Scaling Language Models",
 * 2021, appendix A.1.1): each rule compares a measure of the document with a bound.
 */
import { BLANK, characterTables, DIGIT, FOREIGN, LETTER, SYMBOL } from "./characters.ts";
import { BASE, leaving } from "./fingerprint.ts";
import { fnv, FNV_START, functionWords, type Language, LANGUAGES, languagesOf } from "./languages.ts";
import type { QualityOptions } from "./options.ts";
import type { Step } from "./tally.ts";

export interface Measures {
  /** Shares of the characters that are not blank. */
  readonly symbols: number;
  readonly digits: number;
  /** Share of the letters that are a to z or accented letters of Spanish. */
  readonly alphabet: number;
  /** Share of runs of five words that occurred before in the document. */
  readonly repetition: number;
  readonly words: number;
  /** Share of words that are function words of each language. */
  readonly languages: Record<Language, number>;
}

const WORDS = 5;
const LEAVING = leaving(WORDS);
/** A document with fewer words says too little about its language or its repetitions. */
const ENOUGH_WORDS = 20;
/** Running text in any of the languages has a larger share of function words, usually about twice this. */
const FUNCTION_WORDS = 0.2;
/** Two standard errors of such a share are SLACK / √(number of words). */
const SLACK = 0.8;

/** The runs of words seen so far in a document; after some 30,000 they are forgotten. */
class Seen {
  readonly #hashes = new Int32Array(65536);
  /** Which document an entry belongs to, so that the table need not be cleared. */
  readonly #owners = new Int32Array(65536);
  #owner = 0;
  #filled = 0;

  reset(): void {
    this.#owner++;
    this.#filled = 0;
  }

  /** Adds a hash; returns whether it was there. */
  add(hash: number): boolean {
    if (this.#filled > 32768) this.reset();
    let slot = (hash ^ hash >>> 16) & 65535;
    while (this.#owners[slot] === this.#owner) {
      if (this.#hashes[slot] === hash) return true;
      slot = slot + 1 & 65535;
    }
    this.#owners[slot] = this.#owner;
    this.#hashes[slot] = hash;
    this.#filled++;
    return false;
  }
}

export class Quality {
  readonly #options: QualityOptions;
  readonly #seen = new Seen();
  readonly #kinds = new Int32Array(8);
  /** Word counts by the set of languages in which they are function words. */
  readonly #sets = new Int32Array(1 << LANGUAGES.length);
  readonly #run = new Int32Array(WORDS);

  constructor(options: QualityOptions) {
    this.#options = options;
  }

  /** @param units of UTF-16 */
  measure(units: Uint16Array): Measures {
    const { both } = characterTables();
    const table = functionWords();
    const kinds = this.#kinds.fill(0), sets = this.#sets.fill(0), run = this.#run.fill(0);
    this.#seen.reset();
    let words = 0, runs = 0, repeated = 0, hash = FNV_START, whole = 0, at = 0;
    for (let i = 0; i <= units.length; i++) {
      const entry = both[i < units.length ? units[i] : 32];
      // Most characters are letters, so they take the shortest path; their number is what the other kinds leave.
      if (entry >>> 16 === LETTER) {
        hash = fnv(hash, entry & 0xffff);
        continue;
      }
      kinds[entry >>> 16]++;
      if ((entry & 0xffff) !== 0) {
        hash = fnv(hash, entry & 0xffff);
        continue;
      }
      if (hash === FNV_START) continue;
      sets[languagesOf(table, hash)]++;
      // Rolling hash of the last words: the oldest leaves, the new one enters.
      whole = Math.imul(whole, BASE) + hash - Math.imul(run[at], LEAVING) | 0;
      run[at] = hash;
      at = at + 1 === WORDS ? 0 : at + 1;
      if (++words >= WORDS) {
        runs++;
        if (this.#seen.add(whole)) repeated++;
      }
      hash = FNV_START;
    }
    kinds[BLANK]--; // The blank that was assumed after the end.
    const shown = Math.max(1, units.length - kinds[BLANK]);
    const spanish = units.length - kinds.reduce((sum, n) => sum + n, 0), letters = spanish + kinds[FOREIGN];
    const languages = Object.fromEntries(LANGUAGES.map((language) => [language, 0])) as Record<
      Language,
      number
    >;
    for (let set = 1; set < sets.length; set++) {
      if (sets[set] === 0) continue;
      for (const [bit, language] of LANGUAGES.entries()) {
        if (set >> bit & 1) languages[language] += sets[set] / words;
      }
    }
    return {
      symbols: kinds[SYMBOL] / shown,
      digits: kinds[DIGIT] / shown,
      alphabet: letters === 0 ? 1 : spanish / letters,
      repetition: runs === 0 ? 0 : repeated / runs,
      words,
      languages,
    };
  }

  /** The first rule that a document breaks, or null. */
  broken(units: Uint16Array): Step | null {
    const { symbols, digits, alphabet, repetition, language, final_punctuation } = this.#options;
    const measured = [symbols, digits, repetition, alphabet, language].some((rule) => rule !== false);
    const broken = measured ? this.#brokenBy(this.measure(units)) : null;
    if (broken) return broken;
    return final_punctuation && !/[.!?…:;,—–][)\]»”’"']*$/.test(String.fromCharCode(...units.subarray(-8)))
      ? "final punctuation"
      : null;
  }

  #brokenBy(measures: Measures): Step | null {
    const { symbols, digits, alphabet, repetition, language } = this.#options;
    const enough = measures.words >= ENOUGH_WORDS;
    if (symbols !== false && measures.symbols > symbols) return "symbols";
    if (digits !== false && measures.digits > digits) return "digits";
    if (repetition !== false && enough && measures.repetition > repetition) return "repetition";
    if (alphabet !== false && measures.alphabet < alphabet) return "alphabet";
    if (language !== false && enough) {
      const own = measures.languages[language], slack = SLACK / Math.sqrt(measures.words);
      const best = Math.max(...Object.values(measures.languages));
      if (own < FUNCTION_WORDS - slack || best > own + slack) return "language";
    }
    return null;
  }
}
