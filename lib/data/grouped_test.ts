import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { groupedBatches } from "./grouped.ts";

const examples = Array.from({ length: 70 }, (_, i) => ({ row: i, ids: new Uint32Array(1 + i * 37 % 100) }));
const options = { n: examples.length, batch: 4, seed: 7 };
const make = (rows: readonly number[]) => rows.map((row) => examples[row]);
const rowsOf = (batch: readonly { row: number }[]) => batch.map(({ row }) => row);
const perEpoch = 18;

Deno.test("grouped batches go through every example once an epoch, in another order than the next", () => {
  const batches = groupedBatches(options, make);
  const epoch = (n: number) => Array.from({ length: perEpoch }, (_, i) => rowsOf(batches(perEpoch * n + i)));
  const [first, second] = [epoch(0), epoch(1)];
  const rows = examples.map(({ row }) => row);
  assertEquals([first, second].map((e) => e.flat().toSorted((a, b) => a - b)), [rows, rows]);
  assertNotEquals(first, second);
  assertEquals(first.map(({ length }) => length).toSorted((a, b) => a - b).slice(0, 2), [2, 4]);
});

Deno.test("a grouped batch is a function of its index", () => {
  const inOrder = groupedBatches(options, make);
  const all = Array.from({ length: 2 * perEpoch }, (_, i) => rowsOf(inOrder(i)));
  const resumed = groupedBatches(options, make);
  for (const i of [29, 3, 17, 18, 16]) assertEquals(rowsOf(resumed(i)), all[i]);
});

Deno.test("the examples of a grouped batch are about equally long", () => {
  const batches = groupedBatches(options, make);
  const spread = Array.from({ length: perEpoch }, (_, i) => {
    const lengths = batches(i).map(({ ids }) => ids.length);
    return Math.max(...lengths) - Math.min(...lengths);
  });
  // Drawn at random, four of lengths up to 100 are some 60 apart.
  assert(spread.reduce((a, b) => a + b) / perEpoch < 20, spread.join());
});

Deno.test("the longer an epoch, the less padding, and every example still comes once", () => {
  const padding = (n: number) => {
    const lengths = Array.from({ length: n }, (_, i) => 1 + i * 7919 % 100);
    const batches = groupedBatches(
      { n, batch: 4, seed: 7 },
      (rows) => rows.map((row) => ({ row, ids: new Uint32Array(lengths[row]) })),
    );
    const all = Array.from({ length: Math.ceil(n / 4) }, (_, i) => batches(i));
    assertEquals(all.flat().map(({ row }) => row).toSorted((a, b) => a - b), lengths.map((_, i) => i));
    const padded = all.reduce(
      (sum, batch) => sum + batch.length * Math.max(...batch.map(({ ids }) => ids.length)),
      0,
    );
    return padded / lengths.reduce((a, b) => a + b) - 1;
  };
  assert(padding(4000) < 0.5 * padding(400), `${padding(4000)} ${padding(400)}`);
});
