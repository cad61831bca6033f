/** Runs that are stopped, killed, resumed and replaced: nothing is lost, and no runs are mixed. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "../lib/files.ts";
import { refused, sampleText, type Workspace, workspace } from "../lib/run/testing.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const sets = (...values: string[]) => values.flatMap((value) => ["--set", value]);
/** A training too long for any test to finish. */
const LONG = sets(
  "pretrain.steps=100000",
  "pretrain.save_every=0",
  "pretrain.eval_every=0",
  "pretrain.sample_every=0",
);

async function prepared(): Promise<Workspace> {
  const work = await workspace();
  for (const stage of ["prepare-corpus", "build-vocab"]) assertEquals((await work.run(stage)).code, 0);
  return work;
}

/** Waits until a run has recorded `count` steps. */
async function steps(work: Workspace, count: number, folder = "pretrain"): Promise<void> {
  const metrics = work.path(`models/tiny/${folder}/metrics.jsonl`);
  for (let tries = 0; tries < 600; tries++) {
    if ((await Deno.readTextFile(metrics).catch(() => "")).split("\n").length > count) return;
    await pause(100);
  }
  throw new Error(`${metrics} has fewer than ${count} lines after a minute`);
}

/** Runs a stage until it has made some steps, and sends it a signal. */
async function stopped(work: Workspace, signal: Deno.Signal, ...args: string[]) {
  const process = work.spawn("pretrain", ...args);
  await steps(work, 20);
  process.kill(signal);
  const { code, stderr } = await process.output();
  return { code, output: new TextDecoder().decode(stderr) };
}

for (const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test({
    name:
      `${signal} saves and exits with ${expected}; the run is not overwritten unasked, and --resume finishes it`,
    ignore: Deno.build.os === "windows", // Windows has no such signals
    async fn() {
      await using work = await prepared();
      const { code, output } = await stopped(work, signal, ...LONG);
      assertEquals(code, expected, output);
      const goOn = `deno task pretrain --config preset.yaml ${LONG.join(" ")} --resume`;
      assertStringIncludes(output, `pretrain: stopped; go on with ${goOn}`);
      const { step } = JSON.parse(await work.read("models/tiny/pretrain/last/checkpoint.json"));
      refused(
        await work.run("pretrain"),
        `models/tiny/pretrain/last holds an unfinished run, at step ${step}. To go on with it, run deno task ` +
          "pretrain --config preset.yaml --set pretrain.eval_every=0 --set pretrain.steps=100000 --resume. To start",
      );
      const again = await work.run("pretrain", "--force");
      assertEquals(again.code, 0, again.output);
    },
  });
}

Deno.test({
  name: "a terminal that goes away does not keep a run from being saved",
  ignore: Deno.build.os === "windows", // Windows has no such signal
  async fn() {
    await using work = await prepared();
    const process = work.spawn("pretrain", ...LONG, ...sets("pretrain.log_every=1"));
    await steps(work, 20);
    await process.stderr.cancel();
    await process.stdout.cancel();
    await pause(100);
    process.kill("SIGHUP");
    assertEquals((await process.status).code, 129);
    assert(await exists(work.path("models/tiny/pretrain/last/optimizer.safetensors")));
  },
});

Deno.test("a pipeline ends with the stage that was stopped", async () => {
  await using work = await workspace();
  const process = work.spawn("pipeline", ...LONG);
  await steps(work, 20);
  process.kill("SIGTERM");
  const { code, stderr } = await process.output();
  assertEquals(code, 143);
  const output = new TextDecoder().decode(stderr);
  assertStringIncludes(output, "--resume");
  assert(!output.includes("stage 4"), output);
});

Deno.test("a second signal ends a run at once", async () => {
  await using work = await prepared();
  const process = work.spawn("pretrain", ...LONG);
  await steps(work, 20);
  process.kill("SIGTERM");
  process.kill("SIGINT");
  const { code, stderr } = await process.output();
  assert([130, 143].includes(code), `exit code ${code}`); // the system may deliver either first
  assert(!new TextDecoder().decode(stderr).includes("pretrain: stopped"));
  assert(!await exists(work.path("models/tiny/pretrain/last")));
});

