/** Stages as a user runs them: make-style reruns, and every mistake a user can make. */
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "../lib/files.ts";
import { testGpu } from "../lib/device/testing.ts";
import { refused, sampleText, TINY, workspace } from "../lib/run/testing.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const tool = (name: string) => new URL(`../lib/tools/${name}.ts`, import.meta.url).pathname;

Deno.test("the pipeline runs once, then is up to date, and reruns just what a change touches", async () => {
  await using work = await workspace();
  const first = await work.run("pipeline");
  assertEquals(first.code, 0, first.output);
  for (const name of ["last/model.safetensors", "best/model.safetensors", "metrics.jsonl", "loss.svg"]) {
    assert(await exists(work.path("models/tiny/pretrain", name)), name);
  }
  assertStringIncludes(await work.read("models/tiny/pretrain/loss.svg"), "<svg");
  const second = await work.run("pipeline");
  assertEquals(second.output.match(/is up to date/g)?.length, 3, second.output);

  const lineage = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--allow-read", "--allow-env", tool("lineage"), "models/tiny/pretrain/last"],
    cwd: work.folder,
  }).output();
  const chain = new TextDecoder().decode(lineage.stdout);
  for (const part of ["by pretrain", "by build-vocab", "by prepare-corpus", "text.txt"]) {
    assertStringIncludes(chain, part);
  }

  const changed = await work.run("pipeline", "--set", "pretrain.lr=0.02");
  assertEquals(changed.output.match(/is up to date/g)?.length, 2, changed.output);
  assertStringIncludes(changed.output, "pretrain: making models/tiny/pretrain (its settings have changed)");

  await work.write("text.txt", sampleText(420));
  const other = await work.run("pipeline");
  assertStringIncludes(other.output, "prepare-corpus: making");
  assertStringIncludes(other.output, "build-vocab: making");
  assertStringIncludes(other.output, "pretrain: making");
});

Deno.test("a stage names the command that makes an input it misses, or that is out of date", async () => {
  await using work = await workspace();
  refused(
    await work.run("pretrain"),
    "it does not exist; run deno task prepare-corpus --config preset.yaml first",
  );
  assertEquals((await work.run("prepare-corpus")).code, 0);
  refused(await work.run("pretrain"), "run deno task build-vocab --config preset.yaml first");
  assertEquals((await work.run("build-vocab")).code, 0);
  await work.write("text.txt", sampleText(500));
  refused(await work.run("pretrain"), "it was made from another text.txt");
  assertEquals((await work.run("prepare-corpus")).code, 0);
  refused(await work.run("pretrain"), "vocabulary: it was made from another data/processed/tiny/corpus/");
});

Deno.test("two micro-batches of two make the update that a batch of four makes", async () => {
  await using work = await workspace();
  const losses = async (...sets: string[]) => {
    const { code, output } = await work.run("pipeline", "--force", ...sets.flatMap((set) => ["--set", set]));
    assertEquals(code, 0, output);
    const lines = (await work.read("models/tiny/pretrain/metrics.jsonl")).trim().split("\n");
    return lines.map((line) => JSON.parse(line).loss).filter((loss) => loss !== undefined);
  };
  const whole = await losses("pretrain.batch=4");
  const parts = await losses("pretrain.batch=2", "pretrain.accumulate=2");
  whole.forEach((loss, step) => assertAlmostEquals(parts[step], loss, 1e-5));
});

Deno.test("mixed precision is refused where there is no float16", async () => {
  await using work = await workspace();
  await work.run("prepare-corpus");
  await work.run("build-vocab");
  refused(
    await work.run("pretrain", "--set", "precision=mixed"),
    "precision: mixed takes a GPU that has shader-f16, and the device is cpu (asked for)",
  );
});

if ((await testGpu())?.float16) {
  Deno.test("mixed precision learns as float32 does", async () => {
    await using work = await workspace();
    const losses = async (precision: string) => {
      const sets = ["device=webgpu", `precision=${precision}`].flatMap((set) => ["--set", set]);
      const { code, output } = await work.run("pipeline", "--force", ...sets);
      assertEquals(code, 0, output);
      const lines = (await work.read("models/tiny/pretrain/metrics.jsonl")).trim().split("\n");
      return lines.map((line) => JSON.parse(line)).map(({ loss, validation }) => loss ?? validation?.loss);
    };
    const [full, mixed] = [await losses("float32"), await losses("mixed")];
    assertEquals(mixed.length, full.length);
    mixed.forEach((loss, i) => assertAlmostEquals(loss ?? 0, full[i] ?? 0, 0.02));
  });
}

