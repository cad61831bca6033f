/**
 * WordPiece, like BERT's: a word is encoded as its longest known beginning, then the longest known continuations, which
 * are marked with ##. The vocabulary is learned by merging the commonest pairs, as in Hugging Face's trainer, not by
 * likelihood as in Google's, which was never published.
 */
import { learnMerges } from "./merges.ts";
import { PIECES } from "./pieces.ts";
import { SPECIAL_TOKENS, specialTokens } from "./special.ts";
import { type TokenizerJson, tokenizerJson, vocabOf } from "./tokenizer_json.ts";
import { alphabet, type VocabularyOptions, type WordCounts } from "./words.ts";

/**
 * The prefix of tokens that continue a word. A # in the text is a piece of its own, so no piece begins with ##, and
 * tokens that do are always continuations.
 */
export const CONTINUED = "##";

/** Longer words become `<unk>`, as in BERT. Our own pieces are shorter. */
const LONGEST_WORD = 100;

export function buildWordPiece(words: WordCounts, options: VocabularyOptions): TokenizerJson {
  const special = specialTokens({ unk: true });
  const known = alphabet(words, options);
  // Line ends are the only white space that can continue a piece.
  const continuing = known.filter((c) => !/[^\S\r\n]/u.test(c));
  const tokens = [...special, ...known, ...continuing.map((c) => CONTINUED + c)];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const spelled = [...words.words].map(([word, count]) => ({
    symbols: Array.from(word, (c) => c).map((c, i) => ids.get(i === 0 ? c : CONTINUED + c) ?? -1),
    count,
  }));
  learnMerges(spelled, tokens, options.size, (a, b) => a + b.slice(CONTINUED.length));
  const model = {
    type: "WordPiece",
    unk_token: SPECIAL_TOKENS.unk,
    continuing_subword_prefix: CONTINUED,
    max_input_chars_per_word: LONGEST_WORD,
    vocab: vocabOf(tokens),
  } as const;
  return tokenizerJson(model, { special, pattern: PIECES, spelling: "continued" });
}

export class WordPiece {
  readonly #ids: ReadonlyMap<string, number>;
  /** Ids of continuations, by their text without the mark. */
  readonly #continued = new Map<string, number>();
  readonly #unknown: number;
  /** UTF-16 units of the longest token. */
  #longest = 1;

  constructor(ids: ReadonlyMap<string, number>, unknown: number) {
    this.#ids = ids;
    this.#unknown = unknown;
    for (const [token, id] of ids) {
      this.#longest = Math.max(this.#longest, token.length);
      if (token.startsWith(CONTINUED)) this.#continued.set(token.slice(CONTINUED.length), id);
    }
  }

  /** If any part of a piece is unknown, the whole piece is `<unk>`. */
  encode(piece: string): number[] {
    const known = this.#ids.get(piece);
    if (known !== undefined) return [known];
    if (piece.length > LONGEST_WORD && [...piece].length > LONGEST_WORD) return [this.#unknown];
    const found: number[] = [];
    for (let at = 0; at < piece.length;) {
      const tokens = at === 0 ? this.#ids : this.#continued;
      let id: number | undefined, end = Math.min(piece.length, at + this.#longest);
      // `end` may be inside a surrogate pair, but tokens are whole characters, so none matches there.
      for (; end > at; end--) {
        id = tokens.get(piece.slice(at, end));
        if (id !== undefined) break;
      }
      if (id === undefined) return [this.#unknown];
      found.push(id);
      at = end;
    }
    return found;
  }
}
