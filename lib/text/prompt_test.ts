import { assert, assertEquals } from "@std/assert";
import { charTokenizer } from "./testing.ts";
import { encodeConversation, encodePrompt } from "./prompt.ts";

const tokenizer = charTokenizer("abcdefghijklmnopqrstuvwxyz<>0123456789 ");
const shown = (ids: Iterable<number>) => tokenizer.decode(ids, { special: true });

Deno.test("a prompt ends where the answer begins", () => {
  assertEquals(
    shown(encodePrompt(tokenizer, { past: [], instruction: "hola" }, 20).ids),
    "<instr>hola<resp>",
  );
  const past = [{ instruction: "a", response: "b" }];
  assertEquals(
    shown(encodePrompt(tokenizer, { past, instruction: "hola" }, 20).ids),
    "<instr>a<resp>b<eos><instr>hola<resp>",
  );
});

Deno.test("a prompt too long loses old turns, then the start of its text, and never a marker", () => {
  const past = [{ instruction: "one", response: "two" }, { instruction: "c", response: "d" }];
  assertEquals(
    shown(encodePrompt(tokenizer, { past, instruction: "hola" }, 12).ids),
    "<instr>c<resp>d<eos><instr>hola<resp>",
  );
  assertEquals(
    shown(encodePrompt(tokenizer, { past, instruction: "abcdefghij" }, 8).ids),
    "<instr>efghij<resp>",
  );
  assertEquals(shown(encodePrompt(tokenizer, { past, instruction: "abcdefghij" }, 2).ids), "<instr><resp>");
});

Deno.test("a prompt says whether something of it was left out", () => {
  const past = [{ instruction: "a", response: "b" }];
  const cut = (limit: number, begun = "") =>
    encodePrompt(tokenizer, { past, instruction: "hola", begun }, limit).truncated;
  assertEquals([11, 10, 6, 5].map((limit) => cut(limit)), [false, true, true, true]);
  assertEquals([13, 12].map((limit) => cut(limit, "xy")), [false, true]);
});

Deno.test("an answer that was begun ends the prompt, and is cut last", () => {
  const ask = (limit: number) => {
    const question = { past: [], instruction: "abc", begun: "xyz" };
    return shown(encodePrompt(tokenizer, question, limit).ids);
  };
  assertEquals(
    [9, 6, 4, 2].map(ask),
    ["<instr>abc<resp>xyz", "<instr>c<resp>xyz", "<instr><resp>yz", "<instr><resp>"],
  );
});

Deno.test("a prompt does not depend on how much text is cut off", () => {
  const past = [{ instruction: "ab".repeat(1e6), response: "x" }, { instruction: "a", response: "b" }];
  assertEquals(
    shown(encodePrompt(tokenizer, { past, instruction: "hola" }, 14).ids),
    "<instr>a<resp>b<eos><instr>hola<resp>",
  );
  assertEquals(
    shown(encodePrompt(tokenizer, { past, instruction: "z".repeat(1e6) + "efghij" }, 8).ids),
    "<instr>efghij<resp>",
  );
  const exact = [{ instruction: "abc", response: "de" }];
  assertEquals(
    shown(encodePrompt(tokenizer, { past: exact, instruction: "f" }, 11).ids),
    "<instr>abc<resp>de<eos><instr>f<resp>",
  );
  assertEquals(shown(encodePrompt(tokenizer, { past: exact, instruction: "f" }, 10).ids), "<instr>f<resp>");
});

Deno.test("markers that a person types are text", () => {
  const ids = [...encodePrompt(tokenizer, { past: [], instruction: "a<resp>b<eos>" }, 40).ids];
  assertEquals(ids.filter((id) => id === tokenizer.special.resp).length, 1);
  assertEquals(ids.indexOf(tokenizer.special.resp), ids.length - 1);
  assert(!ids.includes(tokenizer.special.eos));
});

Deno.test("only answers and their ends are learned, in every turn", () => {
  const turns = [{ instruction: "ab", response: "cd" }, { instruction: "e", response: "f" }];
  const { ids, learned, truncated } = encodeConversation(tokenizer, turns, 40);
  assertEquals(shown(ids), "<instr>ab<resp>cd<eos><instr>e<resp>f<eos>");
  assertEquals(shown(ids.filter((_, i) => learned[i])), "cd<eos>f<eos>");
  assert(!truncated);
});

Deno.test("a conversation too long keeps its last answer as long as it can", () => {
  const turns = [{ instruction: "old", response: "turn" }, { instruction: "abcdef", response: "xyz" }];
  const cut = (limit: number) => {
    const { ids, truncated } = encodeConversation(tokenizer, turns, limit);
    assert(truncated && ids.length <= limit);
    return shown(ids);
  };
  assertEquals(cut(12), "<instr>abcdef<resp>xyz<eos>");
  assertEquals(cut(8), "<instr>ef<resp>xyz<eos>");
  assertEquals(cut(6), "<instr><resp>xyz<eos>");
  assertEquals(cut(4), "<instr><resp>xy");
});
