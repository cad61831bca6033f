import { assertEquals } from "@std/assert";
import type { FinishReason, GeneratedToken } from "../generate/batch.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { textPieces } from "./stream.ts";

/** The pieces of words that come one by one: text, the words of the tokens that begin in it, and their offsets. */
async function piecesOf(words: string[], stops: string[] = [], trimmed = false) {
  const tokenizer = {
    decoder: () => ({ push: (id: number) => words[id], end: () => "" }),
  } as unknown as Tokenizer;
  async function* tokens(): AsyncGenerator<GeneratedToken, FinishReason> {
    for (const id of words.keys()) yield { id };
    return "length";
  }
  const pieces = textPieces(tokens(), tokenizer, { stops, trimmed });
  const shown: unknown[] = [];
  let next = await pieces.next();
  for (; !next.done; next = await pieces.next()) {
    shown.push([next.value.text, ...next.value.tokens.map(({ id, offset }) => `${words[id]}@${offset}`)]);
  }
  return [...shown, next.value];
}

Deno.test("a text comes word by word, each with its token", async () => {
  assertEquals(await piecesOf([" la", " casa"]), [[" la", " la@0"], [" casa", " casa@3"], "length"]);
});

Deno.test("text that may begin a stop text waits, with the tokens that begin in it", async () => {
  assertEquals(await piecesOf(["a<", "f", ">"], ["<fin>"]), [["a", "a<@0"], ["<f>", "f@2", ">@3"], "length"]);
  assertEquals(await piecesOf(["a<", "fi"], ["<fin>"]), [["a", "a<@0"], ["<fi", "fi@2"], "length"]);
});

Deno.test("a stop text ends the text, and tokens that begin in it or after it are left out", async () => {
  assertEquals(await piecesOf(["ab", "c<", "fin", "> d"], ["<fin>"]), [
    ["ab", "ab@0"],
    ["c", "c<@2"],
    "stop",
  ]);
  assertEquals(await piecesOf(["ab", "<fin>c<fin>", "d"], ["<fin>"]), [["ab", "ab@0"], "stop"]);
  assertEquals(await piecesOf(["a<", "b", "<fin>"], ["<fin>", "<b<"]), [["a", "a<@0"], "stop"]);
  assertEquals(await piecesOf(["<f", "<", "fin>"], ["<fin>"]), [["<f", "<f@0"], "stop"]);
  assertEquals(await piecesOf(["<", "a<fi", "n>"], ["<fin>"]), [["<a", "<@0", "a<fi@1"], "stop"]);
});

Deno.test("spaces before the first word are left out if that is wanted, and never others", async () => {
  assertEquals(await piecesOf([" ", " la", " "], [], true), [["la", " @0", " la@0"], [" ", " @2"], "length"]);
});

Deno.test("a token without text comes with the next, or at the end", async () => {
  assertEquals(await piecesOf(["", "a", ""]), [["a", "@0", "a@0"], ["", "@1"], "length"]);
});
