import { assertEquals } from "@std/assert";
import { CharTokenizer } from "../text/char.ts";
import { tokenStream } from "./documents.ts";

Deno.test("a token stream marks where each document begins and ends", () => {
  const builder = CharTokenizer.builder();
  builder.add("ab");
  const tokenizer = builder.build({ minCount: 1, always: "", size: 0 });
  const stream = tokenStream(["ab", "b"], tokenizer);
  assertEquals(tokenizer.decode(stream, { special: true }), "<bos>ab<eos><bos>b<eos>");
});
