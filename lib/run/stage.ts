/**
 * Stages as in make: a stage reads inputs, writes one folder, and leaves a manifest that says from what
 * it was made. A stage whose settings, inputs and code are unchanged does not run again.
 */
import { parseArgs } from "@std/cli/parse-args";
import { join } from "@std/path";
import { z } from "zod";
import { exitOnUserError, UserError } from "../errors.ts";
import { exists, explain, hashContent, hashFile, writeFileAtomic } from "../files.ts";
import { duration, Terminal } from "../progress.ts";
import type { Preset } from "./config.ts";
import { importGraph } from "./imports.ts";
import { loadPreset } from "./preset.ts";

export type StageName =
  | "prepare-corpus"
  | "build-vocab"
  | "pretrain"
  | "finetune-classify"
  | "finetune-instruct"
  | "evaluate";

export interface Context {
  readonly preset: Preset;
  /** The stage's folder. */
  readonly out: string;
  readonly resume: boolean;
  readonly force: boolean;
  readonly terminal: Terminal;
  /** Aborted when the user presses Ctrl-C, if the stage asked for it. */
  readonly signal: AbortSignal;
}

export interface StageResult {
  /** Figures for the manifest. */
  readonly metrics: Record<string, unknown>;
  readonly device?: string;
  /** False if it was stopped early; it is then not up to date. */
  readonly finished: boolean;
  /** What it took from the network, by address, with hashes. */
  readonly fetched?: Record<string, string>;
}

export interface Stage {
  readonly name: StageName;
  /** For `--help`: what it does, in a sentence. */
  readonly about: string;
  /** URL of the stage's module, where the code that it depends on starts. */
  readonly module: string;
  readonly out: (preset: Preset) => string;
  /** The part of the preset that decides the result. */
  readonly settings: (preset: Preset) => unknown;
  /** Stages whose folders it reads. */
  readonly after: (preset: Preset) => readonly Stage[];
  /** Whether its section may be missing from a preset, which then has no such stage. */
  readonly optional?: boolean;
  /** Files it reads besides those folders. */
  readonly sources?: (preset: Preset) => Promise<string[]>;
  /** Whether Ctrl-C is handled by the stage, which saves, rather than ending the process. */
  readonly interruptible?: boolean;
  /** Whether an interrupted run can go on with `--resume`. */
  readonly resumable?: boolean;
  run(context: Context): Promise<StageResult>;
}

const Manifest = z.object({
  stage: z.string(),
  preset: z.record(z.string(), z.unknown()),
  settings: z.string(),
  code: z.string(),
  inputs: z.record(z.string(), z.string()),
  fetched: z.record(z.string(), z.string()).optional(),
  outputs: z.record(z.string(), z.object({ hash: z.string(), bytes: z.number(), modified: z.number() })),
  metrics: z.record(z.string(), z.unknown()),
  device: z.string().nullable(),
  seed: z.number(),
  seconds: z.number(),
  made: z.string(),
  versions: z.record(z.string(), z.string()),
});
export type Manifest = z.infer<typeof Manifest>;

export async function readManifest(folder: string): Promise<Manifest | null> {
  try {
    const parsed = Manifest.safeParse(JSON.parse(await Deno.readTextFile(join(folder, "manifest.json"))));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** The command that runs a stage. */
export function command(stage: StageName, configPath: string): string {
  return `deno task ${stage} --config ${configPath}`;
}

/** Hashes of what a stage reads: the manifests' outputs of earlier stages, and source files. */
async function inputHashes(
  stage: Stage,
  preset: Preset,
  configPath: string,
): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const earlier of stage.after(preset)) {
    const folder = earlier.out(preset);
    const state = await staleness(earlier, preset, configPath, false);
    if (state) {
      throw new UserError(`${folder}: ${state}; run ${command(earlier.name, configPath)} first`);
    }
    const manifest = (await readManifest(folder))!;
    for (const [file, { hash }] of Object.entries(manifest.outputs)) hashes[join(folder, file)] = hash;
  }
  for (const path of await stage.sources?.(preset) ?? []) {
    hashes[path] = await hashFile(path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new UserError(
        `${path} does not exist; ${stage.name} reads it, by the preset's section of that name`,
      );
    });
  }
  return hashes;
}

async function codeHash(stage: Stage): Promise<string> {
  const files = await importGraph(new URL(stage.module).pathname);
  return hashContent((await Promise.all(files.map((file) => hashFile(file)))).join());
}

const settingsHash = (stage: Stage, preset: Preset) => hashContent(JSON.stringify(stage.settings(preset)));

/**
 * Why a stage must run, or null when its folder is up to date. An earlier stage made by older code still
 * serves the later ones, so they ask without `code`. Inputs that were hashed already need not be again.
 */
async function staleness(
  stage: Stage,
  preset: Preset,
  configPath: string,
  code: boolean,
  known?: Record<string, string>,
): Promise<string | null> {
  const folder = stage.out(preset);
  const manifest = await readManifest(folder);
  if (!manifest) return await exists(folder) ? "it is unfinished" : "it does not exist";
  if (manifest.settings !== settingsHash(stage, preset)) return "its settings have changed";
  const inputs = known ?? await inputHashes(stage, preset, configPath);
  for (const path of new Set([...Object.keys(inputs), ...Object.keys(manifest.inputs)])) {
    if (inputs[path] !== manifest.inputs[path]) return `it was made from another ${path}`;
  }
  for (const [file, { hash, bytes, modified }] of Object.entries(manifest.outputs)) {
    const path = join(folder, file);
    const info = await Deno.stat(path).catch(() => null);
    if (!info) return `${path} is missing`;
    const touched = info.size !== bytes || info.mtime?.getTime() !== modified;
    if (touched && await hashFile(path) !== hash) return `${path} was altered`;
  }
  if (code && manifest.code !== await codeHash(stage)) return "its code has changed";
  return null;
}

