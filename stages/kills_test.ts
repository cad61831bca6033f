/** Pipelines that are killed at any moment, and runs that want to write the same folder at once. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { exists } from "../lib/files.ts";
import { isLeftover } from "../lib/folders.ts";
import { FileHashes } from "../lib/run/hashes.ts";
import { listOutputs } from "../lib/run/manifest.ts";
import { refused, type Workspace, workspace } from "../lib/run/testing.ts";
import { deriveSeed, uniform } from "../lib/tensor/random.ts";
import { PRESET, project } from "./testing.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const SIGNALS = ["SIGKILL", "SIGTERM", "SIGHUP"] as const;
const KILLS = 9;

/** Every path below a folder, folders included. */
async function* walk(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    yield join(folder, name);
    if (isDirectory) yield* walk(join(folder, name));
  }
}

/** Hashes of the results that stages hand on, by path: documents, vocabularies and weights. */
async function results(work: Workspace): Promise<Record<string, string>> {
  const hashes = new FileHashes(), found: Record<string, string> = {};
  for (const top of ["data", "models"]) {
    for await (const path of walk(work.path(top))) {
      if (!/\.(safetensors|jsonl)$|tokenizer\.json$/.test(path) || path.endsWith("metrics.jsonl")) continue;
      found[path.slice(work.folder.length + 1)] = (await hashes.stamp(path)).hash;
    }
  }
  return Object.fromEntries(Object.entries(found).sort());
}

Deno.test({
  name: "a pipeline that is killed at random moments, by three signals, makes what an unbroken one makes",
  ignore: Deno.build.os === "windows", // Windows has no such signals
  async fn() {
    const long = PRESET.replace("steps: 12", "steps: 300").replace("eval_every: 6", "eval_every: 20");
    await using whole = await project(long);
    const started = performance.now();
    const unbroken = await whole.run("pipeline");
    assertEquals(unbroken.code, 0, unbroken.output);
    const unit = performance.now() - started;

    await using broken = await project(long);
    /** The stages at which runs began; a run killed before it printed one adds none. */
    const begun = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      const process = broken.spawn("pipeline", "--resume");
      // Kills fall between the first file written and the end of the longest stage.
      await pause(unit * (0.1 + 0.5 * uniform(deriveSeed(7, "kill"), kill)));
      try {
        process.kill(SIGNALS[kill % SIGNALS.length]);
      } catch {
        // the process had already ended
      }
      const { stderr } = await process.output();
      const output = new TextDecoder().decode(stderr);
      assert(!/error|^ {4}at /m.test(output), output);
      begun.add(/stage (\d)[^\n]*making/.exec(output)?.[1] ?? "none");
    }
    assert(begun.size > 1, `no run got further than another: ${[...begun]}`);
    const resumed = await broken.run("pipeline", "--resume");
    assertEquals(resumed.code, 0, resumed.output);

    assertEquals(await results(broken), await results(whole));
    for (const top of ["data", "models"]) {
      for await (const path of walk(broken.path(top))) {
        assert(!isLeftover(path), `${path} was left`);
      }
    }
    const again = await broken.run("pipeline", "--resume");
    assertEquals(again.output.match(/is up to date/g)?.length, 6, again.output);
  },
});

Deno.test("of two runs on one folder the second ends at once and names the first; a killed one is no hindrance", async () => {
  await using work = await workspace();
  for (const stage of ["prepare-corpus", "build-vocab"]) assertEquals((await work.run(stage)).code, 0);
  const endless = ["pretrain.steps=100000", "pretrain.eval_every=0"].flatMap((set) => ["--set", set]);
  const first = work.spawn("pretrain", ...endless);
  const lock = work.path("models/tiny/pretrain.lock");
  for (let tries = 0; tries < 600 && !await Deno.readTextFile(lock).catch(() => ""); tries++) await pause(50);
  const says = `models/tiny/pretrain is being written by process ${first.pid} (pretrain, since `;
  refused(await work.run("pretrain", ...endless), says);
  refused(await work.run("pipeline", "--resume", ...endless), says);
  // A run on another folder is not affected.
  assertEquals((await work.run("pipeline", "--set", "name=other")).code, 0);
  first.kill("SIGKILL");
  await first.output();
  assert(await exists(lock));
  const next = await work.run("pretrain", "--force");
  assertEquals(next.code, 0, next.output);
  assert(!await exists(lock));
});

Deno.test("of runs that begin together, one makes the folder and the others end in a line or find it made", async () => {
  await using work = await workspace();
  const runs = await Promise.all([1, 2, 3].map(() => work.run("prepare-corpus")));
  assert(runs.some(({ code }) => code === 0));
  for (const run of runs) {
    if (run.code !== 0) refused(run, "data/processed/tiny/corpus is being written by ");
  }
  assertStringIncludes((await work.run("prepare-corpus")).output, "is up to date");
});

Deno.test("what killed writers left is tidied by the next run, and no manifest lists it", async () => {
  await using work = await workspace();
  const out = work.path("data/processed/tiny/corpus");
  await Deno.mkdir(join(out, "scratch.tmp"), { recursive: true });
  await Deno.writeTextFile(join(out, "train.jsonl.1f2e3d4c.tmp"), "");
  assertEquals((await work.run("prepare-corpus")).code, 0);
  const names = [...Deno.readDirSync(out)].map(({ name }) => name).sort();
  const { outputs } = JSON.parse(await work.read("data/processed/tiny/corpus/manifest.json"));
  assertEquals(names, [...Object.keys(outputs), "manifest.json"].sort());
  await Deno.mkdir(join(out, "best.old"));
  await Deno.writeTextFile(join(out, "best.old/model.safetensors"), "");
  assertEquals(Object.keys(await listOutputs(out, new FileHashes())).sort(), Object.keys(outputs).sort());
});
