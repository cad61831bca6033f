/** Texts as the plain words that they are compared by, and as numbers of these. */
import { withoutAccents } from "./instructions.ts";

/** Words, numbers and signs of arithmetic, without accents and capitals: what is left of a text however it is typed. */
export function plainWords(text: string): string[] {
  return withoutAccents(text).toLowerCase().match(/[\p{L}\p{N}]+|[+*/=-]/gu) ?? [];
}

/** A text however it is typed: its plain words, a space between them. */
export const plainText = (text: string): string => plainWords(text).join(" ");

/** The number of a word that a vocabulary does not have. */
export const UNKNOWN = -1;

/** Characters below this are looked up in a table. */
const TABLE = 0x180;
/** What the table has for a character that is no part of a word, and for one that `plainWords` has to fold. */
const BETWEEN = 0, STRANGE = -1;
const SIGNS = "+*/=-";
/** The marks of punctuation beyond the table: dashes, quotation marks, the ellipsis. */
const isMark = (code: number) => code >= 0x2010 && code <= 0x2027;

/** By a character's code, the code of the plain one. */
const folded = Int16Array.from({ length: TABLE }, (_, code) => {
  const plain = plainWords(String.fromCharCode(code)).join(" ");
  return plain.length === 1 ? plain.charCodeAt(0) : plain === "" ? BETWEEN : STRANGE;
});
const signs = Uint8Array.from(
  folded,
  (code) => code > 0 && SIGNS.includes(String.fromCharCode(code)) ? 1 : 0,
);

/** Numbers words, and finds those in a text without making strings of them: by 62 bits of hash. */
export class Vocabulary {
  /** By the first half of a word's hash, its number; where words share it, the next free number after it. */
  readonly #numbers = new Map<number, number>();
  /** By a word's number, the second half. */
  readonly #second: number[] = [];

  /** The number of a plain word, which is new if there was none. */
  add(word: string): number {
    const [a, b] = hashOf(word);
    const known = this.#find(a, b);
    if (known !== UNKNOWN) return known;
    let key = a & KEYS;
    while (this.#numbers.has(key)) key = key + 1 & KEYS;
    const number = this.#second.push(b) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  /**
   * The numbers of a text's plain words, as `plainWords` gives them; `UNKNOWN` for words that were not added.
   * @param most of a text of more words, so many numbers or a few more are given
   */
  numbersIn(text: string, most = Infinity): number[] {
    const numbers: number[] = [];
    let a = START, b = 0, within = false;
    for (let i = 0; i < text.length && numbers.length <= most; i++) {
      const code = text.charCodeAt(i);
      const plain = code < TABLE ? folded[code] : isMark(code) ? BETWEEN : STRANGE;
      if (plain === STRANGE) return plainWords(text).map((word) => this.#find(...hashOf(word)));
      const sign = code < TABLE && signs[code] === 1;
      if (within && (sign || plain === BETWEEN)) {
        numbers.push(this.#find(a, b));
        within = false;
      }
      if (plain === BETWEEN) continue;
      if (!within) [a, b] = [START, 0];
      a = first(a, plain);
      b = second(b, plain);
      if (sign) numbers.push(this.#find(a, b));
      else within = true;
    }
    if (within) numbers.push(this.#find(a, b));
    return numbers;
  }

  #find(a: number, b: number): number {
    for (let key = a & KEYS;; key = key + 1 & KEYS) {
      const number = this.#numbers.get(key);
      if (number === undefined) return UNKNOWN;
      if (this.#second[number] === b) return number;
    }
  }
}

/** FNV-1a, and a hash by another factor. Keys are small integers, which a Map finds fastest. */
const START = 0x811c9dc5 | 0, KEYS = 0x3fffffff;
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
