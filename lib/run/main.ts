/** The command line of the stages. */
import { closestString } from "@std/text/closest-string";
import { exitOnUserError, UserError } from "../errors.ts";
import { duration, Silent, Terminal } from "../progress.ts";
import { ALONE } from "../ranks/alone.ts";
import type { Ranks } from "../ranks/ranks.ts";
import { callerPath } from "./caller.ts";
import type { Invocation } from "./command.ts";
import type { Preset } from "./config.ts";
import { parseFlags } from "./flags.ts";
import { FileHashes } from "./hashes.ts";
import { listKeys } from "./keys.ts";
import { loadPreset } from "./preset.ts";
import { endTogether, follow, onRanks } from "./ranks.ts";
import { isPresent, type Pipeline, runStage, type Stage } from "./stage.ts";
import type { Request } from "./staleness.ts";

/** The key that `--minutes` sets, if one of the stages has such a key. */
const minutesKey = (stages: readonly Stage[]) => stages.find((stage) => stage.minutes)?.minutes;
const isResumable = (stages: readonly Stage[]) => stages.some((stage) => stage.resumable);

/** Columns of help texts if there is no terminal to ask. */
const WIDTH = 100;

function helpWidth(): number {
  try {
    return Deno.stdout.isTerminal() ? Deno.consoleSize().columns || WIDTH : WIDTH;
  } catch {
    return WIDTH;
  }
}

function help({ name, about, stages }: Program, { schema }: Pipeline): string {
  const minutes = minutesKey(stages);
  const options = [
    ["--config FILE", "the preset (configs/mini.yaml)"],
    ["--set KEY=VALUE", "override a value of the preset, such as --set pretrain.steps=200; repeatable"],
    ["--device NAME", "auto, cpu or webgpu, as --set device=NAME"],
    ["--threads N", "threads of the cpu device, as --set threads=N"],
    ...minutes ? [["--minutes N", `train for so long, as --set ${minutes}=N, instead of so many steps`]] : [],
    ...stages.length > 1 ? [["--until STAGE", "stop after that stage"]] : [],
    ["--force", "run even if everything is up to date, and replace what is there"],
    ...isResumable(stages) ? [["--resume", "go on from the last checkpoint of an interrupted run"]] : [],
    ["--help", "this text"],
  ];
  const shared = stages.every((stage) => stage.ranks)
    ? `\n       mpiexec -n N deno task ${name}-mpi [the same], on N processes (docs/mpi.md)`
    : "";
  return `${about}

Usage: deno task ${name} [--config configs/mini.yaml] [options]${shared}

${options.map(([option, what]) => `  ${option.padEnd(16)}  ${what}`).join("\n")}

Keys that --set takes, with their defaults; a preset may give others:

${listKeys(stages, schema, helpWidth())}`;
}

export interface Program {
  /** The name of its task. */
  readonly name: string;
  /** For `--help`: what it does, in a sentence. */
  readonly about: string;
  /** The stages that it runs, in order. */
  readonly stages: readonly Stage[];
}

/**
 * The entry point of a stage's script.
 * @param load imports the pipeline. The pipeline imports the stage, so the stage's module must not await this function
 */
export async function runAlone(stage: Stage, load: () => Promise<{ pipeline: Pipeline }>): Promise<void> {
  const { pipeline } = await load();
  await main({ name: stage.name, about: stage.about, stages: [stage] }, pipeline);
}

/**
 * The entry point of programs that run stages: parses the command line, and runs the stages in order. Exits with 0;
 * with 2 and one line for errors that the user can fix; or with 128 plus the number of the signal that stopped it.
 */
export async function main(program: Program, pipeline: Pipeline): Promise<never> {
  const { name, stages } = program;
  const shared = stages.every((stage) => stage.ranks);
  let code = 0;
  await exitOnUserError(async () => {
    code = await onRanks(shared ? `${name}-mpi` : null, async (ranks) => {
      const read = () => readCommand(program, pipeline, ranks);
      if (ranks.rank > 0) return await follow(stages, async () => (await read())!.request, ranks);
      const command = await read();
      if (!command) console.log(help(program, pipeline));
      const code = command ? await runStages(program, command) : 0;
      endTogether(ranks, code);
      return code;
    });
  });
  Deno.exit(code);
}