Deno.test("resuming gives the same weights, bit for bit, as an unbroken run", async () => {
  await using broken = await prepared();
  const enough = sets(
    "pretrain.steps=600",
    "pretrain.eval_every=100",
    "pretrain.save_every=7",
    "pretrain.ema=0.99",
    "pretrain.weights=float16",
  );
  const { code, output } = await stopped(broken, "SIGTERM", ...enough);
  assertEquals(code, 143, output);
  const resumed = await broken.run("pretrain", ...enough, "--resume");
  assertEquals(resumed.code, 0, resumed.output);
  assert(/resuming after step \d+/.test(resumed.output), resumed.output);
  await using whole = await prepared();
  assertEquals((await whole.run("pretrain", ...enough)).code, 0);
  for (const name of ["last/model", "last/optimizer", "best/model"]) {
    const path = `models/tiny/pretrain/${name}.safetensors`;
    assertEquals(await Deno.readFile(broken.path(path)), await Deno.readFile(whole.path(path)), name);
  }
  const [last, best] = await Promise.all(
    ["last", "best"].map((name) => Deno.stat(whole.path(`models/tiny/pretrain/${name}/model.safetensors`))),
  );
  // In such a small model the tensors' names take up a notable part of the file.
  assert(best.size < 0.7 * last.size, `${best.size} and ${last.size} bytes`);
  const recorded = (await broken.read("models/tiny/pretrain/metrics.jsonl")).trim().split("\n")
    .map((line) => JSON.parse(line)).filter((line) => line.loss !== undefined).map((line) => line.step);
  assertEquals(recorded, Array.from({ length: 600 }, (_, i) => i + 1));
});

Deno.test("a run that was given minutes picks its steps and its model once, however often it is stopped", async () => {
  await using work = await prepared();
  const auto = [
    "--minutes",
    "30",
    ...sets("model.size=auto", "pretrain.eval_every=0", "pretrain.save_every=0"),
  ];
  const info = async () => JSON.parse(await work.read("models/tiny/pretrain/last/checkpoint.json"));
  const first = await stopped(work, "SIGTERM", ...auto);
  assertEquals(first.code, 143, first.output);
  const { run: { picked }, step, parameters } = await info();
  assertStringIncludes(first.output, `30 minutes: ${picked.plan.steps.toLocaleString("en-US")} steps`);
  assert(picked.plan.steps > step);
  assert(!await exists(work.path("models/tiny/pretrain/measured.tmp")));

  // The file also has lines of samples.
  const lines = (await work.read("models/tiny/pretrain/metrics.jsonl")).split("\n").length;
  const process = work.spawn("pretrain", ...auto, "--resume");
  await steps(work, lines + 5);
  process.kill("SIGTERM");
  const output = new TextDecoder().decode((await process.output()).stderr);
  assertStringIncludes(output, `resuming after step ${step}`);
  assert(!output.includes("measur"), output);
  const later = await info();
  assertEquals([later.run.picked, later.parameters], [picked, parameters]);
  assert(later.step > step);
  refused(
    await work.run("pretrain", "--minutes", "31", ...auto.slice(2), "--resume"),
    "pretrain.minutes=30, and this",
  );
});