Deno.test("resuming gives the same weights, bit for bit, as an unbroken run", async () => {
  await using whole = await workspace();
  await using broken = await workspace();
  assertEquals((await whole.run("pipeline")).code, 0);
  assertEquals(
    (await broken.run("pipeline", "--set", "pretrain.steps=8", "--set", "pretrain.min_lr=0.01")).code,
    0,
  );
  // A constant learning rate, so that the number of steps does not change the first eight.
  const steady = ["--set", "pretrain.min_lr=0.01"];
  assertEquals((await whole.run("pipeline", ...steady)).code, 0);
  const resumed = await broken.run("pipeline", ...steady, "--resume");
  assertStringIncludes(resumed.output, "resuming after step 8");
  for (const name of ["model.safetensors", "optimizer.safetensors"]) {
    const path = `models/tiny/pretrain/last/${name}`;
    assertEquals(await Deno.readFile(broken.path(path)), await Deno.readFile(whole.path(path)), name);
  }
  const steps = (await broken.read("models/tiny/pretrain/metrics.jsonl")).trim().split("\n")
    .map((line) => JSON.parse(line)).filter((line) => line.loss !== undefined).map((line) => line.step);
  assertEquals(steps, Array.from({ length: 12 }, (_, i) => i + 1));
});

Deno.test("Ctrl-C saves and exits with 0; the run is not overwritten unasked, and --resume finishes it", async () => {
  await using work = await workspace();
  assertEquals((await work.run("prepare-corpus")).code, 0);
  assertEquals((await work.run("build-vocab")).code, 0);
  const long = [
    "--set",
    "pretrain.steps=100000",
    "--set",
    "pretrain.save_every=0",
    "--set",
    "pretrain.eval_every=0",
  ];
  const process = work.spawn("pretrain", ...long, "--set", "pretrain.sample_every=0");
  const metrics = work.path("models/tiny/pretrain/metrics.jsonl");
  for (let tries = 0; tries < 600; tries++) {
    if ((await Deno.readTextFile(metrics).catch(() => "")).split("\n").length > 20) break;
    await pause(100);
  }
  process.kill("SIGINT");
  const { code, stderr } = await process.output();
  const output = new TextDecoder().decode(stderr);
  assertEquals(code, 0, output);
  assertStringIncludes(output, "stopped and saved after step");
  refused(await work.run("pretrain"), "holds an unfinished run");
  const step = JSON.parse(await work.read("models/tiny/pretrain/last/checkpoint.json")).step;
  const resumed = await work.run("pretrain", "--resume", "--set", `pretrain.steps=${step + 3}`);
  assertEquals(resumed.code, 0, resumed.output);
});

