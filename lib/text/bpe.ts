/**
 * Byte-pair encoding over bytes, like GPT-2's: every text can be encoded, so there is no `<unk>`. It can also merge
 * characters, for the project's earliest vocabularies.
 */
import { BinaryHeap } from "@std/data-structures/binary-heap";
import { ALPHABET, BYTE_CHARACTERS, toByteCharacters } from "./byte_alphabet.ts";
import { learnMerges } from "./merges.ts";
import { PairTable } from "./pair_table.ts";
import { PIECES } from "./pieces.ts";
import { specialTokens } from "./special.ts";
import { type TokenizerJson, tokenizerJson, vocabOf } from "./tokenizer_json.ts";
import type { VocabularyOptions, WordCounts } from "./words.ts";

export function buildBpe(words: WordCounts, { size }: VocabularyOptions): TokenizerJson {
  const special = specialTokens({ unk: false });
  const tokens = [...special, ...ALPHABET];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const spelled = [...words.words].map(([word, count]) => ({
    symbols: Array.from(toByteCharacters(word), (c) => ids.get(c)!),
    count,
  }));
  const merges = learnMerges(spelled, tokens, size, (a, b) => a + b);
  const model = { type: "BPE", unk_token: null, vocab: vocabOf(tokens), merges } as const;
  return tokenizerJson(model, { special, pattern: PIECES, spelling: "bytes" });
}

/** Pieces of at most so many symbols are merged without a heap. */
const SHORT = 64;

export class Bpe {
  readonly #ids: ReadonlyMap<string, number>;
  /** The rank of each pair of neighbours: how early it was learned. `#merged` has the resulting token by rank. */
  readonly #ranks: PairTable;
  readonly #merged: number[] = [];
  /** Ranks of the pairs in the current piece. */
  readonly #scratch = new Int32Array(SHORT);
  /** The id of each byte. */
  readonly #bytes: Int32Array;
  readonly #unknown: number;
  readonly #whole: boolean;

  /**
   * @param unknown the id of symbols that the vocabulary lacks
   * @param whole a piece that is a token stays whole, whatever the merges say
   */
  constructor(
    ids: ReadonlyMap<string, number>,
    merges: readonly (readonly [string, string])[],
    { unknown, whole }: { unknown: number; whole: boolean },
  ) {
    this.#ids = ids;
    this.#bytes = Int32Array.from(BYTE_CHARACTERS, (character) => ids.get(character) ?? -1);
    this.#unknown = unknown;
    this.#whole = whole;
    this.#ranks = new PairTable(merges.length);
    merges.forEach(([a, b], rank) => {
      this.#ranks.set(ids.get(a)!, ids.get(b)!, rank);
      this.#merged.push(ids.get(a + b)!);
    });
  }

  encode(piece: string): number[] {
    const known = this.#ids.get(piece);
    if (known !== undefined && (this.#whole || piece.length === 1)) return [known];
    // A symbol without an id gets -1, which no merge contains.
    const symbols = Array.from(piece, (c) => this.#ids.get(c) ?? -1);
    if (symbols.length > 1) this.#merge(symbols);
    return symbols.includes(-1) ? symbols.map((id) => id < 0 ? this.#unknown : id) : symbols;
  }

  /** The same for UTF-8 bytes; all bytes need a token. */
  encodeBytes(bytes: Uint8Array): number[] {
    const symbols: number[] = [];
    for (let i = 0; i < bytes.length; i++) symbols.push(this.#bytes[bytes[i]]);
    if (symbols.length > 1) this.#merge(symbols);
    return symbols;
  }

  /** A pair's rank; -1 if it is never merged. */
  #rank(a: number, b: number): number {
    return a < 0 || b < 0 ? -1 : this.#ranks.get(a, b);
  }

  /** Merges neighbours: always the pair that was learned first, and the leftmost of equal ones. */
  #merge(symbols: number[]): void {
    if (symbols.length > SHORT) return this.#mergeLong(symbols);
    const ranks = this.#scratch;
    let n = symbols.length;
    for (let i = 0; i + 1 < n; i++) ranks[i] = this.#rank(symbols[i], symbols[i + 1]);
    for (;;) {
      let best = -1, at = -1;
      for (let i = 0; i + 1 < n; i++) if (ranks[i] >= 0 && (at < 0 || ranks[i] < best)) best = ranks[at = i];
      if (at < 0) break;
      symbols[at] = this.#merged[best];
      n--;
      for (let i = at + 1; i < n; i++) {
        symbols[i] = symbols[i + 1];
        ranks[i] = ranks[i + 1];
      }
      if (at > 0) ranks[at - 1] = this.#rank(symbols[at - 1], symbols[at]);
      if (at + 1 < n) ranks[at] = this.#rank(symbols[at], symbols[at + 1]);
    }
    symbols.length = n;
  }

  /** The same with a heap and links between neighbours, in time O(n log n). */
  #mergeLong(symbols: number[]): void {
    const n = symbols.length;
    const next = Int32Array.from({ length: n }, (_, i) => i + 1);
    const previous = Int32Array.from({ length: n }, (_, i) => i - 1);
    // A candidate is rank * n + position, so the smallest is the leftmost pair of the first rank.
    const heap = new BinaryHeap<number>((x: number, y: number) => x - y);
    const offer = (i: number) => {
      if (i < 0 || next[i] >= n) return;
      const rank = this.#rank(symbols[i], symbols[next[i]]);
      if (rank >= 0) heap.push(rank * n + i);
    };
    const GONE = -2;
    for (let i = 0; i + 1 < n; i++) offer(i);
    for (let best = heap.pop(); best !== undefined; best = heap.pop()) {
      const at = best % n, rank = (best - at) / n, right = next[at];
      if (symbols[at] === GONE || right >= n || this.#rank(symbols[at], symbols[right]) !== rank) continue;
      symbols[at] = this.#merged[rank];
      symbols[right] = GONE;
      next[at] = next[right];
      if (next[at] < n) previous[next[at]] = at;
      offer(previous[at]);
      offer(at);
    }
    let kept = 0;
    for (const id of symbols) if (id !== GONE) symbols[kept++] = id;
    symbols.length = kept;
  }
}
