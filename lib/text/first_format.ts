/**
 * The first format of vocabularies made here: characters, or byte-pair encoding that merges characters. Both can be
 * said in Hugging Face's format, and are, when they are saved again.
 */
import { z } from "zod";
import { JsonError } from "./json_error.ts";
import { type ParsedTokenizer, parseTokenizer } from "./parse_json.ts";
import { CHARACTERS, FIRST_PIECES } from "./pieces.ts";
import { SPECIAL_TOKENS, specialTokens } from "./special.ts";
import { tokenizerJson, vocabOf } from "./tokenizer_json.ts";

const special = specialTokens({ unk: true });

const FirstFormat = z.object({
  kind: z.enum(["char", "bpe"]),
  special: z.array(z.string()).refine((names) => names.join() === special.join()),
  tokens: z.array(z.string()),
  merges: z.array(z.tuple([z.string(), z.string()])).default([]),
});

export function isFirstFormat(json: unknown): boolean {
  return typeof json === "object" && json !== null && "kind" in json && "tokens" in json;
}

/** @throws {JsonError} if it is not of that format */
export function parseFirstFormat(json: unknown): ParsedTokenizer {
  const parsed = FirstFormat.safeParse(json);
  if (!parsed.success) throw new JsonError("it is not a tokenizer of this version");
  const { kind, tokens, merges } = parsed.data;
  const vocab = vocabOf([...special, ...tokens]), unk_token = SPECIAL_TOKENS.unk;
  return kind === "char"
    ? parseTokenizer(tokenizerJson(
      { type: "WordLevel", vocab, unk_token },
      { special, pattern: CHARACTERS, spelling: "text" },
    ))
    : parseTokenizer(tokenizerJson(
      { type: "BPE", vocab, merges, unk_token },
      { special, pattern: FIRST_PIECES, spelling: "text" },
    ));
}
