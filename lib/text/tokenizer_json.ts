/**
 * The tokenizer.json of tokenizers made here: normalizer, pre-tokenizer, model, decoder. Hugging Face's libraries read
 * it, and give the same ids.
 */
import { MOST_MARKS } from "./compose.ts";
import { SPECIAL_TOKENS } from "./special.ts";

/** A vocabulary as `token -> id`. */
export type Vocab = Record<string, number>;

export type ModelJson =
  | { type: "WordLevel"; vocab: Vocab; unk_token: string }
  | {
    type: "BPE";
    unk_token: string | null;
    vocab: Vocab;
    /** The pairs of neighbours that become one token, in the order in which they were learned. */
    merges: [string, string][];
    /** A piece that is a token stays whole, whatever the merges say. */
    ignore_merges?: boolean;
  }
  | {
    type: "WordPiece";
    unk_token: string;
    continuing_subword_prefix: string;
    max_input_chars_per_word: number;
    vocab: Vocab;
  }
  | {
    type: "Unigram";
    unk_id: number | null;
    byte_fallback: boolean;
    /** Tokens with the natural logarithms of their probabilities, in the order of their ids. */
    vocab: [string, number][];
  };

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

export interface TokenizerJson {
  readonly version: string;
  readonly added_tokens: readonly AddedToken[];
  readonly model: ModelJson;
  readonly normalizer: unknown;
  readonly pre_tokenizer: unknown;
  readonly [key: string]: unknown;
}

export const specialToken = (content: string, id: number): AddedToken => ({
  ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
});

/** Cuts runs of more than 30 combining marks to 30, then applies NFC. */
export const NORMALIZER = {
  type: "Sequence",
  normalizers: [
    { type: "Replace", pattern: { Regex: `(?<=\\p{M}{${MOST_MARKS}})\\p{M}+` }, content: "" },
    { type: "NFC" },
  ],
};

/** How the tokens of a vocabulary spell text. */
type Spelling = "text" | "bytes" | "continued";

const split = (pattern: string) => ({
  type: "Split",
  pattern: { Regex: pattern },
  behavior: "Isolated",
  invert: false,
});
const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false };

const DECODERS: Record<Spelling, unknown> = {
  text: { type: "Fuse" },
  bytes: byteLevel,
  continued: {
    type: "Sequence",
    decoders: [{ type: "Replace", pattern: { Regex: "^##" }, content: "" }, { type: "Fuse" }],
  },
};

/**
 * @param special the special tokens, which come first in the vocabulary
 * @param pattern matches the pieces
 */
export function tokenizerJson(
  model: ModelJson,
  { special, pattern, spelling }: { special: readonly string[]; pattern: string; spelling: Spelling },
): TokenizerJson {
  const { bos } = SPECIAL_TOKENS;
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map(specialToken),
    normalizer: NORMALIZER,
    pre_tokenizer: spelling === "bytes"
      ? { type: "Sequence", pretokenizers: [split(pattern), byteLevel] }
      : split(pattern),
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: bos, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [
        { SpecialToken: { id: bos, type_id: 0 } },
        { Sequence: { id: "A", type_id: 0 } },
        { Sequence: { id: "B", type_id: 1 } },
      ],
      special_tokens: { [bos]: { id: bos, ids: [special.indexOf(bos)], tokens: [bos] } },
    },
    decoder: DECODERS[spelling],
    model,
  };
}

/** The id of each token, in the given order. */
export const vocabOf = (tokens: readonly string[]): Vocab =>
  Object.fromEntries(tokens.map((token, id) => [token, id]));
