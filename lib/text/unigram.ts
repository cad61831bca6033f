/**
 * A unigram language model of tokens (Kudo, arXiv:1804.10959), like SentencePiece's, but over bytes: all 256 are
 * tokens, so there is no `<unk>`.
 */
import { ALPHABET, BYTE_CHARACTERS } from "./byte_alphabet.ts";
import { PIECES } from "./pieces.ts";
import { specialTokens } from "./special.ts";
import { type TokenizerJson, tokenizerJson } from "./tokenizer_json.ts";
import { learnUnigram } from "./unigram_training.ts";
import type { VocabularyOptions, WordCounts } from "./words.ts";

export function buildUnigram(words: WordCounts, { size }: VocabularyOptions): TokenizerJson {
  const special = specialTokens({ unk: false });
  const learned = learnUnigram(words.commonest(), Math.max(ALPHABET.length, size - special.length));
  const vocab: [string, number][] = special.map((token) => [token, 0]);
  for (const { bytes, score } of learned) {
    vocab.push([Array.from(bytes, (byte) => BYTE_CHARACTERS[byte]).join(""), Number(score.toFixed(6))]);
  }
  return tokenizerJson(
    { type: "Unigram", unk_id: null, byte_fallback: false, vocab },
    { special, pattern: PIECES, spelling: "bytes" },
  );
}
