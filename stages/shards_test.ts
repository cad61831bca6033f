/** The corpus as build-vocab encodes it and pretrain reads it. */
import { assert, assertEquals } from "@std/assert";
import { refused, TINY, type Workspace, workspace } from "../lib/run/testing.ts";

const VOCABULARY = "data/processed/tiny/vocabulary";

/** Removes the shards from a manifest, as in versions that had no shards. */
async function forgetShards(work: Workspace, folder: string, key: "inputs" | "outputs"): Promise<void> {
  const path = `${folder}/manifest.json`, manifest = JSON.parse(await work.read(path));
  const kept = Object.entries(manifest[key]).filter(([file]) =>
    !/(train|validation)\.safetensors$/.test(file)
  );
  assert(kept.length < Object.keys(manifest[key]).length);
  await work.write(path, JSON.stringify({ ...manifest, [key]: Object.fromEntries(kept) }));
}

Deno.test("encoded text that was cut off, or is not there, is told before anything is trained", async () => {
  await using work = await workspace();
  assertEquals((await work.run("prepare-corpus")).code, 0);
  assertEquals((await work.run("build-vocab")).code, 0);
  const path = work.path(VOCABULARY, "train.safetensors");
  await Deno.truncate(path, 100);
  refused(
    await work.run("pretrain"),
    `${VOCABULARY}/train.safetensors was altered; run deno task build-vocab --config preset.yaml first`,
  );
  await forgetShards(work, VOCABULARY, "outputs");
  refused(await work.run("pretrain"), `${VOCABULARY}/train.safetensors is not a whole safetensors file`);
  await Deno.remove(path);
  refused(
    await work.run("pretrain"),
    `${VOCABULARY}/train.safetensors does not exist; make it anew: deno task build-vocab --force with`,
  );
});

Deno.test("models that were trained before there was encoded text serve the stages after them", async () => {
  await using work = await workspace(
    undefined,
    `${TINY}evaluate: { samples: { prompts: [""], tokens: 4 } }\n`,
  );
  assertEquals((await work.run("pipeline")).code, 0);
  await forgetShards(work, VOCABULARY, "outputs");
  await forgetShards(work, "models/tiny/pretrain", "inputs");
  for (const part of ["train", "validation"]) await Deno.remove(work.path(VOCABULARY, `${part}.safetensors`));
  const run = await work.run("evaluate", "--force");
  assertEquals(run.code, 0, run.output);
});
