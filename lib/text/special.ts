/**
 * The special tokens that all tokenizers share.
 *
 * Text never turns into a special token, whatever it contains: `<resp>` typed by a person is six
 * characters. Only code that asks a tokenizer for a marker's id can put one into a sequence.
 */

/** In the order of their ids, which are the first of every vocabulary. */
export const SPECIAL_TOKENS = ["<pad>", "<unk>", "<bos>", "<eos>", "<instr>", "<resp>"] as const;
export type SpecialToken = typeof SPECIAL_TOKENS[number];

/** The ids of a vocabulary's special tokens. */
export interface SpecialIds {
  /** Fills rows of a batch up to a common length. */
  readonly pad: number;
  /** What the vocabulary lacks; null if it lacks nothing. */
  readonly unk: number | null;
  /** Begins a document. */
  readonly bos: number;
  /** Ends a document or an answer. */
  readonly eos: number;
  /** Begins an instruction. */
  readonly instr: number;
  /** Begins an answer. */
  readonly resp: number;
}

/** The ids of vocabularies that begin with `SPECIAL_TOKENS`. */
export const FIRST_IDS: SpecialIds = { pad: 0, unk: 1, bos: 2, eos: 3, instr: 4, resp: 5 };
