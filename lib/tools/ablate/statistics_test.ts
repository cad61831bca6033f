import { assertAlmostEquals, assertEquals } from "@std/assert";
import { deviation, mean, median, pooledDeviation } from "./statistics.ts";

Deno.test("the mean and the sample's standard deviation are those computed by hand", () => {
  // Deviations from 5 are -3, -1, -1, -1, 0, 0, 2, 4, whose squares add up to 32.
  const values = [2, 4, 4, 4, 5, 5, 7, 9];
  assertEquals(mean(values), 5);
  assertAlmostEquals(deviation(values)!, Math.sqrt(32 / 7), 1e-12);
  assertAlmostEquals(deviation([1.25, 1.31])!, 0.06 / Math.SQRT2, 1e-12);
  assertEquals(deviation([1]), null);
});

Deno.test("the pooled deviation takes each group's distance from its own mean", () => {
  // Squares: 2 of (1, 3), 8 of (10, 14), 0 of (7), over 1 + 1 + 0 degrees of freedom.
  assertAlmostEquals(pooledDeviation([[1, 3], [10, 14], [7]])!, Math.sqrt(5), 1e-12);
  assertEquals(pooledDeviation([[1], [5]]), null);
  assertEquals(pooledDeviation([]), null);
});

Deno.test("the median of an even number of values is the mean of the two middle ones", () => {
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(median([4, 1, 3, 2]), 2.5);
  assertEquals(median([7]), 7);
});
