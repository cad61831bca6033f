import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as zlib from "node:zlib";
import { Compression } from "./compression.ts";
import { estimateDistinct, note, REGISTERS } from "./distinct_count.ts";
import { DocumentSample } from "./document_sample.ts";
import { Ngrams } from "./ngrams.ts";
import { Dice, encodings } from "./testing.ts";

const unitsOf = (text: string) => encodings(text).units;

Deno.test("different things are counted within three standard errors, from none to a million", () => {
  const registers = new Uint8Array(REGISTERS), dice = new Dice(3);
  assertEquals(estimateDistinct(registers), 0);
  let noted = 0;
  for (const n of [1, 100, 10_000, 50_000, 200_000, 1_000_000]) {
    for (; noted < n; noted++) {
      const high = dice.below(2 ** 32), low = dice.below(2 ** 32);
      note(registers, high, low);
      note(registers, high, low);
    }
    assertAlmostEquals(estimateDistinct(registers), n, Math.max(0.01, 3 * 0.0041 * n));
  }
});

Deno.test("words are counted without case and with accents; runs end with their document", () => {
  const ngrams = new Ngrams();
  for (const text of ["El gato ve el GATO.", "¡Él, el gato!", ""]) ngrams.add(unitsOf(text));
  // el gato ve él; el-gato gato-ve ve-el él-el; el-gato-ve gato-ve-el ve-el-gato él-el-gato; two of four.
  assertEquals(ngrams.report(), { words: 8, distinct: [4, 4, 4, 2] });
});

Deno.test("different runs are those that a set counts, in one part or in several", () => {
  const dice = new Dice(5);
  const words = Array.from({ length: 3000 }, (_, i) => `palabra${i}`);
  const documents = Array.from(
    { length: 400 },
    () => Array.from({ length: 100 }, () => words[Math.min(dice.below(3000), dice.below(3000))]).join(" "),
  );
  const parts = [new Ngrams(), new Ngrams()], all = new Ngrams();
  for (const [i, text] of documents.entries()) {
    parts[i % 2].add(unitsOf(text));
    all.add(unitsOf(text));
  }
  const sets = [1, 2, 3, 4].map((n) => {
    const runs = new Set<string>();
    for (const text of documents) {
      const split = text.split(" ");
      for (let i = 0; i + n <= split.length; i++) runs.add(split.slice(i, i + n).join(" "));
    }
    return runs.size;
  });
  for (const [i, distinct] of all.report().distinct.entries()) {
    assertAlmostEquals(distinct, sets[i], 0.015 * sets[i]);
  }
  const merged = new Ngrams();
  for (const part of parts) merged.merge(part.parts);
  assertEquals(merged.report(), all.report());
});

Deno.test("documents begin alike if their first four words are the same, or all of fewer", () => {
  const opening = (text: string) => new Ngrams().add(unitsOf(text));
  assertEquals(opening("Había una vez un rey."), opening("—¡Había una vez un gato!"));
  assertEquals(opening("Hola."), opening("¡Hola!"));
  const different = [
    "Había una vez un rey.",
    "Había una vez el rey.",
    "Había una vez",
    "una había vez un",
    "un",
  ];
  assertEquals(new Set(different.map((text) => String(opening(text)))).size, different.length);
});

Deno.test("counting stops at a number of words", () => {
  const ngrams = new Ngrams();
  for (const text of ["uno dos", "tres cuatro cinco", "seis"]) ngrams.add(unitsOf(text), 4);
  assertEquals(ngrams.report(), { words: 4, distinct: [4, 2, 0, 0] });
});

Deno.test("a sample has whole documents from all over a series, and what is wanted of a longer one", () => {
  const sample = new DocumentSample(1, 1000);
  for (let i = 0; i < 10_000; i++) sample.offer(() => String(i).padStart(10, "0"));
  const drawn = sample.texts().map(Number);
  assertEquals(drawn.length, 100);
  assertEquals(new Set(drawn).size, 100);
  assertAlmostEquals(drawn.reduce((sum, i) => sum + i / 100, 0), 5000, 1000);
  assert(drawn.some((i, at) => at > 0 && i < drawn[at - 1]), "in random order");
  const few = new DocumentSample(1, 1000);
  for (const text of ["uno", "dos"]) few.offer(() => text);
  assertEquals(few.texts().sort(), ["dos", "uno"]);
  const long = new DocumentSample(1, 1000);
  long.offer(() => "a".repeat(5000));
  assertEquals(long.texts(), ["a".repeat(1000)]);
});

Deno.test("zstd in pieces compresses as well as at once; of a long text, pieces spread over it", async () => {
  const dice = new Dice(7);
  const bytes = Uint8Array.from({ length: 300_000 }, () => 97 + Math.min(dice.below(20), dice.below(20)));
  const compress = async (characters: number) => {
    const compression = new Compression(characters);
    for (let at = 0; at < bytes.length; at += 10_000) await compression.add(bytes.slice(at, at + 10_000));
    return await compression.report();
  };
  const whole = await compress(300_000);
  assertEquals([whole.level, whole.bytes], [3, 300_000]);
  assertAlmostEquals(whole.compressed, zlib.zstdCompressSync(bytes).length, 0.01 * whole.compressed);
  assertEquals((await compress(48e6)).bytes, 100_000);
});
