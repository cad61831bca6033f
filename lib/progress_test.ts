import { assert, assertEquals } from "@std/assert";
import { fit, type Part } from "./progress.ts";

const PARTS: Part[] = [
  ["[██████████░░░░░░░░░░]", 4],
  ["step 600/1200", 2],
  ["loss 2.3456", 3],
  ["12,345 tokens/s", 1],
  ["1m05s left", 0],
];

Deno.test("a line of progress at 50 columns keeps speed and time left", () => {
  assertEquals(fit(PARTS, 49), "step 600/1200  12,345 tokens/s  1m05s left");
  assertEquals(fit(PARTS, 30), "12,345 tokens/s  1m05s left");
  assertEquals(fit(PARTS, 200).split("  ").length, 5);
});

Deno.test("a line of progress never wraps", () => {
  for (let columns = 0; columns < 80; columns++) assert([...fit(PARTS, columns)].length <= columns);
  assertEquals(fit([["漢字漢字", 0]], 5), "漢字", "wide characters take two columns");
  assertEquals(fit([["a\nb\tc", 0], ["", 1]], 9), "a b c");
});