export interface RunOptions {
  readonly configPath: string;
  readonly force: boolean;
  readonly resume: boolean;
}

const hasSection = (stage: Stage, preset: Preset) =>
  !stage.optional || preset[stage.name as keyof Preset] !== undefined;

/** Runs a stage if it is not up to date. Returns whether it is finished. */
export async function runStage(
  stage: Stage,
  preset: Preset,
  options: RunOptions,
  terminal: Terminal,
): Promise<boolean> {
  const { configPath, force, resume } = options;
  const out = stage.out(preset);
  const inputs = await inputHashes(stage, preset, configPath);
  const reason = force ? "--force" : await staleness(stage, preset, configPath, true, inputs);
  if (!reason) {
    terminal.log(`${stage.name}: ${out} is up to date`);
    return true;
  }
  terminal.log(`${stage.name}: making ${out} (${reason})`);
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) Deno.exit(130);
    terminal.log(`${stage.name}: stopping after this step; press Ctrl-C again to stop without saving`);
    controller.abort();
  };
  if (stage.interruptible) Deno.addSignalListener("SIGINT", stop);
  const started = performance.now();
  try {
    try {
      await Deno.remove(join(out, "manifest.json"));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) explain(error, out);
    }
    const result = await stage.run({ preset, out, resume, force, terminal, signal: controller.signal });
    terminal.clear();
    if (!result.finished) return false;
    const seconds = (performance.now() - started) / 1000;
    const manifest: Manifest = {
      stage: stage.name,
      preset: preset as unknown as Record<string, unknown>,
      settings: settingsHash(stage, preset),
      code: await codeHash(stage),
      inputs,
      ...result.fetched ? { fetched: result.fetched } : {},
      outputs: await listOutputs(out),
      metrics: result.metrics,
      device: result.device ?? null,
      seed: preset.seed,
      seconds: Math.round(seconds * 10) / 10,
      made: new Date().toISOString(),
      versions: { deno: Deno.version.deno, v8: Deno.version.v8 },
    };
    await writeFileAtomic(join(out, "manifest.json"), JSON.stringify(manifest, null, 1) + "\n");
    terminal.log(`${stage.name}: done in ${duration(seconds)}`);
    return true;
  } finally {
    terminal.clear();
    if (stage.interruptible) Deno.removeSignalListener("SIGINT", stop);
  }
}

async function listOutputs(folder: string, prefix = ""): Promise<Manifest["outputs"]> {
  const outputs: Manifest["outputs"] = {};
  for await (const entry of Deno.readDir(join(folder, prefix))) {
    const name = join(prefix, entry.name);
    if (entry.isDirectory) Object.assign(outputs, await listOutputs(folder, name));
    else if (name !== "manifest.json") {
      const path = join(folder, name);
      const { size, mtime } = await Deno.stat(path);
      outputs[name] = { hash: await hashFile(path), bytes: size, modified: mtime?.getTime() ?? 0 };
    }
  }
  return outputs;
}

function help(name: string, about: string, resumable: boolean): string {
  return `${about}

Usage: deno task ${name} [--config configs/mini.yaml] [options]

  --config FILE     the preset (configs/mini.yaml)
  --set KEY=VALUE   override a value of the preset, such as --set pretrain.steps=200; repeatable
  --device NAME     auto, cpu or webgpu, as --set device=NAME
  --threads N       threads of the cpu device, as --set threads=N
  --force           run even if everything is up to date
${
    resumable
      ? "  --resume          go on from the last checkpoint of an interrupted run\n"
      : ""
  }  --help            this text`;
}

/**
 * The entry point of stage scripts: parses the command line, runs the stages in order, and exits with 0,
 * or with 2 and one line for errors that the user can mend.
 */
export async function main(name: string, about: string, stages: readonly Stage[]): Promise<never> {
  await exitOnUserError(async () => {
    const resumable = stages.some((stage) => stage.resumable);
    const flags = ["force", "resume", "help"];
    const args = parseArgs(Deno.args, {
      boolean: flags,
      string: ["config", "set", "device", "threads"],
      collect: ["set"],
      default: { config: "configs/mini.yaml" },
      unknown: (arg: string) => {
        throw new UserError(`unknown argument ${arg}; deno task ${name} --help lists what there is`);
      },
    }) as {
      config: string;
      set: string[];
      device?: string;
      threads?: string;
      force: boolean;
      resume: boolean;
      help: boolean;
    };
    if (args.help) return console.log(help(name, about, resumable));
    if (args.resume && !resumable) {
      throw new UserError(`--resume: ${name} has nothing to resume; leave it out`);
    }
    const { device, threads } = args;
    const sets = [
      ...args.set,
      ...device ? [`device=${device}`] : [],
      ...threads ? [`threads=${threads}`] : [],
    ];
    const preset = await loadPreset(args.config, sets);
    const options = { configPath: args.config, force: args.force, resume: args.resume };
    const terminal = new Terminal();
    for (const stage of stages) {
      if (hasSection(stage, preset)) {
        if (!await runStage(stage, preset, options, terminal)) return;
      } else if (stages.length > 1) {
        terminal.log(`${stage.name}: ${args.config} has no such section; left out`);
      } else {
        throw new UserError(`${args.config}: there is no section ${stage.name}; configs/mini.yaml has one`);
      }
    }
  });
  Deno.exit(0);
}
