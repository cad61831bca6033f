import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../errors.ts";
import { CharTokenizer } from "./char.ts";
import { special } from "./special.ts";
import { readTokenizer } from "./tokenizer.ts";

function build(text: string, minCount = 1) {
  const builder = CharTokenizer.builder();
  builder.add(text);
  return builder.build(minCount);
}

Deno.test("decoding what was encoded gives the text back, accents and emoji included", () => {
  const text = "¿Qué tal, ñandú? 🦙\n—Bien.";
  const tokenizer = build(text);
  assertEquals(tokenizer.decode(tokenizer.encode(text)), text);
  assertEquals(tokenizer.size, 6 + new Set(text).size);
});

Deno.test("a letter and its combining accent are the same token as the composed letter", () => {
  const tokenizer = build("canción");
  assertEquals(tokenizer.encode("cancio\u0301n"), tokenizer.encode("canción"));
});

Deno.test("characters the vocabulary lacks, or that are too rare, become <unk>", () => {
  const tokenizer = build("aaab", 2);
  assertEquals([...tokenizer.encode("abz")], [6, special("<unk>"), special("<unk>")]);
  assertEquals(tokenizer.decode([6, special("<unk>")], { special: true }), "a<unk>");
});

Deno.test("markers typed as text stay text", () => {
  const tokenizer = build("<resp>ok");
  assertEquals(tokenizer.encode("<resp>").includes(special("<resp>")), false);
  assertEquals(tokenizer.decode(tokenizer.encode("<resp>")), "<resp>");
});

Deno.test("a saved tokenizer is restored as it was, and a broken file is refused", async () => {
  const path = await Deno.makeTempFile();
  const tokenizer = build("hola, niño");
  await Deno.writeTextFile(path, JSON.stringify(tokenizer.toFile()));
  assertEquals((await readTokenizer(path)).encode("niño"), tokenizer.encode("niño"));
  await Deno.writeTextFile(path, `{"kind":"char"`);
  await assertRejects(() => readTokenizer(path), UserError, "is no JSON");
  await Deno.writeTextFile(path, `{"kind":"char","special":["<x>"],"tokens":[],"counts":[]}`);
  await assertRejects(() => readTokenizer(path), UserError, "not a tokenizer");
  await Deno.remove(path);
});
