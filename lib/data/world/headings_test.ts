import { assert, assertEquals } from "@std/assert";
import { Headings } from "./headings.ts";
import { fault, files } from "./questions/testing.ts";
import { Random } from "./random.ts";

const headings = await Headings.read(files);
const drawn = Array.from({ length: 20_000 }, (_, i) => headings.draw(Random.of(1, i)));

Deno.test("of 20,000 headings under a hundredth begin with the same four words as another", () => {
  const begins = drawn.map((text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu)!.slice(0, 4).join(" "));
  const counts = Map.groupBy(begins, (begin) => begin);
  const shared = begins.filter((begin) => counts.get(begin)!.length > 1).length;
  assert(shared < 200, `${shared} of 20,000`);
});

Deno.test("a heading is one line, printed as Spanish is", () => {
  for (const text of drawn) {
    assert(!text.includes("\n") && /^\p{Lu}/u.test(text) && text.length < 120, text);
    assertEquals(fault(/[.:]$/.test(text) ? text : `${text}.`), undefined, text);
  }
});
