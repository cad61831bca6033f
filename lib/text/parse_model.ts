/** Parses the `model` of a tokenizer.json, and makes the function that encodes a piece with it. */
import { z } from "zod";
import { Bpe } from "./bpe.ts";
import { ALPHABET, fromByteCharacters, toByteCharacters } from "./byte_alphabet.ts";
import { check, JsonError, type Part } from "./json_error.ts";
import type { ModelJson } from "./tokenizer_json.ts";
import { Unigram } from "./unigram_model.ts";
import { Lookup } from "./word.ts";
import { CONTINUED, WordPiece } from "./wordpiece.ts";

const encoder = new TextEncoder();

const Vocabulary = z.record(z.string(), z.number().int().nonnegative().max(2 ** 22));
const off = (value: unknown) => value === undefined || value === null || value === false || value === "";

/** @throws {JsonError} if the vocabulary's kind is not supported */
export function parseModel(model: Part): ModelJson {
  const refuse = (key: string, why: string) => new JsonError(`model.${key}: ${why}`);
  const unk = check(z.string().nullish(), model.unk_token, "model.unk_token") ?? null;
  // Old files of GPT-2's kind have no type.
  switch (model.type ?? (model.merges ? "BPE" : undefined)) {
    case "BPE": {
      for (const key of ["dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"]) {
        if (!off(model[key])) {
          throw refuse(key, `${JSON.stringify(model[key])} would give other ids; it is not read`);
        }
      }
      const vocab = check(Vocabulary, model.vocab, "model.vocab");
      const merges = parseMerges(model.merges, vocab);
      return {
        ...model,
        type: "BPE",
        unk_token: unk,
        vocab,
        merges,
        ignore_merges: model.ignore_merges === true,
      };
    }
    case "WordLevel":
    case "WordPiece": {
      const vocab = check(Vocabulary, model.vocab, "model.vocab");
      if (unk === null || !Object.hasOwn(vocab, unk)) {
        throw refuse("unk_token", "it is no token of the vocabulary");
      }
      if (model.type === "WordLevel") return { type: "WordLevel", vocab, unk_token: unk };
      const { continuing_subword_prefix: prefix = CONTINUED, max_input_chars_per_word: most = 100 } = model;
      if (prefix !== CONTINUED) throw refuse("continuing_subword_prefix", `only ${CONTINUED} is read`);
      if (most !== 100) throw refuse("max_input_chars_per_word", "only 100 is read");
      return {
        ...{
          type: "WordPiece",
          unk_token: unk,
          continuing_subword_prefix: prefix,
          max_input_chars_per_word: most,
          vocab,
        },
      };
    }
    case "Unigram": {
      const vocab = check(z.array(z.tuple([z.string(), z.number()])), model.vocab, "model.vocab");
      if (!off(model.byte_fallback)) throw refuse("byte_fallback", "only vocabularies over bytes are read");
      return { type: "Unigram", unk_id: null, byte_fallback: false, vocab };
    }
  }
  throw refuse(
    "type",
    `${JSON.stringify(model.type) ?? "missing"} is none of WordLevel, BPE, WordPiece, Unigram`,
  );
}

/** Parses merges: each is a pair, or a text with a space between the two. */
function parseMerges(value: unknown, vocab: Record<string, number>): [string, string][] {
  const pairs = check(
    z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
    value,
    "model.merges",
  );
  return pairs.map((pair, i) => {
    const [a, b, ...more] = typeof pair === "string" ? pair.split(" ") : pair;
    if (b === undefined || more.length > 0 || ![a, b, a + b].every((token) => Object.hasOwn(vocab, token))) {
      throw new JsonError(
        `model.merges.${i}: ${JSON.stringify(pair)} is no pair of tokens of the vocabulary`,
      );
    }
    return [a, b];
  });
}

/** @throws {JsonError} if a byte has no token */
export function pieceEncoder(
  model: ModelJson,
  bytes: boolean,
  ids: ReadonlyMap<string, number>,
  usable: readonly (string | undefined)[],
  unk: number | null,
): (piece: string) => readonly number[] {
  const lacking = bytes ? ALPHABET.find((character) => !ids.has(character)) : undefined;
  if (lacking !== undefined) throw new JsonError(`model.vocab: it lacks ${JSON.stringify(lacking)}, a byte`);
  if (!bytes && (unk === null || model.type === "Unigram")) {
    throw new JsonError(
      `pre_tokenizer: without ByteLevel, ${model.type} is read only as this project writes it`,
    );
  }
  switch (model.type) {
    case "WordLevel": {
      const lookup = new Lookup(ids, unk!);
      return (piece) => lookup.encode(piece);
    }
    case "WordPiece": {
      const wordPiece = new WordPiece(ids, unk!);
      return (piece) => wordPiece.encode(piece);
    }
    case "BPE": {
      const bpe = new Bpe(ids, model.merges, { unknown: unk ?? 0, whole: model.ignore_merges === true });
      if (!bytes) return (piece) => bpe.encode(piece);
      return model.ignore_merges
        ? (piece) => bpe.encode(toByteCharacters(piece))
        : (piece) => bpe.encodeBytes(encoder.encode(piece));
    }
    case "Unigram": {
      const spelled = Array.from(usable, (token) => token === undefined ? null : fromByteCharacters(token));
      const unigram = new Unigram(spelled, Float64Array.from(model.vocab, ([, score]) => score));
      return (piece) => unigram.encode(encoder.encode(piece));
    }
  }
}
