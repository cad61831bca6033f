/** Reduces texts to plain words, by which they are compared, and numbers these words. */
import { withoutAccents } from "./instructions.ts";

/** Words, numbers and arithmetic signs without accents or capitals: these stay the same however a text is typed. */
export function plainWords(text: string): string[] {
  return withoutAccents(text).toLowerCase().match(/[\p{L}\p{N}]+|[+*/=-]/gu) ?? [];
}

/** A text's plain words, separated by spaces. */
export const plainText = (text: string): string => plainWords(text).join(" ");

/** Stands for a word that is not in the vocabulary. */
export const UNKNOWN = -1;

/** Characters below this are looked up in a table. */
const TABLE = 0x180;
/** Table entries of characters that are no part of a word, and of those that only `plainWords` can fold. */
const BETWEEN = 0, STRANGE = -1;
const SIGNS = "+*/=-";
/** Punctuation marks that are not in the table: dashes, quotation marks, the ellipsis. */
const isMark = (code: number) => code >= 0x2010 && code <= 0x2027;

/** Maps a character's code to the code of its plain form. */
const folded = Int16Array.from({ length: TABLE }, (_, code) => {
  const plain = plainWords(String.fromCharCode(code)).join(" ");
  return plain.length === 1 ? plain.charCodeAt(0) : plain === "" ? BETWEEN : STRANGE;
});
const signs = Uint8Array.from(
  folded,
  (code) => code > 0 && SIGNS.includes(String.fromCharCode(code)) ? 1 : 0,
);

/** Numbers words. Those of a text are looked up by 64-bit hash, without making strings of them. */
export class Vocabulary {
  /** The two halves of each word's hash, by word number. */
  readonly #first: number[] = [];
  readonly #second: number[] = [];
  /** Hash table of word numbers with linear probing; its size is a power of two, and it is at most a quarter full. */
  #table = new Int32Array(1024).fill(UNKNOWN);

  /** The number of a plain word; a new word gets the next one. */
  add(word: string): number {
    const [a, b] = hashOf(word);
    const known = this.#find(a, b);
    if (known !== UNKNOWN) return known;
    const number = this.#first.push(a) - 1;
    this.#second.push(b);
    if (4 * this.#first.length > this.#table.length) {
      this.#table = new Int32Array(2 * this.#table.length).fill(UNKNOWN);
      for (let i = 0; i < number; i++) this.#place(i);
    }
    this.#place(number);
    return number;
  }

  /**
   * The numbers of a text's plain words (as by `plainWords`); `UNKNOWN` for words that were not added.
   * @param most stop soon after so many words
   * @param unknown stop at the first unknown word beyond this many
   */
  numbersIn(text: string, most = Infinity, unknown = Infinity): number[] {
    const numbers: number[] = [];
    const { length } = text;
    let a = START, b = 0, within = false, left = unknown;
    for (let i = 0; i < length && numbers.length <= most; i++) {
      const code = text.charCodeAt(i);
      const plain = code < TABLE ? folded[code] : isMark(code) ? BETWEEN : STRANGE;
      if (plain === STRANGE) return plainWords(text).map((word) => this.#find(...hashOf(word)));
      const sign = code < TABLE && signs[code] === 1;
      if (within && (sign || plain === BETWEEN)) {
        const number = this.#find(a, b);
        numbers.push(number);
        if (number === UNKNOWN && --left < 0) return numbers;
        within = false;
      }
      if (plain === BETWEEN) continue;
      if (!within) {
        a = START;
        b = 0;
      }
      a = first(a, plain);
      b = second(b, plain);
      if (sign) numbers.push(this.#find(a, b));
      else within = true;
    }
    if (within) numbers.push(this.#find(a, b));
    return numbers;
  }

  #find(a: number, b: number): number {
    const table = this.#table, last = table.length - 1;
    for (let at = a & last;; at = at + 1 & last) {
      const number = table[at];
      if (number === UNKNOWN || (this.#first[number] === a && this.#second[number] === b)) return number;
    }
  }

  #place(number: number): void {
    const table = this.#table, last = table.length - 1;
    let at = this.#first[number] & last;
    while (table[at] !== UNKNOWN) at = at + 1 & last;
    table[at] = number;
  }
}

/** FNV-1a, and a second hash with another multiplier. */
const START = 0x811c9dc5 | 0;
const first = (hash: number, code: number) => Math.imul(hash ^ code, 0x01000193);
const second = (hash: number, code: number) => Math.imul(hash + code | 0, 0x9e3779b1) ^ hash >>> 15;

function hashOf(word: string): [first: number, second: number] {
  let a = START, b = 0;
  for (let i = 0; i < word.length; i++) {
    a = first(a, word.charCodeAt(i));
    b = second(b, word.charCodeAt(i));
  }
  return [a, b];
}
