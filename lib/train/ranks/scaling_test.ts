import { assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { communicationTime, errors, fit, type Measured, stepTime } from "./scaling.ts";

const NETWORK = { latency: 0.02, perByte: 8e-7 };

/** What would be measured if the cost model were exact. */
function made(ranks: number, parameters: number, compute: number, hidden = 0.4): Measured {
  const communication = ranks > 1 ? communicationTime(ranks, parameters, NETWORK) : 0;
  const step = stepTime(ranks, { parameters, compute }, { network: NETWORK, overlap: hidden });
  return { ranks, parameters, step, compute, communication, hidden };
}

const MEASURED = [
  made(1, 3e6, 400),
  made(2, 3e6, 200),
  made(4, 3e6, 110),
  made(2, 8e6, 500),
  made(4, 8e6, 270),
];

Deno.test("scaling: what the model made is fitted, and each step predicted by the others", () => {
  const { network, overlap } = fit(MEASURED);
  assertAlmostEquals(network.latency, NETWORK.latency, 1e-9);
  assertAlmostEquals(network.perByte, NETWORK.perByte, 1e-15);
  assertAlmostEquals(overlap, 0.4, 1e-12);
  const predicted = errors(MEASURED);
  assertEquals(predicted.map(({ measured }) => measured.ranks), [2, 4, 2, 4]);
  for (const { error } of predicted) assertLess(Math.abs(error), 1e-9);
});

Deno.test("scaling: neither part of the cost is below 0", () => {
  const falling = [made(2, 3e6, 1), made(4, 3e6, 1)].map((one, i) => ({ ...one, communication: 5 - 2 * i }));
  const { latency, perByte } = fit(falling).network;
  assertEquals([latency >= 0, perByte >= 0], [true, true]);
  assertThrows(() => fit([made(1, 3e6, 1), made(2, 3e6, 1)]), RangeError);
});

Deno.test("scaling: sums are hidden only as long as the backward pass lasts", () => {
  const network = { latency: 0, perByte: 1e-6 }, load = { parameters: 1e6, compute: 3 };
  // Two ranks send and add 4 MB: 4 ms, of which 2 ms pass while the backward pass computes.
  assertAlmostEquals(communicationTime(2, 1e6, network), 4);
  assertAlmostEquals(stepTime(2, load, { network, overlap: 1 }), 5);
  assertAlmostEquals(stepTime(2, load, { network, overlap: 0.25 }), 6);
});

Deno.test("scaling: larger buckets are fewer messages", () => {
  const network = { latency: 1, perByte: 0 }, load = { parameters: 2 ** 20, compute: 10 };
  assertAlmostEquals(stepTime(2, load, { network, overlap: 0 }), 10 + 4 * 2);
  assertAlmostEquals(stepTime(2, { ...load, bucket: 2 ** 20 }, { network, overlap: 0 }), 10 + 2);
});
