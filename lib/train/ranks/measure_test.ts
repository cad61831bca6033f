import { assert, assertLess } from "@std/assert";
import { CpuDevice } from "../../device/cpu.ts";
import { ALONE } from "../../ranks/alone.ts";
import type { Ranks } from "../../ranks/ranks.ts";
import { measureShared } from "./measure.ts";

const SHAPE = { layers: 1, heads: 1, width: 16, context: 8, vocab: 11, batch: 2 };
/** Milliseconds that a sum takes. The model's gradients are two buckets. */
const SUM = 40, BUCKETS = 2;

/** Two ranks that do the same, with a library that makes no progress between its calls. */
const ranks: Ranks = {
  ...{ ...ALONE, size: 2, gather: (bytes) => [bytes, bytes] },
  beginSum() {
    for (const end = performance.now() + SUM; performance.now() < end;);
    return () => {};
  },
};

Deno.test("time that passes inside the calls of a sum is not hidden, and not computing", async () => {
  const device = await CpuDevice.open({ threads: 1 });
  const measured = await measureShared(device, ranks, SHAPE, 3);
  assert(measured.communication >= BUCKETS * SUM, `${measured.communication}`);
  assertLess(measured.compute, measured.step - 0.75 * BUCKETS * SUM);
  assertLess(measured.hidden, 0.25);
  device.close();
});