Deno.test("killed at fifty random moments, training resumes each time from a whole checkpoint", async () => {
  await using work = await workspace();
  assertEquals((await work.run("prepare-corpus")).code, 0);
  assertEquals((await work.run("build-vocab")).code, 0);
  const settings = [
    "pretrain.steps=1000000",
    "pretrain.save_every=1",
    "pretrain.eval_every=3",
    "pretrain.sample_every=0",
  ];
  const args = ["--resume", ...settings.flatMap((setting) => ["--set", setting])];
  // Moments are counted in the time that this machine takes to start and save once.
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
    // From before the first step to many saves later; saving is most of the time here.
    await pause(unit * (0.5 + Math.random()));
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

Deno.test("a loss that runs away stops the run, names the step and keeps the good checkpoint", async () => {
  await using work = await workspace();
  assertEquals((await work.run("pipeline")).code, 0);
  const before = await Deno.readFile(work.path("models/tiny/pretrain/last/model.safetensors"));
  const run = await work.run(
    "pipeline",
    "--set",
    "pretrain.lr=300",
    "--set",
    "pretrain.clip=0",
    "--set",
    "pretrain.warmup=0",
    "--set",
    "pretrain.save_every=0",
  );
  assertEquals(run.code, 2, run.output);
  assert(/error: step \d+: the loss (ran away|or a gradient is not finite)/.test(run.output), run.output);
  assertEquals(await Deno.readFile(work.path("models/tiny/pretrain/last/model.safetensors")), before);
});

const mistakes: {
  name: string;
  text?: string | Uint8Array;
  preset?: string;
  args?: string[];
  says: string;
}[] = [
  {
    name: "an empty corpus",
    text: "",
    says: "prepare-corpus.sources: no text is left after cleaning (the files are empty)",
  },
  {
    name: "a binary file named .txt",
    text: Uint8Array.of(104, 111, 10, 0, 1, 2),
    says: "text.txt:2: a zero byte",
  },
  {
    name: "invalid UTF-8",
    text: Uint8Array.of(104, 10, 105, 0xf1, 105),
    says: "text.txt:2: not valid UTF-8",
  },
  {
    name: "a source that does not exist",
    args: ["--set", "prepare-corpus.sources=[no.txt]"],
    says: "no.txt does not exist",
  },
  {
    name: "a glob without matches",
    args: ["--set", "prepare-corpus.sources=['x/*.txt']"],
    says: "x/*.txt matches no file that ends in .txt",
  },
  { name: "a YAML syntax error", preset: "name: [tiny", says: "preset.yaml:1:" },
  { name: "an unknown key", preset: TINY + "modle: 1\n", says: "modle: unknown key; did you mean model?" },
  {
    name: "a value of the wrong type",
    args: ["--set", "pretrain.lr=fast"],
    says: "--set pretrain.lr: expected number",
  },
  {
    name: "a context longer than the corpus",
    text: "Corto.",
    says: "model.context: 16 tokens are more than",
  },
  {
    name: "a model that the cpu device cannot hold",
    args: ["--set", "model.width=8192", "--set", "model.layers=24"],
    says: "training this model takes about",
  },
  { name: "an unknown argument", args: ["--stesp=3"], says: "unknown argument --stesp" },
];

for (const { name, text, preset, args = [], says } of mistakes) {
  Deno.test(`${name} is refused in one line, with exit code 2 and nothing half-written`, async () => {
    await using work = await workspace(sampleText(), preset ?? TINY);
    if (text !== undefined) await work.write("text.txt", text);
    refused(await work.run("pipeline", ...args), says);
    for (const folder of ["data/processed/tiny/corpus", "models/tiny/pretrain"]) {
      const files = await exists(work.path(folder)) ? [...Deno.readDirSync(work.path(folder))] : [];
      if (folder.startsWith("models")) assertEquals(files, []);
      assert(!files.some((file) => file.name.endsWith(".tmp")));
    }
  });
}

Deno.test("a truncated, an altered and a foreign checkpoint are refused by --resume", async () => {
  await using work = await workspace();
  assertEquals((await work.run("pipeline")).code, 0);
  const more = ["--resume", "--set", "pretrain.steps=14"];
  const path = work.path("models/tiny/pretrain/last/model.safetensors");
  const good = await Deno.readFile(path);

  await Deno.writeFile(path, good.subarray(0, good.length - 100));
  refused(await work.run("pipeline", ...more), "is truncated or was altered");
  const altered = good.slice();
  altered[altered.length - 5] ^= 1;
  await Deno.writeFile(path, altered);
  refused(await work.run("pipeline", ...more), "is truncated or was altered");
  await Deno.writeFile(path, good);

  refused(
    await work.run("pipeline", ...more, "--set", "model.width=32"),
    "--resume: models/tiny/pretrain/last has another architecture (width 16 → 32, hidden 64 → 128)",
  );
  // As many characters, one of them another: the same size, another vocabulary.
  await work.write("text.txt", sampleText().replaceAll("ñ", "ü"));
  refused(await work.run("pipeline", ...more), "was trained with the vocabulary of another corpus");
});

Deno.test("an output folder that may not be written is told in one line", async () => {
  await using work = await workspace();
  refused(await work.runReadOnly("prepare-corpus"), "data/processed/tiny/corpus");
  assert(!await exists(work.path("data")));
});

Deno.test("tasks run with the permissions they are given", async () => {
  const root = new URL("../", import.meta.url).pathname;
  const task = async (...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "-q", ...args],
      cwd: root,
      env: { NO_COLOR: "1" },
    }).output();
    return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  };
  const stages = [
    "prepare-corpus",
    "build-vocab",
    "pretrain",
    "finetune-classify",
    "finetune-instruct",
    "evaluate",
  ];
  for (const name of ["pipeline", ...stages]) {
    refused(await task(name, "--set", "nmae=x"), "nmae: unknown key; did you mean name?");
    const help = await task(name, "--help");
    assertEquals(help.code, 0, help.output);
    assertStringIncludes(help.output, `Usage: deno task ${name}`);
  }
  refused(await task("lineage", "no/such/folder"), "no manifest.json there or above");
  refused(await task("parity", "no/such/folder"), "expected.json does not exist");
  refused(await task("ask", "--model", "no/such/folder", "¿Qué?"), "no/such/folder holds no model");
  refused(await task("classify", "hola"), "--model is missing");
  refused(await task("serve", "--port", "x"), "--port x: expected a whole number");
  refused(await task("serve", "--models", "no/such/folder"), "no/such/folder does not exist");
  refused(await task("serve", "--prot", "1"), "unknown argument --prot");
  refused(await task("bench", "train", "--shape", "L4"), "--shape L4: expected such as");
});

Deno.test({
  name: "a write that the system breaks off in the middle is told in one line, and leaves nothing behind",
  ignore: Deno.build.os === "windows", // it has no file size limits
  async fn() {
    await using work = await workspace(sampleText(20_000));
    const root = new URL("../", import.meta.url).pathname;
    const rights = [`--config=${root}deno.json`, "--allow-read", "--allow-write", "--allow-env"];
    const stage = [Deno.execPath(), "run", "-q", ...rights, `${root}stages/prepare-corpus.ts`];
    // Files end at 64 blocks; with the signal ignored, the write itself fails, as on a full disk.
    const script = `trap '' XFSZ; ulimit -f 64; exec "$@"`;
    const { code, stderr } = await new Deno.Command("sh", {
      args: ["-c", script, "sh", ...stage, "--config", "preset.yaml"],
      cwd: work.folder,
      stdin: "null",
    }).output();
    refused({ code, output: new TextDecoder().decode(stderr) }, "scratch.tmp/raw cannot be written");
    assertEquals([...Deno.readDirSync(work.path("data/processed/tiny/corpus"))], []);
  },
});