Deno.test("wsd: until the rate falls, a run goes on with other steps as if it had been started with them", async () => {
  const wsd = sets("pretrain.schedule.kind=wsd", "pretrain.save_every=0", "pretrain.eval_every=250");
  const enough = [...wsd, ...sets("pretrain.steps=1000")];
  await using broken = await prepared();
  const { code, output } = await stopped(broken, "SIGTERM", ...wsd, ...sets("pretrain.steps=100000"));
  assertEquals(code, 143, output);
  refused(
    await broken.run("pretrain", ...wsd, ...sets("pretrain.steps=21"), "--resume"),
    "with pretrain.steps=100000, and this command asks for 21, and the learning rate of every step follows",
  );
  const resumed = await broken.run("pretrain", ...enough, "--resume");
  assertEquals(resumed.code, 0, resumed.output);
  await using whole = await prepared();
  assertEquals((await whole.run("pretrain", ...enough)).code, 0);
  for (const name of ["last/model", "last/optimizer", "best/model"]) {
    const path = `models/tiny/pretrain/${name}.safetensors`;
    assertEquals(await Deno.readFile(broken.path(path)), await Deno.readFile(whole.path(path)), name);
  }
  const { run } = JSON.parse(await broken.read("models/tiny/pretrain/last/checkpoint.json"));
  assertEquals(run.preset.pretrain.steps, 1000);
});

Deno.test("steps that were picked give the same weights, bit for bit, as steps that were given", async () => {
  const every = ["eval_every=100", "save_every=7", "sample_every=0"].map((set) => `pretrain.${set}`);
  const enough = sets("pretrain.steps=600", ...every);
  await using timed = await prepared();
  assertEquals((await stopped(timed, "SIGTERM", ...enough)).code, 143);
  // What the checkpoint would say if the steps had been picked for half an hour.
  const path = "models/tiny/pretrain/last/checkpoint.json";
  const info = JSON.parse(await timed.read(path));
  const plan = { steps: 600, warmup: 2, eval_every: 100, sample_every: 0, save_every: 7 };
  const picked = { plan, costs: { step: 1, evaluation: 1, sample: 1, save: 1 } };
  const { steps: _, ...pretrain } = info.run.preset.pretrain;
  const preset = { ...info.run.preset, pretrain: { ...pretrain, minutes: 30 } };
  await timed.write(path, JSON.stringify({ ...info, run: { ...info.run, preset, picked } }));

  const resumed = await timed.run("pretrain", "--minutes", "30", ...sets(...every), "--resume");
  assertEquals(resumed.code, 0, resumed.output);
  const manifest = JSON.parse(await timed.read("models/tiny/pretrain/manifest.json"));
  assertEquals(manifest.metrics.picked, picked);
  await using whole = await prepared();
  assertEquals((await whole.run("pretrain", ...enough)).code, 0);
  for (const name of ["last/model", "last/optimizer", "best/model"]) {
    const path = `models/tiny/pretrain/${name}.safetensors`;
    assertEquals(await Deno.readFile(timed.path(path)), await Deno.readFile(whole.path(path)), name);
  }
});

/** When a file was written, or undefined if there is none. */
const written = async (path: string) => (await Deno.stat(path).catch(() => null))?.mtime?.getTime();

Deno.test("killed at fifty random moments, training resumes each time from a whole checkpoint", async () => {
  await using work = await prepared();
  const settings = [
    "pretrain.steps=1000000",
    "pretrain.save_every=1",
    "pretrain.eval_every=3",
    "pretrain.sample_every=0",
  ];
  const args = ["--resume", ...settings.flatMap((setting) => ["--set", setting])];
  // Moments are measured in units of the time that this machine takes to start and save once.
  const started = performance.now();
  const first = work.spawn("pretrain", ...args);
  const saved = work.path("models/tiny/pretrain/last/checkpoint.json");
  for (let tries = 0; tries < 1200 && !await exists(saved); tries++) await pause(50);
  const unit = performance.now() - started;
  first.kill("SIGKILL");
  await first.output();

  let step = 0, resumed = 0;
  for (let kill = 0; kill < 50; kill++) {
    const process = work.spawn("pretrain", ...args);
    const output = process.output();
    // Half of the kills fall anywhere from the start on; half after a save, however long that takes on a busy machine.
    // Most of the time here is spent saving.
    if (kill % 2 === 0) await pause(unit * (0.5 + 1.3 * Math.random()));
    else {
      const before = await written(saved);
      for (let tries = 0; tries < 1200 && await written(saved) === before; tries++) await pause(50);
      await pause(unit * 0.5 * Math.random());
    }
    process.kill("SIGKILL");
    const text = new TextDecoder().decode((await output).stderr);
    assert(!text.includes("error"), text);
    const at = Number(/resuming after step (\d+)/.exec(text)?.[1] ?? step);
    assert(at >= step, `went back from step ${step} to ${at}`);
    if (at > step) resumed++;
    step = at;
  }
  assert(resumed > 10, `only ${resumed} of 50 runs got further`);
});

