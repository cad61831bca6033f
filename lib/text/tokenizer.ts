/** What every tokenizer offers, and the table of their kinds. */
import { z } from "zod";
import { UserError } from "../errors.ts";
import { readText } from "../files.ts";
import { BpeTokenizer } from "./bpe.ts";
import { CharTokenizer } from "./char.ts";
import type { Cut } from "./compose.ts";
import { SPECIAL_TOKENS, type SpecialIds } from "./special.ts";

/** A tokenizer as it is saved. `counts` says how often each token stood in the training text. */
export const TokenizerFile = z.strictObject({
  kind: z.enum(["char", "bpe"]),
  special: z.array(z.string()),
  tokens: z.array(z.string()),
  counts: z.array(z.number().int().nonnegative()),
  /** Of byte-pair encoding: which neighbours become one token, the first learned first. */
  merges: z.array(z.tuple([z.string(), z.string()])).optional(),
});
export type TokenizerFile = z.infer<typeof TokenizerFile>;

export interface Tokenizer {
  readonly kind: TokenizerFile["kind"];
  readonly special: SpecialIds;
  /** Number of ids, special tokens included. */
  readonly size: number;
  /**
   * Ids of the text; what the vocabulary lacks becomes `<unk>`.
   * @param cut wants only so many ids, from the start or the end: then no more of the text is looked at than can
   * matter, however long it is
   */
  encode(text: string, cut?: Cut): Uint32Array;
  /** The text of some ids; special tokens appear by name if asked for, else not at all. */
  decode(ids: Iterable<number>, options?: { special?: boolean }): string;
  toFile(): TokenizerFile;
}

/** Counts tokens of text that comes in pieces, then makes a tokenizer of them. */
export interface VocabularyBuilder {
  add(text: string): void;
  build(options: VocabularyOptions): Tokenizer;
}

export interface VocabularyOptions {
  /** Characters seen fewer times become `<unk>`, but for those in `always`. */
  readonly minCount: number;
  readonly always: string;
  /** Tokens of the vocabulary, special ones included, where the kind lets one choose. */
  readonly size: number;
}

/** How a kind is built from text, and restored from a file. */
interface TokenizerKind {
  builder(): VocabularyBuilder;
  restore(file: TokenizerFile): Tokenizer;
}

const kinds: Record<TokenizerFile["kind"], TokenizerKind> = {
  char: {
    builder: () => CharTokenizer.builder(),
    restore: (file) => new CharTokenizer(file.tokens, file.counts),
  },
  bpe: {
    builder: () => BpeTokenizer.builder(),
    restore: ({ tokens, counts, merges }) => new BpeTokenizer({ tokens, counts, merges: merges ?? [] }),
  },
};

export function vocabularyBuilder(kind: TokenizerFile["kind"]): VocabularyBuilder {
  return kinds[kind].builder();
}

/** @throws {UserError} if the file is missing or is no tokenizer */
export async function readTokenizer(path: string): Promise<Tokenizer> {
  const text = await readText(path, "make it with deno task build-vocab");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UserError(`${path} is no JSON; make it with deno task build-vocab`);
  }
  const parsed = TokenizerFile.safeParse(json);
  if (!parsed.success || parsed.data.special.join() !== SPECIAL_TOKENS.join()) {
    throw new UserError(`${path} is not a tokenizer of this version; make it with deno task build-vocab`);
  }
  return kinds[parsed.data.kind].restore(parsed.data);
}
