/** Stages as a user runs them, and every mistake a user can make. */
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "../lib/files.ts";
import { testGpu } from "../lib/device/testing.ts";
import { refused, sampleText, TINY, workspace } from "../lib/run/testing.ts";

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
  {
    name: "more threads than cores",
    args: ["--threads", "4096"],
    says:
      `threads: 4096 are more than the ${navigator.hardwareConcurrency} cores of this machine; use at most ${navigator.hardwareConcurrency}, or auto`,
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

Deno.test("an output folder that may not be written is told in one line", async () => {
  await using work = await workspace();
  refused(await work.runReadOnly("prepare-corpus"), "data/processed/tiny/corpus");
  assert(!await exists(work.path("data")));
});

Deno.test("paths on the command line start from the caller's folder, those in a preset from the project's", async () => {
  const cwd = new URL("../configs/", import.meta.url).pathname;
  const task = async (...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "-q", ...args],
      cwd,
      env: { NO_COLOR: "1", INIT_CWD: cwd },
    }).output();
    return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  };
  const named = ["--set", "name=no-such-name"]; // a name without files, so that nothing is written
  refused(await task("build-vocab", "--config", "mini.yaml", "--set", "nmae=x"), "nmae: unknown key");
  refused(
    await task("prepare-corpus", "--config", "mini.yaml", ...named, "--set", "prepare-corpus.sources=no.txt"),
    "configs/no.txt does not exist",
  );
  refused(
    await task(
      "prepare-corpus",
      "--config",
      "../configs/mini.yaml",
      ...named,
      "--set",
      "prepare-corpus.sources=[{path: ../no/*.txt}]",
    ),
    "no/*.txt matches no file",
  );
  refused(await task("build-vocab", ...named), "run deno task prepare-corpus --config configs/mini.yaml");
  refused(await task("lineage", "../models/no"), "models/no: no manifest.json");
  refused(await task("ask", "--model", "no", "¿Qué?"), "configs/no holds no model");
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
    "finetune-preference",
    "evaluate",
  ];
  refused(await task("train-on", "no/such.txt"), "no/such.txt does not exist");
  for (const name of ["pipeline", ...stages]) {
    refused(await task(name, "--set", "nmae=x"), "nmae: unknown key; did you mean name?");
    const help = await task(name, "--help");
    assertEquals(help.code, 0, help.output);
    assertStringIncludes(help.output, `Usage: deno task ${name}`);
    const timed = ["pipeline", "pretrain", "finetune-instruct"].includes(name);
    assertEquals(help.output.includes("--minutes N"), timed);
    assertEquals(help.output.includes("--until STAGE"), name === "pipeline");
    assertStringIncludes(help.output, "\n  seed=1337");
    assertEquals(help.output.includes("\n  pretrain.lr=0.001"), ["pipeline", "pretrain"].includes(name));
  }
  // Without a launcher of MPI, these tasks run as a single process.
  const shared = [
    "prepare-corpus",
    "build-vocab",
    "pretrain",
    "finetune-classify",
    "finetune-instruct",
    "evaluate",
  ];
  for (const name of shared) {
    refused(await task(`${name}-mpi`, "--set", "nmae=x"), "nmae: unknown key; did you mean name?");
  }
  refused(
    await task("evaluate", "--minutes", "3"),
    "--minutes belongs to pretrain, finetune-instruct and pipeline; leave it out",
  );
  refused(await task("lineage", "no/such/folder"), "no manifest.json there or above");
  refused(await task("parity", "no/such/folder"), "expected.json does not exist");
  refused(await task("ask", "--model", "no/such/folder", "¿Qué?"), "no/such/folder holds no model");
  refused(await task("classify", "hola"), "--model is missing");
  refused(await task("serve", "--port", "x"), "--port x: expected a whole number");
  refused(await task("serve", "--models", "no/such/folder"), "no/such/folder does not exist");
  refused(await task("serve", "--prot", "1"), "unknown argument --prot");
  refused(await task("studio", "--port", "x"), "--port x: expected a whole number");
  refused(await task("studio", "--host", "0.0.0.0"), "unknown argument --host");
  refused(await task("bench", "train", "--shape", "L4"), "--shape L4: expected such as");
});

Deno.test({
  name: "a write that the system breaks off in the middle is told in one line, and leaves nothing behind",
  ignore: Deno.build.os === "windows", // Windows has no file size limits
  async fn() {
    await using work = await workspace(sampleText(20_000));
    const root = new URL("../", import.meta.url).pathname;
    const rights = [
      `--config=${root}deno.json`,
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-sys=statfs",
    ];
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
