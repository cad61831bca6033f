/**
 * The special tokens of all vocabularies, by their purpose.
 *
 * Text is never encoded as a special token: `<resp>` typed by a person is six characters. Only code that
 * asks a tokenizer for a marker's id can put one into a sequence.
 */

/** The ids of a vocabulary's special tokens. */
export interface SpecialIds {
  /** Fills rows of a batch up to a common length. */
  readonly pad: number;
  /** Stands for text that the vocabulary lacks; null if it can spell every text. */
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

/** The special tokens at the start of a vocabulary. A vocabulary that can spell every byte needs no `<unk>`. */
export const specialTokens = ({ unk }: { unk: boolean }): string[] =>
  SPECIAL_NAMES.filter((name) => unk || name !== "unk").map((name) => SPECIAL_TOKENS[name]);
