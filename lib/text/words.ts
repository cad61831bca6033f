/** Counts a text's pieces, from which vocabularies are learned. */
import { compose } from "./compose.ts";
import { PIECES } from "./pieces.ts";

/** The most different pieces to keep; beyond that, the rarest are dropped, and only their characters are counted. */
const MOST = 1 << 21;

const PATTERN = new RegExp(PIECES, "gu");

/**
 * Copies a piece: otherwise V8 keeps the whole text in memory that the piece was cut from. V8 itself copies pieces of
 * up to 12 UTF-16 units.
 */
export const copy = (piece: string): string => piece.length <= 12 ? piece : JSON.parse(JSON.stringify(piece));

/** Pieces and their counts, in order of appearance; and the characters of dropped pieces. */
export interface WordParts {
  readonly words: readonly (readonly [string, number])[];
  readonly forgotten: readonly (readonly [string, number])[];
}

export class WordCounts {
  readonly words = new Map<string, number>();
  /** Counts of the characters of dropped pieces. */
  readonly #forgotten = new Map<string, number>();
  readonly #most: number;

  /** @param most how many different pieces are kept */
  constructor(most = MOST) {
    this.#most = most;
  }

  add(text: string): void {
    const { words } = this;
    for (const piece of compose(text).match(PATTERN) ?? []) {
      const n = words.get(piece);
      if (n !== undefined) words.set(piece, n + 1);
      else words.set(copy(piece), 1);
    }
    this.#bound();
  }

  #bound(): void {
    for (let rare = 1; this.words.size > this.#most; rare *= 2) this.#forget(rare);
  }

  /** Drops pieces that occurred at most `rare` times. */
  #forget(rare: number): void {
    for (const [word, n] of this.words) {
      if (n > rare) continue;
      count(this.#forgotten, word, n);
      this.words.delete(word);
    }
  }

  /** The counts in a form that `merge` takes. */
  get parts(): WordParts {
    return { words: [...this.words], forgotten: [...this.#forgotten] };
  }

  /** Adds the counts of a text that comes after this one. */
  merge({ words, forgotten }: WordParts): void {
    for (const [word, n] of words) this.words.set(word, (this.words.get(word) ?? 0) + n);
    for (const [character, n] of forgotten) count(this.#forgotten, character, n);
    this.#bound();
  }

  /** How often each character occurred. */
  characters(): Map<string, number> {
    const counts = new Map(this.#forgotten);
    for (const [word, n] of this.words) count(counts, word, n);
    return counts;
  }

  /** The commonest pieces, at most `most` of them, the commonest first. */
  commonest(most = Infinity): [string, number][] {
    const sorted = [...this.words].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return sorted.length > most ? sorted.slice(0, most) : sorted;
  }
}

/** Adds `n` to the count of each of a word's characters. */
function count(counts: Map<string, number>, word: string, n: number): void {
  for (const c of word) counts.set(c, (counts.get(c) ?? 0) + n);
}

export interface VocabularyOptions {
  /** Characters (for `word`, words) that occur fewer times become `<unk>`, except the characters in `always`. */
  readonly minCount: number;
  readonly always: string;
  /** Number of tokens, special ones included, for kinds whose size can be chosen. */
  readonly size: number;
}

/** The characters that a vocabulary contains, in the order of their code points. */
export function alphabet(words: WordCounts, { minCount, always }: VocabularyOptions): string[] {
  const counts = words.characters();
  for (const c of compose(always)) counts.set(c, Infinity);
  const known = [...counts].filter(([, n]) => n >= minCount).map(([c]) => c);
  return known.sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
}
