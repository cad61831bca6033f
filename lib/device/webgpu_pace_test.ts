import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { pulse } from "../pulse.ts";
import { Pace } from "./webgpu_pace.ts";

/** Submits dispatches of so many milliseconds each to a GPU, in pieces. Returns how long each wait took. */
function train(pace: Pace, dispatches: number, each: number): number[] {
  const waits: number[] = [];
  let inFlight = 0;
  const wait = () => {
    waits.push(inFlight * each);
    pace.waited(inFlight * each);
    inFlight = 0;
  };
  while (dispatches > 0) {
    const piece = Math.min(pace.most, dispatches);
    if (pace.isFull(piece)) wait();
    pace.handedOver(piece);
    inFlight += piece;
    dispatches -= piece;
  }
  wait();
  return waits;
}

Deno.test("a fast GPU gets a step at once, after a few", () => {
  const pace = new Pace();
  assertLess(train(pace, 500, 0.05).length, 10);
  for (let step = 0; step < 3; step++) assertEquals(train(pace, 500, 0.05).length, 1);
});

Deno.test("a slow GPU is waited for every second or so, also where it gets slower or faster, and each wait is a sign of life", () => {
  const pace = new Pace();
  for (const each of [50, 200, 10, 60]) {
    train(pace, 500, each);
    const before = pulse[0];
    const waits = train(pace, 500, each);
    assertEquals(pulse[0] - before, waits.length);
    assertGreater(waits.length, 500 * each / 1000 / 2);
    assert(waits.every((ms) => ms <= 1000), `${waits}`);
  }
});

Deno.test("a dispatch that takes longer than a piece should is waited for by itself", () => {
  const pace = new Pace();
  train(pace, 10, 5000);
  assertEquals(train(pace, 5, 5000), [5000, 5000, 5000, 5000, 5000]);
});
