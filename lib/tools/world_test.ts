import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { workspace } from "../run/testing.ts";

/** A project with this project's data. */
async function project() {
  const work = await workspace();
  await Deno.symlink(new URL("../../data", import.meta.url), work.path("data"));
  return work;
}

Deno.test("world prints texts, the same for the same seed, and below them what is known of each", async () => {
  await using work = await project();
  const story = ["--kind", "story", "--seed", "7"];
  const text = await work.tool("world", ...story);
  const { code, output } = await work.tool("world", ...story, "--count", "2", "--facts");
  assertEquals(code, 0, output);
  const printed = output.split("\n***\n");
  assertEquals(printed.length, 2);
  const [[told, known], [other]] = printed.map((part) => part.trim().split("\n\nstory\n"));
  assertEquals(`${told}\n`, text.output);
  assertNotEquals(other, told);
  assertStringIncludes(known, "  comprensión: ");
});

Deno.test("world tells a mistake in one line", async () => {
  await using work = await project();
  const mistakes = [
    [["--kind", "nonsense"], "error: --kind nonsense: expected one of "],
    [["--count", "0"], "error: --count 0"],
    [["story"], "error: unknown argument story; deno task world --help lists what there is"],
  ] as const;
  for (const [args, start] of mistakes) {
    const { code, output } = await work.tool("world", ...args);
    assertEquals(code, 2, output);
    assert(output.startsWith(start), output);
    assertEquals(output.trimEnd().split("\n").length, 1, output);
  }
});
