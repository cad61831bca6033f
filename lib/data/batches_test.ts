import { assert, assertEquals } from "@std/assert";
import { IGNORED } from "../ops/cross_entropy.ts";
import { trainingBatch, validationBatches } from "./batches.ts";
import { inMemory } from "./token_stream.ts";

const stream = inMemory(Uint32Array.from({ length: 103 }, (_, i) => i));

Deno.test("each target is the token after its own, and batches follow from seed and step", () => {
  const at = (seed: number, step: number) => trainingBatch(stream, { batch: 5, time: 8, seed, step });
  const { tokens, targets } = at(1, 3);
  assertEquals(targets, tokens.ids.map((id) => id + 1));
  assertEquals(at(1, 3), at(1, 3));
  assert(at(1, 4).tokens.ids.join() !== tokens.ids.join());
  assert(at(2, 3).tokens.ids.join() !== tokens.ids.join());
});

Deno.test("training windows reach the first token and the last", () => {
  const seen = new Set<number>();
  for (let step = 0; step < 200; step++) {
    const { tokens, targets } = trainingBatch(stream, { batch: 5, time: 8, seed: 1, step });
    tokens.ids.forEach((id) => seen.add(id));
    targets.forEach((id) => seen.add(id));
  }
  assertEquals(seen.size, stream.length);
});

Deno.test("validation makes each token but the first a target once, and pads the last window", () => {
  const batches = [...validationBatches(stream, { batch: 4, time: 8, limit: 100 })];
  const targets = batches.flatMap((batch) => [...batch.targets]).filter((t) => t !== IGNORED);
  assertEquals(targets, Array.from({ length: 102 }, (_, i) => i + 1));
  assertEquals([...validationBatches(stream, { batch: 4, time: 8, limit: 2 })].length, 2);
});
