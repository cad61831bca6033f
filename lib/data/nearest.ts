/** How similar texts are: no held-out text may be learned in nearly the same words. */
import { plainWords, UNKNOWN, Vocabulary } from "./plain_words.ts";

export interface Neighbour {
  readonly text: string;
  /** 1 for the same words in the same order, 0 for none in common. */
  readonly similarity: number;
}

/** Above this, two texts have nearly the same words: nine of ten, in the same order. */
export const NEAR = 0.9;

/** How many words of a text that has `words` of them may be missing in one that comes near. */
const lackingOf = (words: number) => Math.floor((1 - NEAR) * words);

/** Texts to compare others with, indexed by word: a search looks only at texts that share enough words. */
export class Neighbours {
  readonly #texts: string[] = [];
  /** The word numbers of each text. */
  readonly #words: number[][] = [];
  /** Words of the longest text. */
  #longest = 0;
  readonly #vocabulary = new Vocabulary();
  /** For each word number, the texts with that word, once per occurrence. */
  readonly #textsWith: number[][] = [];

  constructor(texts: Iterable<string>) {
    const seen = new Set<string>();
    for (const text of texts) {
      const words = plainWords(text);
      const key = words.join(" ");
      if (words.length === 0 || seen.has(key)) continue;
      seen.add(key);
      const at = this.#texts.push(text) - 1;
      const numbers = words.map((word) => this.#vocabulary.add(word));
      this.#words.push(numbers);
      this.#longest = Math.max(this.#longest, numbers.length);
      for (const number of numbers) (this.#textsWith[number] ??= []).push(at);
    }
  }

  /**
   * The nearest text: the one that needs the fewest insertions, deletions and replacements of words, as a share of
   * the longer text. The similarity is 1 - (Levenshtein distance over words) / (words of the longer text).
   * null if no text shares a word.
   */
  nearest(text: string): Neighbour | null {
    const words = this.#vocabulary.numbersIn(text);
    const shared = this.#sharedWords(words);
    // Words that two texts do not share differ in any alignment, so this bounds the similarity from above.
    const bounds = [...shared].map(([at, n]) => ({ at, bound: n / this.#longer(words, at) }));
    bounds.sort((a, b) => b.bound - a.bound || a.at - b.at);
    let best: Neighbour | null = null;
    for (const { at, bound } of bounds) {
      if (best && bound <= best.similarity) break;
      const similarity = this.#similarity(words, at);
      if (!best || similarity > best.similarity) best = { text: this.#texts[at], similarity };
    }
    return best;
  }

  /** The nearest text if its similarity is above `NEAR`, else null; much faster than `nearest`. */
  near(text: string): Neighbour | null {
    // A text with more words than this is too long to come near any of ours.
    const most = Math.ceil(this.#longest / NEAR);
    const words = this.#vocabulary.numbersIn(text, most, lackingOf(Math.min(most, text.length)));
    if (words.length > most) return null;
    const lacking = lackingOf(words.length);
    let unknown = 0;
    for (const word of words) if (word === UNKNOWN && ++unknown > lacking) return null;
    // A text that comes near lacks at most `lacking` of the words, so it has one of the `lacking` + 1 rarest.
    const texts = words.map((word) => this.#textsWith[word] ?? []).sort((a, b) => a.length - b.length);
    let best: Neighbour | null = null;
    for (const at of new Set(texts.slice(0, 1 + lacking).flat())) {
      const length = this.#words[at].length;
      if (Math.min(length, words.length) <= NEAR * Math.max(length, words.length)) continue;
      const similarity = this.#similarity(words, at);
      if (similarity > (best?.similarity ?? NEAR)) best = { text: this.#texts[at], similarity };
    }
    return best;
  }

  #similarity(words: readonly number[], at: number): number {
    return 1 - distance(words, this.#words[at]) / this.#longer(words, at);
  }

  #longer(words: readonly number[], at: number): number {
    return Math.max(words.length, this.#words[at].length);
  }

  /** How many words each text shares with these; a repeated word counts as often as both texts have it. */
  #sharedWords(words: readonly number[]): Map<number, number> {
    const shared = new Map<number, number>();
    for (const [word, ours] of Map.groupBy(words, (word) => word)) {
      const times = new Map<number, number>();
      for (const at of this.#textsWith[word] ?? []) times.set(at, (times.get(at) ?? 0) + 1);
      for (const [at, n] of times) shared.set(at, (shared.get(at) ?? 0) + Math.min(n, ours.length));
    }
    return shared;
  }
}

/** The nearest of some texts. To look up many questions, make `Neighbours` once. */
export function nearest(question: string, others: Iterable<string>): Neighbour | null {
  return new Neighbours(others).nearest(question);
}

/** Levenshtein's distance over words, by their numbers. */
function distance(a: readonly number[], b: readonly number[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1])));
    }
    row = next;
  }
  return row[b.length];
}
