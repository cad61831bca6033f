import { assert, assertEquals, assertThrows } from "@std/assert";
import { Random } from "./random.ts";

Deno.test("equal seeds and purposes draw the same, others do not", () => {
  const draws = (random: Random) => Array.from({ length: 8 }, () => random.below(1000));
  assertEquals(draws(Random.of(1, "stories", 3)), draws(Random.of(1, "stories", 3)));
  const all = [Random.of(1, "stories", 3), Random.of(1, "stories", 4), Random.of(2, "stories", 3)];
  assertEquals(new Set(all.map((random) => draws(random).join())).size, 3);
});

Deno.test("draws stay in their bounds and reach all of them", () => {
  const random = new Random(5);
  assertEquals(new Set(Array.from({ length: 300 }, () => random.between(2, 4))), new Set([2, 3, 4]));
  assertEquals(new Set(Array.from({ length: 300 }, () => random.pick(["a", "b"]))), new Set(["a", "b"]));
  assertEquals([...random.shuffle([1, 2, 3, 4, 5])].sort(), [1, 2, 3, 4, 5]);
  assertEquals(new Set(random.sample([1, 2, 3, 4], 3)).size, 3);
  assertEquals(random.sample([1], 3), [1]);
  assertThrows(() => random.pick([]), RangeError);
});

Deno.test("weights decide how often each is drawn", () => {
  const random = new Random(6);
  const counts = { a: 0, b: 0, c: 0 };
  for (let i = 0; i < 3000; i++) counts[random.weighted<"a" | "b" | "c">([["a", 1], ["b", 3], ["c", 0]])]++;
  assertEquals(counts.c, 0);
  assert(counts.b > 2 * counts.a && counts.a > 500, JSON.stringify(counts));
});
