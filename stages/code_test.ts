/** Which changes of the code make a result stale, tried on a copy of the program. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { refused, sampleText, TINY, workspace } from "../lib/run/testing.ts";
import { copyProgram } from "./testing.ts";

Deno.test("a page, a plot or a report leaves results up to date; an op, a kernel or the lock file does not", async () => {
  const program = await Deno.makeTempDir() + "/";
  await copyProgram(program);
  await using work = await workspace(sampleText(), TINY, program);
  const first = await work.run("pipeline");
  assertEquals(first.code, 0, first.output);
  const append = (file: string) => Deno.writeTextFile(program + file, "\n", { append: true, create: false });

  const shown = ["page", "plot", "progress", "errors", "data/corpus/report", "evaluate/report", "run/main"];
  for (const file of shown) await append(`lib/${file}.ts`);
  for (const file of ["stages/build-vocab.ts", "stages/evaluate.ts"]) await append(file);
  const second = await work.run("pipeline");
  assertStringIncludes(
    second.output,
    "build-vocab: making data/processed/tiny/vocabulary (its code has changed: stages/build-vocab.ts)",
  );
  assertEquals(second.output.match(/is up to date/g)?.length, 2, second.output);

  for (const file of ["kernels/gelu.wgsl", "kernels/cpu/kernels.wasm", "lib/ops/mlp.ts", "deno.lock"]) {
    if (file.endsWith(".wasm")) {
      const custom = Uint8Array.of(0, 2, 1, 0x78); // a section without meaning
      await Deno.writeFile(program + file, custom, { append: true });
    } else await append(file);
    const { code, output } = await work.run("pretrain");
    assertEquals(code, 0, output);
    assertStringIncludes(output, `pretrain: making models/tiny/pretrain (its code has changed: ${file})`);
  }

  // Pretend that it took eleven minutes.
  const path = "models/tiny/pretrain/manifest.json";
  const manifest = JSON.parse(await work.read(path));
  await work.write(path, JSON.stringify({ ...manifest, seconds: 660 }));
  for (const file of ["mlp", "linear", "attention", "norm"]) await append(`lib/ops/${file}.ts`);
  refused(
    await work.run("pretrain"),
    "models/tiny/pretrain is a finished training and is kept: its code has changed: lib/ops/attention.ts, " +
      "lib/ops/linear.ts, lib/ops/mlp.ts and 1 more; it took 11m00s. To train another beside it, run " +
      "deno task pretrain --config preset.yaml --set name=tiny-2. To replace it, run deno task pretrain --config " +
      "preset.yaml --force",
  );
  assertEquals(JSON.parse(await work.read(path)).seconds, 660);

  // A manifest of an older version has one hash of all the code, and lacks newer keys.
  const { sources: _, ...old } = manifest;
  const preset = { ...manifest.preset };
  delete preset.precision;
  await work.write(path, JSON.stringify({ ...old, preset, code: "0".repeat(64), settings: "1".repeat(64) }));
  const again = await work.run("pretrain");
  assertStringIncludes(again.output, "making models/tiny/pretrain (its code has changed)");
  assert(JSON.parse(await work.read(path)).code["lib/model/decoder.ts"]);
  await Deno.remove(program, { recursive: true });
});
