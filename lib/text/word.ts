/** One token per word, with the space before it; a word that the vocabulary lacks is `<unk>`. */
import { PIECES } from "./pieces.ts";
import { SPECIAL_TOKENS, specialTokens } from "./special.ts";
import { type TokenizerJson, tokenizerJson, vocabOf } from "./tokenizer_json.ts";
import type { VocabularyOptions, WordCounts } from "./words.ts";

/** The characters in `always`, then the commonest words that occur at least `minCount` times. */
export function buildWord(words: WordCounts, { minCount, always, size }: VocabularyOptions): TokenizerJson {
  const special = specialTokens({ unk: true });
  const tokens = new Set([...special, ...always]);
  for (const [word, n] of words.commonest()) {
    if (n < minCount || tokens.size >= size) break;
    tokens.add(word);
  }
  return tokenizerJson(
    { type: "WordLevel", vocab: vocabOf([...tokens]), unk_token: SPECIAL_TOKENS.unk },
    { special, pattern: PIECES, spelling: "text" },
  );
}

/** The model of `char` and `word`: every piece is a token. */
export class Lookup {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #unknown: number[];

  constructor(ids: ReadonlyMap<string, number>, unknown: number) {
    this.#ids = ids;
    this.#unknown = [unknown];
  }

  encode(piece: string): number[] {
    const id = this.#ids.get(piece);
    return id === undefined ? this.#unknown : [id];
  }
}