/** A parsed command line. */
export interface Command {
  readonly request: Request;
  readonly force: boolean;
  readonly resume: boolean;
}

/** Reads the command line. Null if it asks for help. */
async function readCommand(program: Program, pipeline: Pipeline, ranks: Ranks): Promise<Command | null> {
  const { name, stages } = program;
  const resumable = isResumable(stages), timed = minutesKey(stages);
  const line = parseFlags({
    name,
    help: "",
    values: ["config", "device", "threads", "minutes", "until"],
    lists: ["set"],
    switches: ["force", "resume"],
  }, Deno.args);
  if (!line) return null;
  const { config: given, device, threads, minutes, until, set, force, resume } = line.flags;
  const config = given ?? "configs/mini.yaml";
  if (resume && !resumable) throw new UserError(`--resume: ${name} has nothing to resume; leave it out`);
  if (resume && force) {
    throw new UserError("--resume goes on with a run and --force starts it anew; leave one out");
  }
  if (minutes && !timed) {
    throw new UserError("--minutes belongs to pretrain, finetune-instruct and pipeline; leave it out");
  }
  if (until && stages.length === 1) {
    throw new UserError(`--until: ${name} is one stage; leave it out, or use deno task pipeline`);
  }
  const sets = [
    ...set,
    ...device ? [`device=${device}`] : [],
    ...threads ? [`threads=${threads}`] : [],
    ...minutes ? [`${timed}=${minutes}`] : [],
  ];
  const preset = await loadPreset(pipeline, given === undefined ? config : callerPath(given), sets);
  const invocation = { task: name, config, sets, ranks: ranks.size, ...until && { until } };
  return { request: requestOf(preset, pipeline, invocation, ranks), force, resume };
}

/** @throws {UserError} if the preset asks for more threads than there are cores */
export function requestOf(
  preset: Preset,
  { schema }: Pipeline,
  invocation: Invocation,
  ranks: Ranks = ALONE,
): Request {
  checkThreads(preset);
  return {
    ...{ preset, schema, invocation, ranks },
    hashes: new FileHashes(),
    finished: new Map(),
    terminal: ranks.rank > 0 ? new Silent() : new Terminal(),
  };
}

/** @throws {UserError} if there is no stage of that name, or the preset lacks it */
function stagesUntil(
  stages: readonly Stage[],
  { preset, invocation: { config, until } }: Request,
): readonly Stage[] {
  if (until === undefined) return stages;
  const names = stages.map(({ name }) => name), last = names.indexOf(until);
  if (last < 0) {
    throw new UserError(
      `--until ${until}: did you mean ${closestString(until, names)}? (${names.join(", ")})`,
    );
  }
  if (!isPresent(stages[last], preset)) {
    throw new UserError(`--until ${until}: ${config} has no section ${until}; add it, or name another stage`);
  }
  return stages.slice(0, last + 1);
}

/**
 * Refuses more threads than cores: they would wait for each other, and make everything slower.
 * @throws {UserError} if a preset asks for more
 */
export function checkThreads({ threads }: Preset): void {
  const cores = navigator.hardwareConcurrency;
  if (threads !== "auto" && threads > cores) {
    throw new UserError(
      `threads: ${threads} are more than the ${cores} cores of this machine; use at most ${cores}, or auto`,
    );
  }
}

/** Runs stages in order. Returns the exit code: 0 unless a signal stopped one. */
export async function runStages(
  { name, stages: all }: Pick<Program, "name" | "stages">,
  { request, force, resume }: Command,
): Promise<number> {
  const { preset, terminal, ranks, invocation: { config } } = request;
  const started = performance.now();
  const stages = stagesUntil(all, request);
  const present = stages.filter((stage) => isPresent(stage, preset));
  const single = all.length === 1;
  if (single && present.length === 0) {
    throw new UserError(
      `${config}: there is no section ${name}; add one, of the keys in configs/schema.json`,
    );
  }
  if (ranks.size > 1) terminal.log(`${name}: ${ranks.description}`);
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
