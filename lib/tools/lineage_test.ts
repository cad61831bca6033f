import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { workspace } from "../run/testing.ts";

Deno.test("lineage of a model that ships says by which commands its corpus and vocabulary are made again", async () => {
  await using work = await workspace();
  for (const path of ["models/small/classify/manifest.json", "models/small/pretrain/manifest.json"]) {
    await Deno.mkdir(work.path(path, ".."), { recursive: true });
    await Deno.copyFile(new URL(`../../${path}`, import.meta.url), work.path(path));
  }
  await Deno.mkdir(work.path("configs"));
  await work.write("configs/small.yaml", "name: small\n");
  const { code, output } = await work.tool("lineage", "models/small/classify/temas/best");
  assertEquals(code, 0, output);
  const lines = output.split("\n").map((line) => line.trim());
  const count = (start: string) => lines.filter((line) => line.startsWith(start)).length;
  assertEquals([count("data/processed/small/corpus"), count("data/processed/small/vocabulary")], [1, 1]);
  assertStringIncludes(
    output,
    "data/processed/small/corpus  not here; made again by deno task prepare-corpus --config configs/small.yaml, " +
      "from data/raw",
  );
  assertStringIncludes(output, "made again by deno task build-vocab --config configs/small.yaml");
  assertStringIncludes(output, "data/classify/temas.csv  missing");
  assert(!output.includes("gone"), output);
});
