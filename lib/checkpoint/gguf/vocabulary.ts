/**
 * Converts a vocabulary to keys of a GGUF file, and back. For byte-level BPE, llama.cpp names its pre-tokenizers, which
 * cut a text before merging: https://github.com/ggml-org/llama.cpp/blob/master/src/llama-vocab.cpp
 */
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { check, JsonError, RecordOf } from "../../text/json_error.ts";
import { JsonTokenizer } from "../../text/json_tokenizer.ts";
import { parseTokenizer } from "../../text/parse_json.ts";
import { parsePreTokenizer } from "../../text/parse_pieces.ts";
import { GPT2_PIECES, PIECES } from "../../text/pieces.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { type AddedToken, specialToken } from "../../text/tokenizer_json.ts";
import type { Key } from "./format.ts";
import { REMEDY, type Value } from "./reader.ts";

/** `llama_token_type`. */
const TYPES = { normal: 1, control: 3, userDefined: 4, unused: 5 } as const;

/** Our own key: tokenizer.json without vocabulary and merges, which are in llama.cpp's keys. */
const OWN_KEY = "desde-cero.tokenizer";

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const cutBy = (digits: string) =>
  `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

interface PreTokenizer {
  /** `tokenizer.ggml.pre`. */
  readonly name: string;
  /** The patterns that cut, as tokenizer.json has them. */
  readonly patterns: readonly string[];
  /** Whether a piece that is a token stays whole, whatever the merges say. */
  readonly whole?: boolean;
  readonly normalizer?: "NFC";
}

/**
 * llama.cpp does not have our pre-tokenizer. Its `superbpe` cuts only at numbers, and never inside one of our pieces.
 * Where we cut and it does not, the tokens are still the same, because none of ours spans two pieces. (docs/export.md
 * lists the remaining differences.)
 */
const OURS: PreTokenizer = { name: "superbpe", patterns: [PIECES] };

const OTHERS: readonly PreTokenizer[] = [
  { name: "gpt-2", patterns: [GPT2_PIECES] },
  { name: "smollm", patterns: ["\\p{N}", GPT2_PIECES] },
  { name: "qwen2", patterns: [cutBy("\\p{N}")], normalizer: "NFC" },
  { name: "llama-bpe", patterns: [cutBy("\\p{N}{1,3}")], whole: true },
];

/**
 * The keys of a model's vocabulary.
 * @param vocab rows of the model's token embedding
 * @param chat whether it was taught to answer: then llama.cpp must not put `<bos>` before the prompt
 * @throws {UserError} naming `model`, if llama.cpp has no such vocabulary
 */
export function vocabularyKeys(
  tokenizer: Tokenizer,
  { vocab, chat, model }: { vocab: number; chat: boolean; model: string },
): Key[] {
  const { model: bpe, ...json } = tokenizer.toJson();
  const option = "serve it here, or export it --to onnx";
  if (bpe.type !== "BPE") {
    throw new UserError(
      `${model}: its vocabulary is of the kind ${tokenizer.kind}, and GGUF has byte-level bpe alone; ${option}`,
    );
  }
  const { patterns, bytes } = parsePreTokenizer(json.pre_tokenizer, "pre_tokenizer");
  const pre = [OURS, ...OTHERS].find((known) =>
    known.patterns.join("\0") === patterns.join("\0") &&
    (known.whole ?? false) === (bpe.ignore_merges ?? false)
  );
  if (!bytes) {
    throw new UserError(
      `${model}: its vocabulary merges characters, and GGUF has byte-level bpe alone; ${option}`,
    );
  }
  if (!pre) {
    throw new UserError(
      `${model}: its vocabulary cuts text in a way that llama.cpp has no name for; train one with this version, or ${option}`,
    );
  }
  if (tokenizer.size > vocab) {
    throw new UserError(
      `${model}: its vocabulary has ${tokenizer.size} tokens, and the model ${vocab}; restore it`,
    );
  }
  const { special } = tokenizer;
  const added = new Map(json.added_tokens.map((token) => [token.id, token]));
  const control = new Set<number | null>(Object.values(special));
  const spelled: string[] = [];
  for (const [token, id] of Object.entries(bpe.vocab)) spelled[id] = token;
  const tokens: string[] = [], types: number[] = [];
  for (let id = 0; id < vocab; id++) {
    const own = added.get(id), token = own?.content ?? spelled[id];
    tokens.push(token ?? `[unused ${id}]`);
    types.push(
      token === undefined
        ? TYPES.unused
        : own?.special || control.has(id)
        ? TYPES.control
        : own
        ? TYPES.userDefined
        : TYPES.normal,
    );
  }
  return [
    ["tokenizer.ggml.model", { string: "gpt2" }],
    ["tokenizer.ggml.pre", { string: pre.name }],
    ["tokenizer.ggml.tokens", { strings: tokens }],
    ["tokenizer.ggml.token_type", { int32s: types }],
    ["tokenizer.ggml.merges", { strings: bpe.merges.map((pair) => pair.join(" ")) }],
    ["tokenizer.ggml.bos_token_id", { uint32: special.bos }],
    ["tokenizer.ggml.eos_token_id", { uint32: special.eos }],
    ["tokenizer.ggml.padding_token_id", { uint32: special.pad }],
    ["tokenizer.ggml.add_bos_token", { bool: !chat }],
    ["tokenizer.ggml.add_eos_token", { bool: false }],
    [OWN_KEY, { string: JSON.stringify(json) }],
  ];
}

const Keys = z.object({
  "tokenizer.ggml.model": z.literal("gpt2"),
  "tokenizer.ggml.pre": z.string().default("default"),
  "tokenizer.ggml.tokens": z.array(z.string()).min(1),
  "tokenizer.ggml.token_type": z.array(z.number()).optional(),
  "tokenizer.ggml.merges": z.array(z.string()),
  "tokenizer.ggml.bos_token_id": z.number().optional(),
  "tokenizer.ggml.eos_token_id": z.number().optional(),
  "tokenizer.ggml.padding_token_id": z.number().optional(),
  [OWN_KEY]: z.string().optional(),
});

/**
 * The tokenizer of a GGUF file.
 * @param path the file's, for messages
 * @param rows of the token embedding; there has to be a token for each
 * @throws {UserError} if the vocabulary is of an unsupported kind, or broken
 */
export function vocabularyFrom(keys: ReadonlyMap<string, Value>, path: string, rows: number): Tokenizer {
  const parsed = Keys.safeParse(Object.fromEntries(keys));
  if (!parsed.success) {
    const { path: key, message } = parsed.error.issues[0];
    throw new UserError(`${path}: ${key.join(".")}: ${message}; byte-level bpe, "gpt2", is read; ${REMEDY}`);
  }
  const given = parsed.data;
  const tokens = given["tokenizer.ggml.tokens"];
  const types = given["tokenizer.ggml.token_type"] ?? [];
  if (tokens.length !== rows) {
    throw new UserError(
      `${path} has ${tokens.length} tokens, but a token embedding of ${rows} rows; ${REMEDY}`,
    );
  }
  try {
    const own = given[OWN_KEY];
    const json = own === undefined ? foreign(given["tokenizer.ggml.pre"], tokens, types) : parseOwn(own);
    const pre = OTHERS.find(({ name }) => name === given["tokenizer.ggml.pre"]);
    const vocab = Object.fromEntries(
      tokens.flatMap((token, id) => types[id] === TYPES.unused ? [] : [[token, id] as const]),
    );
    const model = {
      type: "BPE",
      unk_token: null,
      vocab,
      merges: given["tokenizer.ggml.merges"],
      ignore_merges: pre?.whole ?? false,
    };
    const named = (id: number | undefined) => id === undefined ? undefined : tokens[id];
    const config = {
      bos_token: named(given["tokenizer.ggml.bos_token_id"]),
      eos_token: named(given["tokenizer.ggml.eos_token_id"]),
      pad_token: named(given["tokenizer.ggml.padding_token_id"]),
    };
    return new JsonTokenizer(parseTokenizer({ ...json, model }, config));
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new UserError(`${path}: its vocabulary: ${error.message}; ${REMEDY}`);
  }
}

function parseOwn(text: string): Record<string, unknown> {
  try {
    return check(RecordOf, JSON.parse(text), OWN_KEY);
  } catch (error) {
    if (error instanceof JsonError) throw error;
    throw new JsonError(`${OWN_KEY} is no JSON`);
  }
}

/** The parts of a tokenizer.json other than its model, for a file that was not made here. */
function foreign(name: string, tokens: readonly string[], types: readonly number[]): Record<string, unknown> {
  const pre = OTHERS.find((known) => known.name === name);
  if (!pre) {
    const read = OTHERS.map((known) => known.name).join(", ");
    throw new JsonError(`tokenizer.ggml.pre: ${JSON.stringify(name)} is none of ${read}, which are read`);
  }
  const added = tokens.flatMap((content, id): AddedToken[] => {
    if (types[id] === TYPES.control) return [specialToken(content, id)];
    return types[id] === TYPES.userDefined ? [{ ...specialToken(content, id), special: false }] : [];
  });
  const cut = pre.patterns.map((Regex) => ({
    type: "Split",
    pattern: { Regex },
    behavior: "Isolated",
    invert: false,
  }));
  const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false };
  return {
    added_tokens: added,
    normalizer: pre.normalizer ? { type: pre.normalizer } : null,
    pre_tokenizer: { type: "Sequence", pretokenizers: [...cut, bytes] },
    decoder: bytes,
  };
}
