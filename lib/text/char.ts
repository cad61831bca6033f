/** One token per character: a Unicode code point of the text in its composed form (NFC). */
import { CHARACTERS } from "./pieces.ts";
import { SPECIAL_TOKENS, specialTokens } from "./special.ts";
import { type TokenizerJson, tokenizerJson, vocabOf } from "./tokenizer_json.ts";
import { alphabet, type VocabularyOptions, type WordCounts } from "./words.ts";

export function buildChar(words: WordCounts, options: VocabularyOptions): TokenizerJson {
  const special = specialTokens({ unk: true });
  const vocab = vocabOf([...special, ...alphabet(words, options)]);
  return tokenizerJson(
    { type: "WordLevel", vocab, unk_token: SPECIAL_TOKENS.unk },
    { special, pattern: CHARACTERS, spelling: "text" },
  );
}
