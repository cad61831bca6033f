/**
 * The special tokens that vocabularies share, by what they are for.
 *
 * Text never turns into a special token, whatever it contains: `<resp>` typed by a person is six
 * characters. Only code that asks a tokenizer for a marker's id can put one into a sequence.
 */

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

/** How they are spelled in vocabularies made here, in the order of their ids. */
export const SPECIAL_TOKENS = {
  pad: "<pad>",
  unk: "<unk>",
  bos: "<bos>",
  eos: "<eos>",
  instr: "<instr>",
  resp: "<resp>",
} as const satisfies Record<keyof SpecialIds, string>;

export type SpecialName = keyof SpecialIds;
export const SPECIAL_NAMES = Object.keys(SPECIAL_TOKENS) as SpecialName[];

/** The special tokens that begin a vocabulary. One that spells every byte needs no `<unk>`. */
export const specialTokens = ({ unk }: { unk: boolean }): string[] =>
  SPECIAL_NAMES.filter((name) => unk || name !== "unk").map((name) => SPECIAL_TOKENS[name]);
