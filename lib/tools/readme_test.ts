/**
 * Runs every command of the README as a reader would: in a terminal, where a program that lacks a permission stops and
 * asks. They run in a copy of the project with tiny presets and data.
 *
 * A new command in the README must be added to `variants` below.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { parseDocument } from "yaml";
import zlib from "node:zlib";

const root = new URL("../../", import.meta.url).pathname;
const LONGEST = 60_000; // milliseconds

/** Set in CI: a missing `script` then fails the test instead of skipping it. */
const REQUIRED = "DESDE_CERO_REQUIRE_TERMINAL";

/** Tasks that are checks themselves; CI runs them separately. */
const CHECKS = ["test", "test-clients", "test-exports", "test-tokenizers", "check", "ok"];

/** The commands in the shell blocks of a Markdown text, and the tasks that it names in backquotes. */
function commandsOf(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```sh\n([^]*?)^```$/gm)]
    .flatMap(([, text]) => text.replaceAll("\\\n", " ").split("\n"))
    .map((line) => line.replace(/(^|\s)# .*/, "").trim());
  const spans = [...markdown.replace(/^```[^]*?^```$/gm, "").matchAll(/`((?:deno|npx) [^`]+)`/g)]
    .map(([, span]) => span.replaceAll("\\|", "|"));
  const commands = [...blocks, ...spans].map((command) => command.replace(/^npx -y deno@\S+ /, "deno "));
  return [...new Set(commands)].filter((command) => command !== "" && command !== "deno task …");
}

/** How a task's commands are run: to the end on little data, or only with --help. */
function variants(command: string): string[] | null {
  const [, task, rest] = /^deno task ([\w-]+)(.*)$/.exec(command) ?? [];
  switch (task) {
    case "prepare-corpus":
    case "build-vocab":
    case "pretrain":
    case "finetune-classify":
    case "finetune-instruct":
    case "evaluate":
    case "pipeline":
      return [
        command.replace("/path/to/", "").replace("steps=2000", "steps=2").replace("width=192", "width=32"),
      ];
    case "train-on":
      return [
        command.replace("my.txt", "quijote.txt").replace(/ --minutes \d+/, "") +
        " --name my --size tiny --set pretrain.steps=2 --set pretrain.eval_batches=1",
      ];
    case "ask":
    case "classify":
    case "lineage":
    case "runs":
    case "compare":
    case "average":
    case "quantise":
    case "schema":
    case "world":
      return [command];
    case "studio":
      return [`${command} --help`]; // it only ends when told to; clients/browser_studio_test.ts runs it
    case "teach":
      return [`${command} --help`]; // it exits with 1 if a few steps are not enough; teach_test.ts runs it
    case "merge": // There is no such model, nor for export; stages/adapters_test.ts and export_test.ts run them.
    case "export":
      return [`${command} --help`];
    case "doctor":
      return [command];
    case "ablate":
      return [`${command} --dry-run`];
    case "parity":
      return [command.replace(" [DIR...]", "")];
    case "bench":
      return rest.trim().split("|").map((what) => `deno task bench ${what} ${BENCH[what] ?? "--nothing"}`);
    case "finetune-preference": // mini.yaml has no such section
    case "build-kernels":
    case "test":
    case "test-clients":
    case "test-exports":
    case "test-tokenizers":
      return [`${command} --help`];
    case "ok":
      return []; // CI runs its parts, see below
    default:
      return null;
  }
}

const MODEL = '--steps 1 --rounds 1 --shape "L1 H1 C16 T16 B2 V17"';
const BENCH: Record<string, string> = {
  train: MODEL,
  ops: MODEL,
  decode: MODEL,
  serve: "--seconds 0.2",
  runs: "--help",
  "prepare-corpus": "--help",
  tokenizers: "--megabytes 1",
};

/** The output of a stage's command for the preset `name`. */
function madeBy(task: string, name: string): string[] {
  const stage = (folder: string) => `models/${name}/${folder}`;
  return {
    "prepare-corpus": [`data/processed/${name}/corpus`],
    "finetune-classify": [stage("classify")],
    "finetune-instruct": [stage("instruct")],
    evaluate: [stage("evaluate")],
    pretrain: [stage("pretrain")],
    pipeline: [`data/processed/${name}`, `models/${name}`],
  }[task] ?? [];
}

/** With these, no adapter is found: software shaders are slow, and have their own tests. */
const NO_GPU = { VK_DRIVER_FILES: "/none", DENO_WEBGPU_BACKEND: "vulkan" };

interface Running {
  readonly env?: Record<string, string>;
  /** Called with the whole output whenever there is more; its result is typed into the terminal. */
  seen?(output: string): Promise<string>;
}

const PROMPT = /Deno requests|┏ ⚠/;

/**
 * Runs a command in a new terminal. Asserts that it asks for no permission, does not crash, and ends with exit
 * code 0.
 * @returns what it printed
 */
async function run(command: string, cwd: string, { env, seen }: Running = {}): Promise<string> {
  // `deno task` sets this to the caller's folder, also for this test.
  const { INIT_CWD: _, ...inherited } = Deno.env.toObject();
  const process = new Deno.Command("script", {
    // `exec` replaces the shell: on Ctrl-C some shells exit with 130, whatever the command's own exit code.
    args: ["-qec", `exec ${command}`, "/dev/null"],
    cwd,
    clearEnv: true,
    env: { ...inherited, ...NO_GPU, SHELL: "/bin/sh", NO_COLOR: "1", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const timer = setTimeout(() => process.kill("SIGKILL"), LONGEST);
  const keys = process.stdin.getWriter();
  let output = "";
  for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
    output += chunk;
    if (PROMPT.test(output)) process.kill("SIGKILL"); // otherwise it would wait for an answer
    else if (seen) await keys.write(new TextEncoder().encode(await seen(output)));
  }
  const { code } = await process.status;
  clearTimeout(timer);
  await keys.close().catch(() => {}); // the terminal may be gone
  const said = `$ ${command}\n${output.slice(-3000)}`;
  assert(!PROMPT.test(output), `it asks for a permission: ${said}`);
  assert(!/^ {4}at /m.test(output), `it breaks: ${said}`);
  assert(code === 0, `${said}\nexit code ${code}`);
  return output;
}

/** Copies the project without generated files, and makes its presets and data tiny. */
async function tinyCopy(): Promise<string> {
  const copy = await Deno.makeTempDir({ prefix: "desde-cero-" });
  const skipped = [".git", "node_modules", "models", "data"];
  const top = [...Deno.readDirSync(root)].map(({ name }) => name).filter((name) => !skipped.includes(name));
  for (
    const part of [
      ...top,
      "models/small",
      "data/raw",
      "data/classify",
      "data/instruct",
      "data/evaluate",
      "data/world",
    ]
  ) {
    await Deno.mkdir(join(copy, dirname(part)), { recursive: true });
    const { success } = await new Deno.Command("cp", { args: ["-a", join(root, part), join(copy, part)] })
      .output();
    assert(success, part);
  }
  for (const name of ["mini", "quijote"]) {
    const path = join(copy, `configs/${name}.yaml`);
    const preset = parseDocument(await Deno.readTextFile(path));
    preset.set("model", { layers: 1, heads: 2, width: 16, context: 32 });
    for (const [key, value] of Object.entries({ steps: 2, warmup: 1, eval_batches: 1, accumulate: 1 })) {
      preset.setIn(["pretrain", key], value);
    }
    for (const stage of ["finetune-classify", "finetune-instruct"]) {
      if (preset.has(stage)) preset.setIn([stage, "epochs"], 1);
    }
    await Deno.writeTextFile(path, preset.toString());
  }
  for (const folder of ["data/classify", "data/instruct", "data/evaluate"]) {
    for (const { name } of Deno.readDirSync(join(copy, folder))) {
      const path = join(copy, folder, name);
      const lines = (await Deno.readTextFile(path)).split("\n");
      await Deno.writeTextFile(path, lines.filter((_, i) => i % 12 === 0).join("\n") + "\n");
    }
  }
  // The files that the README's examples name.
  const [text] = [...Deno.readDirSync(join(root, "data/raw"))].filter(({ name }) => name.endsWith(".txt"));
  const content = await Deno.readTextFile(join(root, "data/raw", text.name));
  await Deno.writeTextFile(join(copy, "quijote.txt"), content);
  await Deno.mkdir(join(copy, "web"));
  const line = JSON.stringify({ content }) + "\n";
  await Deno.writeFile(join(copy, "web/es.jsonl.zst"), new Uint8Array(zlib.zstdCompressSync(line)));
  const question = { instruction: "¿Qué son los gatos?", contains: ["felinos"] };
  await Deno.writeTextFile(join(copy, "my-questions.jsonl"), JSON.stringify(question) + "\n");
  return copy;
}

/** Starts the server, sends it the README's curl request, and stops it with Ctrl-C. */
async function serveAndAsk(command: string, curl: string, cwd: string): Promise<void> {
  const [, path, type, body] = /^curl -s localhost:8000(\S+) -H 'content-type: (\S+)'\s+-d '(.*)'$/.exec(
    curl,
  )!;
  let asked = false;
  const seen = async (output: string) => {
    const [address] = /http:\/\/localhost:\d+/.exec(output) ?? [];
    if (!address || asked) return "";
    asked = true;
    const headers = { "content-type": type };
    const answer = await (await fetch(`${address}${path}`, { method: "POST", headers, body })).json();
    assertStringIncludes(answer.choices[0].message.content, "San José");
    return "\x03";
  };
  await run(command, cwd, { env: { PORT: "0" }, seen });
  assert(asked);
}

const tasksOf = async (): Promise<Record<string, { command: string }>> =>
  JSON.parse(await Deno.readTextFile(join(root, "deno.json"))).tasks;

const version = await new Deno.Command("script", { args: ["--version"] }).output()
  .then(({ stdout }) => new TextDecoder().decode(stdout), () => "");
const terminal = version.includes("util-linux");
if (!terminal && Deno.env.get(REQUIRED)) {
  throw new Error(`${REQUIRED} is set, but there is no script of util-linux`);
}

Deno.test({
  name: "every command of the README runs in a terminal, and asks for no permission",
  ignore: !terminal,
  async fn(t) {
    const commands = commandsOf(await Deno.readTextFile(join(root, "README.md")));
    const curl = commands.find((command) => command.startsWith("curl "))!;
    const serve = commands.find((command) => /^deno task serve$/.test(command))!;
    const others = commands.filter((command) => command !== curl && command !== serve);
    const unknown = others.filter((command) => variants(command) === null);
    assertEquals(
      unknown,
      [],
      "lib/tools/readme_test.ts must be told how to run these commands of the README",
    );

    const copy = await tinyCopy();
    const step = (command: string, fn: () => Promise<unknown>) =>
      t.step(command, async () => void await fn());
    const stages = ["prepare-corpus", "build-vocab", "pretrain", "finetune-classify", "finetune-instruct"];
    const first = [...stages, "evaluate"].map((stage) => `deno task ${stage}`);
    for (const command of first) {
      assert(others.includes(command), `${command} is not in the README`);
      await step(command, () => run(command, copy));
    }
    const made = ["data/processed", "models/mini"];
    const save = async (from: string, to: string) => {
      for (const folder of made) {
        await Deno.remove(join(to, folder), { recursive: true }).catch(() => {});
        await Deno.mkdir(join(to, dirname(folder)), { recursive: true });
        await new Deno.Command("cp", { args: ["-a", join(from, folder), join(to, folder)] }).output();
      }
    };
    const kept = await Deno.makeTempDir({ prefix: "desde-cero-" });
    await save(copy, kept);
    for (const command of others.filter((command) => !first.includes(command))) {
      for (const variant of variants(command)!) {
        await step(variant, async () => {
          await save(kept, copy); // each depends on the stages' commands, not on each other
          const [, , task] = variant.split(" ");
          for (const folder of madeBy(task, "mini")) {
            if (variant.includes(" --set ")) await Deno.remove(join(copy, folder), { recursive: true });
          }
          await run(variant, copy);
        });
      }
    }
    await step(`${serve}, ${curl}`, () => serveAndAsk(serve, curl, copy));
    for (const folder of [copy, kept]) await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "every task prints its help in a terminal, for -h and for --help",
  ignore: !terminal,
  async fn() {
    const tasks = await tasksOf();
    const names = Object.keys(tasks).filter((name) => !CHECKS.includes(name));
    const asked = [...names, ...Object.keys(BENCH).map((what) => `bench ${what}`)]
      .flatMap((name) => [`deno task ${name} -h`, `deno task ${name} --help`]);
    const next = asked.values();
    const copy = await tinyCopy(); // for those that run instead
    const ask = async () => {
      for (const command of next) {
        assertMatch(await run(command, copy), /Usage: (mpiexec -n N )?deno task [\w-]+/, command);
      }
    };
    await Promise.all([ask(), ask()]);
    await Deno.remove(copy, { recursive: true });
  },
});

Deno.test("deno task ok does what CI does first", async () => {
  const { ok, check } = await tasksOf();
  assertEquals(ok.command, "deno task check && deno task test");
  const ci = await Deno.readTextFile(join(root, ".ci/run"));
  for (const task of ["check", "test", "test-clients", "test-exports", "test-tokenizers"]) {
    assertMatch(ci, new RegExp(`^ *deno task -q ${task}\\b`, "m"));
  }
  assert(check.command.startsWith("deno fmt --check && deno lint && deno check "), check.command);
});
