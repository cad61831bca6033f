import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../errors.ts";
import { BpeTokenizer, commonest } from "./bpe.ts";
import { CharTokenizer } from "./char.ts";
import { special } from "./special.ts";
import { readTokenizer } from "./tokenizer.ts";

function build(text: string, minCount = 1) {
  const builder = CharTokenizer.builder();
  builder.add(text);
  return builder.build({ minCount, always: "", size: 0 });
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

Deno.test("byte-pair encoding merges the commonest neighbours first, inside words only", () => {
  const builder = BpeTokenizer.builder();
  builder.add("la casa la cama la cara 7 77");
  const bpe = builder.build({ minCount: 1, always: "z", size: 6 + 10 + 4 });
  const { tokens, merges } = bpe.toFile();
  assertEquals(tokens.slice(0, 10), [" ", "7", "a", "c", "l", "m", "r", "s", "z", " c"]);
  assertEquals(merges![1], [" c", "a"]);
  assert(!tokens.includes("77"), "digits stay alone");
  assertEquals(bpe.decode(bpe.encode("la cama 77 zaz")), "la cama 77 zaz");
  assertEquals([...bpe.encode("¡")], [special("<unk>")]);
  assert(bpe.encode("la casa").length < "la casa".length);
});

Deno.test("a saved byte-pair encoding encodes as before", async () => {
  const builder = BpeTokenizer.builder();
  const text = "Los perros son caninos y los gatos son felinos.\nSan José es la capital.";
  builder.add(text);
  const bpe = builder.build({ minCount: 1, always: "", size: 60 });
  const path = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(path, JSON.stringify(bpe.toFile()));
  const restored = await readTokenizer(path);
  await Deno.remove(path);
  assertEquals(restored.encode(text), bpe.encode(text));
  assertEquals(restored.decode(restored.encode(text)), text);
  assertEquals(restored.size, bpe.size);
});

Deno.test("of very many words, merges are learned from the commonest", () => {
  const counts = new Map([["uno", 2], ["dos", 5], ["tres", 2], ["cuatro", 9]]);
  assertEquals(commonest(counts, 4), [...counts]);
  assertEquals(commonest(counts, 3), [["cuatro", 9], ["dos", 5], ["tres", 2]]);
});
