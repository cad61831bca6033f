/**
 * Reads Hugging Face's tokenizer.json: ours of every kind, and byte-level BPE from elsewhere. An unsupported setting
 * that affects ids is refused, naming its key; settings that do not affect ids are ignored.
 */
import { z } from "zod";
import { fromByteCharacters } from "./byte_alphabet.ts";
import { check, JsonError, RecordOf } from "./json_error.ts";
import { parseModel, pieceEncoder } from "./parse_model.ts";
import { type Cutting, parseNormalizer, parsePreTokenizer } from "./parse_pieces.ts";
import { CHARACTERS, longestPiece, type Splitter } from "./pieces.ts";
import type { SpecialIds } from "./special.ts";
import { specialIds } from "./special_ids.ts";
import type { TokenizerKind } from "./tokenizer.ts";
import type { AddedToken, ModelJson, TokenizerJson } from "./tokenizer_json.ts";
import { CONTINUED } from "./wordpiece.ts";

/** The contents of a tokenizer.json, ready for use. */
export interface ParsedTokenizer {
  readonly kind: TokenizerKind;
  readonly json: TokenizerJson;
  readonly special: SpecialIds;
  /** Spellings by id; an id may be unused. */
  readonly tokens: readonly (string | undefined)[];
  /** The UTF-8 bytes of each token; empty for special tokens. */
  readonly bytes: readonly Uint8Array<ArrayBuffer>[];
  readonly normalise: (text: string) => string;
  /** Added tokens to find in a text before it is cut, longest first; not special ones, which no text can spell. */
  readonly added: ReadonlyMap<string, number>;
  readonly split: Splitter;
  /** Ids of one piece. */
  readonly encode: (piece: string) => readonly number[];
  /** Characters of the longest piece and of the longest token. */
  readonly longest: { readonly piece: number; readonly token: number };
}

const encoder = new TextEncoder();

const Added = z.object({
  id: z.number().int().nonnegative().max(2 ** 22),
  content: z.string().min(1),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().default(false),
  special: z.boolean().default(false),
});

/**
 * @param config tokenizer_config.json, which names the special tokens
 * @throws {JsonError} if something is not supported; the message names the key
 */
export function parseTokenizer(input: unknown, config: unknown = {}): ParsedTokenizer {
  const given = check(RecordOf, input, "tokenizer.json");
  const own = check(z.array(Added), given.added_tokens ?? [], "added_tokens");
  const model = parseModel(check(RecordOf, given.model, "model"));
  const cutting = parsePreTokenizer(given.pre_tokenizer, "pre_tokenizer");
  const tokens = tokensOf(model, own);
  const { special, missing } = specialIds(own, tokens, config, model);
  const added: AddedToken[] = [...own, ...missing];
  // The model does not get special tokens, so that no text can spell them.
  const hidden = new Set<number | null>(added.filter((token) => token.special).map(({ id }) => id));
  for (const id of Object.values(special)) hidden.add(id);
  const usable = Array.from(tokens, (token, id) => hidden.has(id) ? undefined : token);
  const ids = new Map<string, number>();
  usable.forEach((token, id) => token !== undefined && ids.set(token, id));
  const piece = longestPiece(cutting.patterns);
  const wide = model.type === "WordLevel" || model.type === "WordPiece" ? piece : 1;
  return {
    kind: kindOf(model, cutting),
    json: { version: "1.0", normalizer: null, pre_tokenizer: null, ...given, model, added_tokens: added },
    special,
    tokens,
    bytes: spellings(usable, own, model, cutting),
    normalise: parseNormalizer(given.normalizer),
    added: spellable(own),
    split: cutting.split,
    encode: pieceEncoder(model, cutting.bytes, ids, usable, special.unk),
    longest: { piece, token: ids.keys().reduce((most, { length }) => Math.max(most, length), wide) },
  };
}

/** Spellings by id. */
function tokensOf(model: ModelJson, added: readonly AddedToken[]): (string | undefined)[] {
  const tokens: (string | undefined)[] = [];
  if (model.type === "Unigram") model.vocab.forEach(([token], id) => tokens[id] = token);
  else for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
  for (const { content, id } of added) tokens[id] = content;
  return tokens;
}

/** The UTF-8 bytes of each token. */
function spellings(
  usable: readonly (string | undefined)[],
  added: readonly AddedToken[],
  { type }: ModelJson,
  { bytes }: Cutting,
): Uint8Array<ArrayBuffer>[] {
  const verbatim = new Set(added.map(({ id }) => id));
  return usable.map((token, id) => {
    if (token === undefined) return new Uint8Array();
    if (bytes && !verbatim.has(id)) return fromByteCharacters(token) ?? encoder.encode(token);
    const continues = type === "WordPiece" && token.startsWith(CONTINUED);
    return encoder.encode(continues ? token.slice(CONTINUED.length) : token);
  });
}

/**
 * The added tokens that can be spelled in text, the longest first.
 * @throws {JsonError} if one has rules beyond its spelling, such as `single_word`
 */
function spellable(added: readonly AddedToken[]): Map<string, number> {
  const found = added.filter(({ special }) => !special).sort((a, b) => b.content.length - a.content.length);
  for (const { content, single_word, lstrip, rstrip } of found) {
    if (!single_word && !lstrip && !rstrip) continue;
    const why = "single_word, lstrip and rstrip would give other ids; they are not read";
    throw new JsonError(`added_tokens: ${JSON.stringify(content)}: ${why}`);
  }
  return new Map(found.map(({ content, id }) => [content, id]));
}

function kindOf({ type }: ModelJson, { patterns }: Cutting): TokenizerKind {
  if (type === "BPE") return "bpe";
  if (type === "WordPiece") return "wordpiece";
  if (type === "Unigram") return "unigram";
  return patterns.join() === CHARACTERS ? "char" : "word";
}
