import { assert, assertEquals, assertLess } from "@std/assert";
import { ExternalShuffle } from "./external_shuffle.ts";

/** Numbers of 4 bytes and strings of them, each `n` once, as they come out of a shuffle. */
async function shuffled(n: number, { seed = 1, bytes = 0, length = (i: number) => 1 + i % 3 } = {}) {
  const folder = await Deno.makeTempDir();
  try {
    const shuffle = new ExternalShuffle(folder, { seed, bytes });
    for (let i = 0; i < n; i++) {
      shuffle.add(new Uint8Array(new Uint32Array(length(i)).fill(i).buffer));
    }
    const numbers: number[] = [];
    for (const piece of shuffle.drain()) numbers.push(...new Uint32Array(piece.slice().buffer));
    assertEquals([...Deno.readDirSync(folder)], []);
    return numbers;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Without the repetitions that belong to one record. */
const records = (numbers: number[]) => numbers.filter((n, i) => n !== numbers[i - 1]);

Deno.test("every record comes out once and whole, in an order that the seed decides", async () => {
  const once = await shuffled(1000);
  assertEquals(once.length, 1000 + 333 + 2 * 333);
  const order = records(once);
  assertEquals(order.toSorted((a, b) => a - b), Array.from({ length: 1000 }, (_, i) => i));
  assert(order.join() !== order.toSorted((a, b) => a - b).join());
  assertEquals(await shuffled(1000), once);
  assert((await shuffled(1000, { seed: 2 })).join() !== once.join());
});

Deno.test("the order does not depend on the number of files, which follows from the size", async () => {
  const one = await shuffled(500);
  for (const bytes of [2 ** 26, 2 ** 30, 2 ** 40]) assertEquals(await shuffled(500, { bytes }), one);
});

Deno.test("what memory holds at once is a file's part of the records", async () => {
  const folder = await Deno.makeTempDir();
  const records = 20_000, size = 100, files = 8;
  const shuffle = new ExternalShuffle(folder, { seed: 1, bytes: files * 2 ** 24 });
  for (let i = 0; i < records; i++) shuffle.add(new Uint8Array(size));
  const pieces = [...shuffle.drain()].map((piece) => piece.length);
  assertEquals(pieces.length, files);
  assertLess(Math.max(...pieces), 1.1 * records * size / files);
  await Deno.remove(folder);
});

Deno.test("records longer than what waits in memory are kept whole, and empty ones make no piece", async () => {
  const length = (i: number) => i % 10 === 0 ? 20_000 : i % 2;
  const numbers = await shuffled(100, { bytes: 2 ** 25, length });
  assertEquals(numbers.length, 10 * 20_000 + 50);
  assertEquals(records(numbers).length, 60);
  assertEquals(await shuffled(0), []);
});

Deno.test("each record has the same chance of each place", async () => {
  const places = new Float64Array(10), seeds = 400;
  for (let seed = 0; seed < seeds; seed++) {
    places[(await shuffled(10, { seed, length: () => 1 })).indexOf(3)]++;
  }
  // Chi-squared with 9 degrees of freedom is above 27.9 once in a thousand times.
  const expected = seeds / 10;
  assert(places.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0) < 27.9, places.join());
});
