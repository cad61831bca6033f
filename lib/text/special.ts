/**
 * The special tokens that all tokenizers share.
 *
 * Text never turns into a special token, whatever it contains: `<resp>` typed by a person is six
 * characters. Only code that names a marker through `special` can put one into a sequence.
 */

/** In the order of their ids, which are the first of every vocabulary. */
export const SPECIAL_TOKENS = ["<pad>", "<unk>", "<bos>", "<eos>", "<instr>", "<resp>"] as const;
export type SpecialToken = typeof SPECIAL_TOKENS[number];

export function special(token: SpecialToken): number {
  return SPECIAL_TOKENS.indexOf(token);
}
