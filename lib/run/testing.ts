/** Runs stage scripts as a user does, each project in a temporary folder. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";

/** The folder of this project. */
export const ROOT = new URL("../../", import.meta.url).pathname;

/** Varied text of the given number of sentences: enough for a tiny model, and generated so that tests need no file. */
export function sampleText(sentences = 400): string {
  const who = ["El gato", "La perra", "Mi tía", "Un niño", "La maestra", "El río"];
  const does = ["mira", "busca", "sueña con", "encuentra", "olvida", "canta a"];
  const what = ["la luna", "el mar", "un camino", "la lluvia", "su sombrero", "el café"];
  return Array.from({ length: sentences }, (_, i) => {
    return `${who[i % 6]} ${does[(i * 5 + 1) % 7 % 6]} ${what[(i * 7 + 2) % 11 % 6]}.`;
  }).join("\n");
}

/** Expects exit code 2 and a single line of error that contains `text`. */
export function refused({ code, output }: { code: number; output: string }, text: string): void {
  assertEquals(code, 2, output);
  const errors = output.split("\n").filter((line) => line.startsWith("error: "));
  assertEquals(errors.length, 1, output);
  assertStringIncludes(errors[0], text);
  assert(!output.includes("    at "), output);
}

export interface Workspace {
  readonly folder: string;
  /** Runs a stage script with the permissions of its task. */
  run(stage: string, ...args: string[]): Promise<{ code: number; output: string }>;
  /** Runs prepare-corpus with additional environment variables. */
  prepare(env: Record<string, string>, ...args: string[]): Promise<{ code: number; output: string }>;
  /** Runs train-on, which may write presets as well. */
  trainOn(...args: string[]): Promise<{ code: number; output: string }>;
  /** Runs a stage script without permission to write anywhere. */
  runReadOnly(stage: string, ...args: string[]): Promise<{ code: number; output: string }>;
  /** Runs a program of lib/tools with permission to read only. */
  tool(name: string, ...args: string[]): Promise<{ code: number; output: string }>;
  /** Runs a program of lib/tools that may also write under data/ and models/. */
  writer(name: string, ...args: string[]): Promise<{ code: number; output: string }>;
  /** Starts a program of lib/tools that may write where stages may, and under docs/. */
  startTool(name: string, ...args: string[]): Deno.ChildProcess;
  /** Starts a stage that the test will kill. */
  spawn(stage: string, ...args: string[]): Deno.ChildProcess;
  path(...parts: string[]): string;
  write(path: string, content: string | Uint8Array): Promise<void>;
  read(path: string): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A preset small enough to train in a second. */
export const TINY = `name: tiny
device: cpu
threads: 1
prepare-corpus:
  sources: [text.txt]
  documents: file
model: { layers: 1, heads: 2, width: 16, context: 16 }
pretrain:
  steps: 12
  batch: 2
  warmup: 2
  lr: 0.01
  eval_every: 6
  eval_batches: 2
  save_every: 4
  sample_every: 12
  sample: { tokens: 5 }
`;

/**
 * A temporary project: a text, and the preset TINY as preset.yaml.
 * @param root the folder whose programs are run, ending in /
 */
export async function workspace(
  text = sampleText(),
  preset = TINY,
  root = ROOT,
): Promise<Workspace> {
  const folder = await Deno.makeTempDir({ prefix: "desde-cero-" });
  const path = (...parts: string[]) => join(folder, ...parts);
  await Deno.writeTextFile(path("text.txt"), text);
  await Deno.writeTextFile(path("preset.yaml"), preset);
  const program = (rights: string[], module: string, args: string[], env: Record<string, string> = {}) =>
    new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-q", "--no-prompt", `--config=${root}deno.json`, "--allow-read", "--allow-sys=statfs"],
        ...[
          ...rights,
          "--allow-env=INIT_CWD,NODE_ENV,LOG_STREAM,LOG_TOKENS,XDG_RUNTIME_DIR,HF_TOKEN,HF_ENDPOINT",
        ],
        ...[`${root}${module}.ts`, ...args],
      ],
      cwd: folder,
      env: { HF_TOKEN: "", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  const start = (rights: string[], stage: string, args: string[], env: Record<string, string> = {}) =>
    program(rights, `stages/${stage}`, ["--config", "preset.yaml", ...args], env);
  const writable = [`--allow-write=${folder}/data,${folder}/models`];
  const finish = async (process: Deno.ChildProcess) => {
    const { code, stdout, stderr } = await process.output();
    return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  };
  return {
    folder,
    path,
    spawn: (stage, ...args) => start(writable, stage, args),
    prepare: (env, ...args) => finish(start([...writable, "--allow-net"], "prepare-corpus", args, env)),
    run: (stage, ...args) => finish(start(writable, stage, args)),
    trainOn: (...args) => finish(program([`${writable[0]},${folder}/configs`], "stages/train-on", args)),
    runReadOnly: (stage, ...args) => finish(start([], stage, args)),
    startTool: (name, ...args) => program([`${writable[0]},${folder}/docs`], `lib/tools/${name}`, args),
    tool: (name, ...args) => finish(program([], `lib/tools/${name}`, args)),
    writer: (name, ...args) => finish(program(writable, `lib/tools/${name}`, args)),
    async write(name, content) {
      if (typeof content === "string") await Deno.writeTextFile(path(name), content);
      else await Deno.writeFile(path(name), content);
    },
    read: (name) => Deno.readTextFile(path(name)),
    async [Symbol.asyncDispose]() {
      await Deno.remove(folder, { recursive: true });
    },
  };
}
