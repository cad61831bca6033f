/** The command line of the stages. */
import { UserError } from "../errors.ts";
import { duration, Terminal } from "../progress.ts";
import { callerPath } from "./caller.ts";
import type { Preset } from "./config.ts";
import { runProgram } from "./flags.ts";
import { FileHashes } from "./hashes.ts";
import { loadPreset } from "./preset.ts";
import { isPresent, type Pipeline, runStage, type Stage } from "./stage.ts";

/** The key that `--minutes` sets, if one of the stages has it. */
const minutesKey = (stages: readonly Stage[]) => stages.find((stage) => stage.minutes)?.minutes;
const isResumable = (stages: readonly Stage[]) => stages.some((stage) => stage.resumable);

function help({ name, about, stages }: Program): string {
  const minutes = minutesKey(stages);
  const options = [
    ["--config FILE", "the preset (configs/mini.yaml)"],
    ["--set KEY=VALUE", "override a value of the preset, such as --set pretrain.steps=200; repeatable"],
    ["--device NAME", "auto, cpu or webgpu, as --set device=NAME"],
    ["--threads N", "threads of the cpu device, as --set threads=N"],
    ...minutes
      ? [["--minutes N", `pretrain for so long, as --set ${minutes}=N, instead of so many steps`]]
      : [],
    ["--force", "run even if everything is up to date, and replace what is there"],
    ...isResumable(stages) ? [["--resume", "go on from the last checkpoint of an interrupted run"]] : [],
    ["--help", "this text"],
  ];
  return `${about}

Usage: deno task ${name} [--config configs/mini.yaml] [options]

${options.map(([option, what]) => `  ${option.padEnd(16)}  ${what}`).join("\n")}`;
}

interface Program {
  /** The name of its task. */
  readonly name: string;
  /** For `--help`: what it does, in a sentence. */
  readonly about: string;
  /** What it runs, in order. */
  readonly stages: readonly Stage[];
}

/**
 * The entry point of a stage's script.
 * @param load imports the pipeline, which imports the stage; so the stage's module must not wait for this function
 */
export async function runAlone(stage: Stage, load: () => Promise<{ pipeline: Pipeline }>): Promise<void> {
  const { pipeline } = await load();
  await main({ name: stage.name, about: stage.about, stages: [stage] }, pipeline);
}

/**
 * The entry point of programs that run stages: parses the command line, runs the stages in order, and exits with 0, with
 * 2 and one line for errors that the user can mend, or with 128 and the number of the signal that stopped it.
 */
export async function main(program: Program, pipeline: Pipeline): Promise<never> {
  const { name, stages } = program;
  const resumable = isResumable(stages), timed = minutesKey(stages);
  let code = 0;
  await runProgram({
    name,
    help: help(program),
    values: ["config", "device", "threads", "minutes"],
    lists: ["set"],
    switches: ["force", "resume"],
  }, async ({ config: given, device, threads, minutes, set, force, resume }) => {
    const config = given ?? "configs/mini.yaml";
    if (resume && !resumable) throw new UserError(`--resume: ${name} has nothing to resume; leave it out`);
    if (resume && force) {
      throw new UserError("--resume goes on with a run and --force starts it anew; leave one out");
    }
    if (minutes && !timed) throw new UserError("--minutes belongs to pretrain and pipeline; leave it out");
    const sets = [
      ...set,
      ...device ? [`device=${device}`] : [],
      ...threads ? [`threads=${threads}`] : [],
      ...minutes ? [`${timed}=${minutes}`] : [],
    ];
    const preset = await loadPreset(pipeline, given === undefined ? config : callerPath(given), sets);
    checkThreads(preset);
    code = await runStages(stages, preset, { name, schema: pipeline.schema, config, sets, force, resume });
  });
  Deno.exit(code);
}

/**
 * More threads than cores wait for each other, and make everything slower.
 * @throws {UserError} if a preset asks for them
 */
export function checkThreads({ threads }: Preset): void {
  const cores = navigator.hardwareConcurrency;
  if (threads !== "auto" && threads > cores) {
    throw new UserError(
      `threads: ${threads} are more than the ${cores} cores of this machine; use at most ${cores}, or auto`,
    );
  }
}

interface Options {
  readonly name: string;
  readonly schema: Pipeline["schema"];
  readonly config: string;
  readonly sets: readonly string[];
  readonly force: boolean;
  readonly resume: boolean;
}

/** Runs stages in order. Returns the exit code: 0 unless a signal stopped one. */
async function runStages(stages: readonly Stage[], preset: Preset, options: Options): Promise<number> {
  const { name, schema, config, sets, force, resume } = options;
  const terminal = new Terminal();
  const started = performance.now();
  const invocation = { task: name, config, sets };
  const request = { preset, schema, invocation, hashes: new FileHashes(), finished: new Map(), terminal };
  const present = stages.filter((stage) => isPresent(stage, preset));
  const single = stages.length === 1;
  if (single && present.length === 0) {
    throw new UserError(
      `${config}: there is no section ${name}; add one, of the keys in configs/schema.json`,
    );
  }
  for (const stage of stages) {
    if (!present.includes(stage)) {
      terminal.log(`${stage.name}: ${config} has no such section; left out`);
      continue;
    }
    const label = single ? name : `stage ${present.indexOf(stage) + 1} of ${present.length}, ${stage.name}`;
    const code = await runStage(stage, request, { label, force, resume });
    if (code > 0) return code;
  }
  if (!single) terminal.log(`${name}: done in ${duration((performance.now() - started) / 1000)}`);
  return 0;
}
