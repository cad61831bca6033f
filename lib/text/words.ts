/** Counts of a text's pieces, from which vocabularies are learned. */
import { compose } from "./compose.ts";
import { PIECES } from "./pieces.ts";

/** So many different pieces are counted at most; then the rarest are forgotten, and only their characters stay. */
const MOST = 1 << 21;

const PATTERN = new RegExp(PIECES, "gu");

/**
 * A string of its own: V8 would keep a whole text alive for the sake of a piece that was cut from it. It copies pieces
 * of up to 12 UTF-16 units by itself.
 */
export const copy = (piece: string): string => piece.length <= 12 ? piece : JSON.parse(JSON.stringify(piece));

/** Pieces and their counts, in the order in which they came; and the characters of forgotten ones. */
export interface WordParts {
  readonly words: readonly (readonly [string, number])[];
  readonly forgotten: readonly (readonly [string, number])[];
}

export class WordCounts {
  readonly words = new Map<string, number>();
  /** Characters of forgotten pieces. */
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

  /** Forgets pieces that stood at most so many times. */
  #forget(rare: number): void {
    for (const [word, n] of this.words) {
      if (n > rare) continue;
      count(this.#forgotten, word, n);
      this.words.delete(word);
    }
  }

  /** What one needs to add these counts to others. */
  get parts(): WordParts {
    return { words: [...this.words], forgotten: [...this.#forgotten] };
  }

  /** Adds the counts of a text that comes after this one. */
  merge({ words, forgotten }: WordParts): void {
    for (const [word, n] of words) this.words.set(word, (this.words.get(word) ?? 0) + n);
    for (const [character, n] of forgotten) count(this.#forgotten, character, n);
    this.#bound();
  }

  /** How often each character stood. */
  characters(): Map<string, number> {
    const counts = new Map(this.#forgotten);
    for (const [word, n] of this.words) count(counts, word, n);
    return counts;
  }

  /** The pieces that stood most often, at most so many of them, the commonest first. */
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
  /** Characters (of `word`: words) seen fewer times become `<unk>`, but for the characters in `always`. */
  readonly minCount: number;
  readonly always: string;
  /** Tokens of the vocabulary, special ones included, where the kind lets one choose. */
  readonly size: number;
}

/** The characters that a vocabulary knows, in the order of their code points. */
export function alphabet(words: WordCounts, { minCount, always }: VocabularyOptions): string[] {
  const counts = words.characters();
  for (const c of compose(always)) counts.set(c, Infinity);
  const known = [...counts].filter(([, n]) => n >= minCount).map(([c]) => c);
  return known.sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
}
