/**
 * Fingerprints of documents, for finding copies. The similarity of two documents is the Jaccard similarity of
 * their sets of runs of seven letters and digits, estimated by MinHash (Broder, "On the resemblance and
 * containment of documents", 1997), here with one hash function for all 256 values (Li, Owen & Zhang, "One
 * Permutation Hashing", 2012) and empty values filled from others (Shrivastava, "Optimal Densification for Fast
 * and Accurate Minwise Hashing", 2017).
 */
import { characterTables } from "./characters.ts";
import type { CorpusOptions } from "./options.ts";

/** Values of a signature. */
const VALUES = 256;
/** Bands of ROWS values: documents that agree in a whole band are compared. */
const ROWS = 4;
const BANDS = VALUES / ROWS;
/** Characters in a run: letters, digits, and one space between words. */
const LETTERS = 7;
/** Documents with fewer runs have no signature: only exact copies of them are found. */
const ENOUGH_RUNS = 80;
const EMPTY = 0xffffffff;

/** MurmurHash3's finalizer (Appleby): every bit of the input changes half of the output's. */
export function mix(h: number): number {
  h = Math.imul(h ^ h >>> 16, 0x85ebca6b);
  h = Math.imul(h ^ h >>> 13, 0xc2b2ae35);
  return h ^ h >>> 16;
}

/** A 64-bit hash of a range of bytes, in two halves; reads four bytes at a time. */
export function hashBytes(bytes: Uint8Array, from = 0, to = bytes.length): [number, number] {
  let a = 0x811c9dc5 | 0, b = 0x2545f491 | 0, i = from;
  const add = (word: number) => {
    a = Math.imul(a ^ word, 0x01000193);
    a ^= a >>> 15;
    b = Math.imul((b << 5 | b >>> 27) ^ word, 0x9e3779b1);
  };
  for (; i + 4 <= to; i += 4) add(bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 | bytes[i + 3] << 24);
  for (let shift = 0; i < to; i++, shift++) add(bytes[i] << 8 * shift | 1 << 31);
  return [mix(a ^ to - from) >>> 0, mix(b ^ a) >>> 0];
}

/** For rolling hashes of runs: new hash = hash·BASE + newest value - `leaving(run)`·(value that leaves the run). */
export const BASE = 0x2c9277b5;

/** BASE^run, modulo 2^32. */
export function leaving(run: number): number {
  let power = 1;
  for (let i = 0; i < run; i++) power = Math.imul(power, BASE);
  return power;
}

const LEAVING = leaving(LETTERS);

class Signer {
  /** Signature of the text signed last, 24 bits per value. */
  readonly values = new Uint32Array(VALUES);
  readonly #filled = new Uint32Array(VALUES);
  readonly #window = new Uint16Array(LETTERS);

  /**
   * Computes `values`; returns false if the text is too short.
   * @param units of UTF-16
   */
  sign(units: Uint16Array): boolean {
    const { folded } = characterTables();
    const values = this.#filled.fill(EMPTY), window = this.#window.fill(0);
    let hash = 0, at = 0, letters = 0, blank = true;
    for (let i = 0; i < units.length; i++) {
      let code = folded[units[i]];
      if (code === 0) {
        if (blank) continue;
        code = 32;
      }
      blank = code === 32;
      hash = Math.imul(hash, BASE) + code - Math.imul(window[at], LEAVING) | 0;
      window[at] = code;
      at = at + 1 === LETTERS ? 0 : at + 1;
      if (++letters < LETTERS) continue;
      const mixed = mix(hash), value = mixed & 0xffffff, bin = mixed >>> 24;
      if (value < values[bin]) values[bin] = value;
    }
    if (letters < LETTERS + ENOUGH_RUNS) return false;
    for (let i = 0; i < VALUES; i++) {
      let from = i;
      for (let attempt = 1; values[from] === EMPTY; attempt++) from = mix(i * 65536 + attempt) & VALUES - 1;
      this.values[i] = values[from];
    }
    return true;
  }

  /** The key of each band of the text signed last: documents that share one are candidates. */
  band(index: number): number {
    let key = index + 1;
    for (let row = 0; row < ROWS; row++) key = mix(Math.imul(key, BASE) ^ this.values[index * ROWS + row]);
    return key >>> 0;
  }

  /** Writes the lowest byte of each value; only that is kept (Li & König, "b-Bit Minwise Hashing", 2010). */
  pack(into: Uint8Array): void {
    for (let i = 0; i < VALUES; i++) into[i] = this.values[i];
  }
}

/** The estimated Jaccard similarity of two packed signatures; one value in 256 agrees by chance. */
function similarity(a: Uint8Array, b: Uint8Array): number {
  let equal = 0;
  for (let i = 0; i < VALUES; i++) equal += Number(a[i] === b[i]);
  return Math.max(0, (equal / VALUES - 1 / 256) / (1 - 1 / 256));
}

/** Layout of a record: 8 bytes of hash of the text, 4 bytes that say whether it has a signature, the signature. */
const SIGNED = 8, SIGNATURE = 12;
export const RECORD = SIGNATURE + VALUES;

/** Fingerprints of consecutive documents. */
export interface Fingerprints {
  readonly records: Uint8Array<ArrayBuffer>;
  /** Pairs of a key and a document, counted from 0: documents that share a key may be copies. */
  readonly keys: Uint32Array<ArrayBuffer>;
}

export class Fingerprinter {
  readonly #options: CorpusOptions["duplicates"];
  readonly #signer = new Signer();
  #records = new Uint8Array(64 * RECORD);
  #keys = new Uint32Array(64 * 2 * (BANDS + 1));
  #documents = 0;
  #count = 0;

  constructor(options: CorpusOptions["duplicates"]) {
    this.#options = options;
  }

  begin(): void {
    this.#documents = 0;
    this.#count = 0;
  }

  /** @param bytes and units of a text, in UTF-8 and UTF-16 */
  add(bytes: Uint8Array, units: Uint16Array): void {
    const { exact, near } = this.#options;
    if (!exact && near === false) return;
    const at = this.#documents * RECORD;
    if (at === this.#records.length) {
      this.#records = grown(this.#records, new Uint8Array(2 * this.#records.length));
      this.#keys = grown(this.#keys, new Uint32Array(2 * this.#keys.length));
    }
    const view = new DataView(this.#records.buffer, at);
    const [a, b] = hashBytes(bytes);
    view.setUint32(0, a, true);
    view.setUint32(4, b, true);
    if (exact) this.#key(a);
    const signed = near !== false && this.#signer.sign(units);
    view.setUint32(SIGNED, Number(signed), true);
    if (signed) {
      this.#signer.pack(this.#records.subarray(at + SIGNATURE));
      for (let band = 0; band < BANDS; band++) this.#key(this.#signer.band(band));
    }
    this.#documents++;
  }

  #key(key: number): void {
    this.#keys[this.#count++] = key;
    this.#keys[this.#count++] = this.#documents;
  }

  end(): Fingerprints {
    return {
      records: this.#records.slice(0, this.#documents * RECORD),
      keys: this.#keys.slice(0, this.#count),
    };
  }
}

function grown<T extends Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>(from: T, into: T): T {
  into.set(from);
  return into;
}

/** The similarity of two documents by their records: 1 if the texts are equal, else an estimate below 1. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  let same = true;
  for (let i = 0; i < SIGNED; i++) same &&= a[i] === b[i];
  if (same) return 1;
  if (a[SIGNED] === 0 || b[SIGNED] === 0) return 0;
  return Math.min(0.999, similarity(a.subarray(SIGNATURE), b.subarray(SIGNATURE)));
}
