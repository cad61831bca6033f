/** The section `tokenizer` of a preset. */
import { z } from "zod";
import { TOKENIZER_KINDS } from "../text/tokenizer.ts";

const natural = z.number().int().positive();

/** The bytes and special tokens that every vocabulary over bytes has, and one token more. */
const LEAST_OVER_BYTES = 262;

export const TokenizerSection = z.strictObject({
  kind: z.enum(TOKENIZER_KINDS).default("char").describe(
    "char: a token per character. word: whole words. bpe: byte-pair encoding over bytes. wordpiece: beginnings and " +
      "continuations of words. unigram: a language model of tokens over bytes.",
  ),
  size: natural.max(2 ** 20).default(1024).describe("Tokens of the vocabulary, of any kind but char."),
  min_count: natural.default(1).describe(
    "Rarer characters (of kind word: words) become <unk>; kinds over bytes have none.",
  ),
  always: z.string().default("").describe(
    "Characters to know even if the corpus lacks them, for the texts of later finetunings; kinds over bytes know all.",
  ),
}).superRefine(({ kind, size }, context) => {
  if ((kind === "bpe" || kind === "unigram") && size < LEAST_OVER_BYTES) {
    const message =
      `${size} is too small: ${kind} has 256 bytes and 5 special tokens before it learns any; give at least ${LEAST_OVER_BYTES}`;
    context.addIssue({ code: "custom", path: ["size"], message });
  }
});

export type TokenizerSection = z.infer<typeof TokenizerSection>;
