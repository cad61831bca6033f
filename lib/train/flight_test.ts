import { assert, assertEquals, assertRejects } from "@std/assert";
import { Flight } from "./flight.ts";

/** A fetch that takes 3 ms. */
const later = <T>(value: T) => () => new Promise<T>((resolve) => setTimeout(() => resolve(value), 3));

Deno.test("results come in order, once, and fast steps are fetched by the group", async () => {
  let time = 0;
  const flight = new Flight<number>(4, () => time += 3);
  const seen: number[] = [];
  const groups = new Set<number>();
  for (let step = 0; step < 50; step++) {
    const results = await flight.add(later(step));
    seen.push(...results);
    groups.add(results.length);
  }
  seen.push(...await flight.land(), ...await flight.land());
  assertEquals(seen, Array.from({ length: 50 }, (_, step) => step));
  assertEquals(groups, new Set([0, 1, 4]));
});

Deno.test("at most two groups are on their way", async () => {
  const flight = new Flight<number>(4);
  let fetched = 0, known = 0;
  for (let step = 0; step < 40; step++) {
    known += (await flight.add(() => (fetched++, Promise.resolve(step)))).length;
    assert(step + 1 - known < 8, `${step + 1} steps, ${known} known`);
  }
  known += (await flight.land()).length;
  assertEquals([fetched, known], [40, 40]);
});

Deno.test("the first step that fails is told, whenever the others do", async () => {
  const flight = new Flight<number>(1);
  await flight.add(later(1));
  await flight.add(() => Promise.reject(new Error("step 2")));
  const third = flight.add(() => Promise.reject(new Error("step 3")));
  await assertRejects(() => third, Error, "step 2");
});