Deno.test("--resume with other settings or inputs is refused with key, old and new value", async () => {
  await using work = await prepared();
  assertEquals((await stopped(work, "SIGTERM", ...LONG)).code, 143);
  const path = "models/tiny/pretrain/last";
  const other = sets("pretrain.lr=0.5", "pretrain.save_every=9");
  refused(
    await work.run("pretrain", "--resume", ...LONG, ...other),
    `--resume: ${path} was started with pretrain.lr=0.01, and this command asks for 0.5. To go on with it, run ` +
      "deno task pretrain --config preset.yaml --set pretrain.steps=100000",
  );
  refused(
    await work.run("pretrain", "--resume", ...LONG, ...sets("pretrain.steps=200000")),
    "with pretrain.steps=100000, and this command asks for 200000, and the learning rate of every step follows " +
      "from the number of steps. To go on with it",
  );
  refused(await work.run("pretrain", "--resume", "--force", ...LONG), "leave one out");

  // The same number of characters, with one replaced: the vocabulary has the same size and differs.
  await work.write("text.txt", sampleText().replaceAll("ñ", "ü"));
  const run = await work.run("pipeline", "--resume", ...LONG);
  refused(run, `--resume: ${path} was started from another data/processed/tiny/corpus/validation.jsonl`);
});

Deno.test("a truncated and an altered checkpoint are refused by --resume", async () => {
  await using work = await prepared();
  assertEquals((await stopped(work, "SIGTERM", ...LONG)).code, 143);
  const path = work.path("models/tiny/pretrain/last/model.safetensors");
  const good = await Deno.readFile(path);
  await Deno.writeFile(path, good.subarray(0, good.length - 100));
  refused(await work.run("pretrain", "--resume", ...LONG), "is truncated or was altered");
  const altered = good.slice();
  altered[altered.length - 5] ^= 1;
  await Deno.writeFile(path, altered);
  refused(await work.run("pretrain", "--resume", ...LONG), "is truncated or was altered");
});

const RUNAWAY = sets("pretrain.lr=300", "pretrain.clip=0", "pretrain.warmup=0", "pretrain.save_every=0");

Deno.test("a run that breaks before its first checkpoint leaves the one it was to replace as it was", async () => {
  await using work = await workspace();
  assertEquals((await work.run("pipeline")).code, 0);
  const run = await work.run("pretrain", "--force", ...RUNAWAY, ...sets("pretrain.eval_every=0"));
  assertEquals(run.code, 2, run.output);
  assert(/error: step \d+: the loss (ran away|or a gradient is not finite)/.test(run.output), run.output);
  const again = await work.run("pretrain");
  assertStringIncludes(again.output, "models/tiny/pretrain is up to date");
});

Deno.test("best/ and last/ are of one run from the first checkpoint on", async () => {
  await using work = await workspace();
  assertEquals((await work.run("pipeline")).code, 0);
  const process = work.spawn("pretrain", "--force", ...LONG, ...sets("pretrain.save_every=3"));
  const run = async (name: string) => {
    const path = work.path(`models/tiny/pretrain/${name}/checkpoint.json`);
    return JSON.parse(await Deno.readTextFile(path).catch(() => "{}")).run?.id;
  };
  const [best, last] = [await run("best"), await run("last")];
  assertEquals(best, last);
  for (let tries = 0; tries < 600 && [last, undefined].includes(await run("last")); tries++) await pause(20);
  await pause(500);
  process.kill("SIGKILL");
  await process.output();
  assert(await run("last") > last);
  assertEquals(await run("best"), undefined, "this run has not validated");
  assert(!await exists(work.path("models/tiny/pretrain/manifest.json")));
});
