import { assert, assertEquals } from "@std/assert";
import { LineCounts, lineKeys, stripLines } from "./boilerplate.ts";
import { Duplicates, EXACT, KEPT, NEAR } from "./duplicates.ts";
import { ExternalSort } from "./external_sort.ts";
import { Fingerprinter, hashBytes } from "./fingerprint.ts";
import { findPlanted } from "./planted.ts";
import { addText, alter, Chain, Dice, encodings } from "./testing.ts";

async function withFolder(test: (folder: string) => Promise<void> | void) {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("an external sort sorts, with one run or many, and with none", () =>
  withFolder((folder) => {
    for (const [n, capacity] of [[0, 8], [5, 8], [8, 8], [1000, 1024], [1000, 16], [1001, 7], [64, 1]]) {
      const dice = new Dice(n + capacity), sort = new ExternalSort(folder, "s", capacity);
      const numbers = Array.from({ length: n }, () => [dice.below(5), dice.below(2 ** 32)]);
      for (const [high, low] of numbers) sort.add(high, low);
      const drained: number[][] = [];
      sort.drain((high, low) => drained.push([high, low]));
      assertEquals(drained, numbers.toSorted(([a, b], [c, d]) => a - c || b - d), `${n} in ${capacity}`);
    }
  }));

function find(folder: string, texts: string[], options: { exact: boolean; near: false | number }) {
  const duplicates = new Duplicates(options, folder, texts.length),
    fingerprinter = new Fingerprinter(options);
  // In batches, as threads bring them.
  for (let i = 0; i < texts.length; i += 3) {
    fingerprinter.begin();
    for (const text of texts.slice(i, i + 3)) addText(fingerprinter, text);
    duplicates.add(fingerprinter.end(), i);
  }
  const pairs: [number, number][] = [];
  const verdicts = duplicates.find(({ document, original }) => pairs.push([document, original]));
  return { verdicts: [...verdicts], pairs };
}

Deno.test("exact copies are dropped but the first, near ones by similarity, and what is like a dropped one only stays", async () => {
  const chain = await Chain.ofProse(), dice = new Dice(3);
  const [a, b] = [chain.document(dice, 6), chain.document(dice, 6)];
  const near = alter(a, 0.03, dice);
  await withFolder((folder) => {
    const texts = [a, b, a, near, "corto", "corto", `${b} `];
    const { verdicts, pairs } = find(folder, texts, { exact: true, near: 0.4 });
    assertEquals(verdicts, [KEPT, KEPT, EXACT, NEAR, KEPT, EXACT, NEAR]);
    assertEquals(pairs.toSorted(([x], [y]) => x - y), [[2, 0], [3, 0], [5, 4], [6, 1]]);
    assertEquals(find(folder, texts, { exact: true, near: false }).verdicts, [0, 0, EXACT, 0, 0, EXACT, 0]);
    // A chain of ever more altered texts: what is like a dropped text alone is no copy of a kept one.
    const [once, twice] = [alter(a, 0.05, dice), alter(alter(a, 0.05, dice), 0.06, dice)];
    assertEquals(find(folder, [a, once, twice], { exact: true, near: 0.42 }).verdicts, [KEPT, NEAR, KEPT]);
  });
});

Deno.test("planted copies: recall over 0.95 at 5 % changed, and no document that is no copy is dropped", () =>
  withFolder(async (folder) => {
    const [originals, ...copies] = await findPlanted(1200, 0.4, folder);
    assertEquals(originals.dropped, 0);
    for (const { changed, documents, dropped } of copies) {
      if (changed <= 0.05) assert(dropped / documents > 0.95, `${changed}: ${dropped} of ${documents}`);
      if (changed >= 0.2) assertEquals(dropped, 0);
    }
  }));

Deno.test("hashes tell apart what differs in one character, wherever it is", () => {
  const hash = (text: string) => hashBytes(encodings(text).bytes).join();
  const text = "Una línea cualquiera, con ñ.", seen = new Set([hash(text)]);
  for (let i = 0; i < text.length; i++) seen.add(hash(`${text.slice(0, i)}#${text.slice(i + 1)}`));
  for (const end of ["\0", "\0\0", "a", "\n"]) seen.add(hash(text + end));
  for (let i = 1; i < 5; i++) seen.add(hash(text.slice(0, -i)));
  assertEquals(seen.size, text.length + 9);
  const { bytes } = encodings(`a${text}b`);
  assertEquals(hashBytes(bytes, 1, bytes.length - 1).join(), hash(text));
});

Deno.test("lines of many documents are dropped from all, however often one document has them", () =>
  withFolder((folder) => {
    const documents = ["Inicio\nuno\nAdiós", "Inicio\n\ndos", "tres\ntres\ntres", "Inicio"];
    const counts = new LineCounts(folder);
    const keys: number[] = [];
    for (const document of documents) lineKeys(encodings(document).bytes, keys);
    counts.add(keys);
    const common = counts.common(3), dropped: string[] = [];
    const stripped = documents.map((document) =>
      stripLines(encodings(document).bytes, common, (line) => dropped.push(line))
    );
    assertEquals(stripped, ["uno\nAdiós", "dos", null, ""]);
    assertEquals(dropped, ["Inicio", "Inicio", "Inicio"]);
  }));
