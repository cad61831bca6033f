import { assert, assertEquals, assertLess } from "@std/assert";
import { CpuDevice } from "../../device/cpu.ts";
import { Decoder } from "../../model/decoder.ts";
import { deriveSeed, normals } from "../../tensor/random.ts";
import { scope } from "../../tensor/tensor.ts";
import { configOf } from "../measure.ts";
import { Optimizer, type OptimizerOptions } from "../optimizer.ts";
import { OPTIONS } from "../testing.ts";
import { ALONE } from "../../ranks/alone.ts";
import type { Ranks } from "../../ranks/ranks.ts";
import { partsOf, Shard } from "./shard.ts";

const SHAPE = { layers: 3, heads: 2, width: 32, context: 16, batch: 1, vocab: 40 };
const STEPS = 3;

/**
 * Trains on random gradients, on a new device.
 * @param rank the only rank of `size` ranks that exists: the parts of the others stay as they were
 */
async function trained(algorithm: OptimizerOptions["algorithm"], rank?: number, size = 1) {
  const device = await CpuDevice.open({ threads: 1 });
  const model = new Decoder(device, configOf(SHAPE));
  model.initialize(1);
  const { parameters } = model;
  const ranks: Ranks = { ...ALONE, rank: rank ?? 0, size };
  const shard = rank === undefined ? null : new Shard(ranks, parameters, { whole: algorithm === "muon" });
  const before = device.memory().used;
  const optimizer = new Optimizer(parameters, { ...OPTIONS.optimizer, algorithm, clip: 1 }, shard);
  const memory = device.memory().used - before;
  for (let t = 1; t <= STEPS; t++) {
    device.write(parameters.gradients.buffer, normals(deriveSeed(t, "gradient"), parameters.trainedEnd, 1));
    scope(() => optimizer.step(t, 1e-2));
  }
  const [weights, m, v] = await Promise.all(
    [parameters.weights, optimizer.m, optimizer.v].map(({ buffer }) => device.read(buffer)),
  );
  const parts = partsOf(parameters, size, algorithm === "muon");
  device.close();
  return { weights, m, v, memory, parts, end: parameters.trainedEnd };
}

for (const algorithm of ["adamw", "muon"] as const) {
  Deno.test(`${algorithm}: ranks that split the optimizer's state make its updates, bit for bit, with a part of its memory`, async () => {
    const whole = await trained(algorithm);
    for (const size of [2, 4]) {
      const { parts } = await trained(algorithm, 0, size);
      assertEquals(parts[0].start, 0);
      assertEquals(parts.at(-1)!.end, whole.end);
      for (const [rank, { start, end }] of parts.entries()) {
        if (rank > 0) assertEquals(start, parts[rank - 1].end);
        const own = await trained(algorithm, rank, size);
        for (const name of ["m", "v"] as const) {
          assertEquals(own[name].subarray(0, end - start), whole[name].subarray(start, end), name);
        }
        assertEquals(own.weights.subarray(start, end), whole.weights.subarray(start, end));
        // Muon keeps each matrix in one part, and buffers come in fixed sizes, so parts are not exactly equal.
        assertLess(own.memory, whole.memory * (algorithm === "muon" ? 1.6 : 1.3) / size);
      }
    }
  });
}

Deno.test("parts of a state begin where views of buffers may, and leave matrices whole if they must", async () => {
  const device = await CpuDevice.open({ threads: 1 });
  const { parameters } = new Decoder(device, configOf(SHAPE));
  for (const n of [1, 2, 3, 5, 8]) {
    for (const whole of [false, true]) {
      const parts = partsOf(parameters, n, whole);
      assertEquals(parts.length, n);
      for (const { start, end } of parts) {
        assertEquals(start % 64, 0);
        assert(start <= end);
        if (!whole) assertLess(Math.abs(end - start - parameters.trainedEnd / n), 128);
      }
    }
  }
  device.close();
});
