import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../errors.ts";
import { BpeTokenizer, commonest } from "./bpe.ts";
import { CharTokenizer } from "./char.ts";
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
  assertEquals([...tokenizer.encode("abz")], [6, tokenizer.special.unk, tokenizer.special.unk]);
  assertEquals(tokenizer.decode([6, tokenizer.special.unk!], { special: true }), "a<unk>");
});

Deno.test("markers typed as text stay text", () => {
  const tokenizer = build("<resp>ok");
  assertEquals(tokenizer.encode("<resp>").includes(tokenizer.special.resp), false);
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
  assertEquals([...bpe.encode("¡")], [bpe.special.unk]);
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

/** A vocabulary of byte pairs with tokens of several letters. */
function bpeOf(text: string, size: number): BpeTokenizer {
  const builder = BpeTokenizer.builder();
  builder.add(text);
  return builder.build({ minCount: 1, always: "", size }) as BpeTokenizer;
}

const PROSE = "La canción del ñandú\u0301 sonaba en la montaña, y 1234 pingüinos la oi\u0301an... 🦙\n"
  .repeat(40);

Deno.test("a cut text has the first or the last ids of the whole", () => {
  for (const tokenizer of [build(PROSE), bpeOf(PROSE, 90)]) {
    const whole = tokenizer.encode(PROSE);
    for (const n of [0, 1, 2, 7, 64, 300, whole.length, whole.length + 5]) {
      assertEquals(tokenizer.encode(PROSE, { first: n }), whole.slice(0, n));
      assertEquals(tokenizer.encode(PROSE, { last: n }), whole.slice(Math.max(0, whole.length - n)));
    }
    const decomposed = PROSE.normalize("NFD");
    assertEquals(tokenizer.encode(decomposed, { first: 50 }), whole.slice(0, 50));
    assertEquals(tokenizer.encode(decomposed, { last: 50 }), whole.slice(-50));
  }
});

Deno.test("a cut text is not looked at further than can matter", () => {
  const cuts = [{ first: 8 }, { last: 8 }];
  for (const tokenizer of [build(PROSE), bpeOf(PROSE, 90)]) {
    for (const cut of cuts) {
      // So long a text would exceed the longest string, if any part of it were copied or decomposed.
      const huge = "x".repeat(2 ** 28);
      assertEquals(tokenizer.encode(huge, cut).length, 8);
    }
  }
});

Deno.test("words and marks of any length are encoded in a time that grows with it", () => {
  const tokenizer = bpeOf(PROSE, 90);
  const began = performance.now();
  const word = "canciona".repeat(12_500);
  assert(tokenizer.decode(tokenizer.encode(word)) === word);
  tokenizer.encode("e" + "\u0301\u0323\u0327".repeat(100_000));
  build(PROSE).encode("e" + "\u0301\u0323\u0327".repeat(100_000));
  // It takes some 100 ms; before, the word took 4 s and the marks 20 s.
  assert(performance.now() - began < 2000);
});

Deno.test("more than 30 combining marks in a row are left out; fewer are kept", () => {
  const tokenizer = build("e\u0323\u0301x");
  const marks = (n: number) => tokenizer.encode("x" + "\u0323".repeat(n) + "x").length;
  assertEquals([marks(1), marks(30), marks(31), marks(5000)], [3, 32, 32, 32]);
});

Deno.test("remembered words are bounded in bytes and in length", () => {
  const tokenizer = bpeOf(PROSE, 90);
  tokenizer.encode("canción ".repeat(3));
  const few = tokenizer.knownBytes;
  tokenizer.encode("canciona".repeat(8_000));
  assertEquals(tokenizer.knownBytes, few, "long words are not remembered");
  let most = 0;
  for (let i = 0; i < 60; i++) {
    const words = Array.from(
      { length: 5_000 },
      (_, k) => (i * 5_000 + k).toString(26).replace(/\d/g, "ñ") + "sonaba",
    );
    tokenizer.encode(words.join(" "));
    most = Math.max(most, tokenizer.knownBytes);
  }
  assert(most > 2 ** 23 && most <= 2 ** 24, `${most} bytes`);
});
