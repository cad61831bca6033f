/** The interface of all tokenizers, and the table of their kinds. */
import { dirname, join } from "node:path";
import { UserError } from "../errors.ts";
import { exists, readText } from "../files.ts";
import { buildBpe } from "./bpe.ts";
import { buildChar } from "./char.ts";
import type { Cut } from "./compose.ts";
import { JsonTokenizer } from "./json_tokenizer.ts";
import { JsonError } from "./json_error.ts";
import { parseTokenizer } from "./parse_json.ts";
import type { SpecialIds } from "./special.ts";
import type { TokenizerJson } from "./tokenizer_json.ts";
import { buildUnigram } from "./unigram.ts";
import { buildWord } from "./word.ts";
import { buildWordPiece } from "./wordpiece.ts";
import { type VocabularyOptions, WordCounts } from "./words.ts";

/** The function that builds each kind of vocabulary. */
const builders = {
  char: buildChar,
  word: buildWord,
  bpe: buildBpe,
  wordpiece: buildWordPiece,
  unigram: buildUnigram,
} satisfies Record<string, (words: WordCounts, options: VocabularyOptions) => TokenizerJson>;

export type TokenizerKind = keyof typeof builders;
export const TOKENIZER_KINDS = Object.keys(builders) as TokenizerKind[];

export interface Tokenizer {
  readonly kind: TokenizerKind;
  readonly special: SpecialIds;
  /** Number of ids, special tokens included. */
  readonly size: number;
  /**
   * Ids of the text; what the vocabulary lacks becomes `<unk>`, if it has one.
   * @param cut how many ids to return, from the start or the end. Only the part of the text that can matter for these
   * is read, however long the text is.
   */
  encode(text: string, cut?: Cut): Uint32Array;
  /** The text of the ids. Special tokens appear by name if `special` is true, otherwise not at all. */
  decode(ids: Iterable<number>, options?: { special?: boolean }): string;
  /** The UTF-8 bytes of a token, which may be part of a character; empty for special tokens. */
  bytes(id: number): Uint8Array<ArrayBuffer>;
  /** A token for display: its text or its name; bytes that are not whole characters appear as `\\xf0`. */
  label(id: number): string;
  decoder(): TokenDecoder;
  /** Hugging Face's tokenizer.json. */
  toJson(): TokenizerJson;
}

/** Decodes tokens one by one. Bytes of an incomplete character are kept until the next token. */
export interface TokenDecoder {
  /** The text that a token completes. */
  push(id: number): string;
  /** The rest: U+FFFD if a character is left incomplete. */
  end(): string;
}

/** Counts the pieces of text that is added part by part, then builds a tokenizer from the counts. */
export interface VocabularyBuilder {
  /** The counts so far. */
  readonly words: WordCounts;
  add(text: string): void;
  build(options: VocabularyOptions): Tokenizer;
}

export function vocabularyBuilder(kind: TokenizerKind): VocabularyBuilder {
  const words = new WordCounts();
  return {
    words,
    add: (text) => words.add(text),
    build: (options) => tokenizerOf(builders[kind](words, options)),
  };
}

/** The tokenizer of a `toJson` result. */
export const tokenizerOf = (json: TokenizerJson): Tokenizer => new JsonTokenizer(parseTokenizer(json));

/**
 * Reads the tokenizer in a model's folder: tokenizer.json, or GPT-2's original files, vocab.json and merges.txt. Null
 * if there is none.
 * @throws {UserError} if its kind is not supported
 */
export async function readFolderTokenizer(folder: string): Promise<Tokenizer | null> {
  const path = join(folder, "tokenizer.json"), vocab = join(folder, "vocab.json");
  if (await exists(path)) return await readTokenizer(path);
  if (!await exists(vocab)) return null;
  const merges = (await readText(join(folder, "merges.txt"), "restore it")).split("\n")
    .filter((line) => line !== "" && !line.startsWith("#version"));
  const json = {
    model: { type: "BPE", vocab: await readJson(vocab), merges },
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    decoder: { type: "ByteLevel" },
  };
  return new JsonTokenizer(parse(() => parseTokenizer(json), vocab));
}

/**
 * Reads a tokenizer.json of ours, or byte-level BPE from elsewhere, with a tokenizer_config.json beside it if there is
 * one. Missing special tokens get ids after its own.
 * @throws {UserError} if the file is missing, or is not a supported tokenizer
 */
export async function readTokenizer(path: string): Promise<Tokenizer> {
  const json = await readJson(path);
  const config = join(dirname(path), "tokenizer_config.json");
  const names = await exists(config) ? await readJson(config) : {};
  return new JsonTokenizer(parse(() => parseTokenizer(json, names), path));
}

function parse<T>(read: () => T, path: string): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new UserError(`${path}: ${error.message}; make a vocabulary with deno task build-vocab`);
  }
}

async function readJson(path: string): Promise<unknown> {
  const text = await readText(path, "make it with deno task build-vocab");
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${path} is no JSON; make it with deno task build-vocab`);
  }
}
