/**
 * Stages, as in make: a stage reads inputs, writes one folder, and leaves a manifest that says what it was made
 * from. A stage whose settings, inputs and code are unchanged is not run again.
 */
import { tidyFolder } from "../folders.ts";
import { duration, type Terminal } from "../progress.ts";
import type { CheckpointInfo, Run } from "../checkpoint/checkpoint.ts";
import { codeHashes } from "./code.ts";
import { commandLine } from "./command.ts";
import {
  type CommonKeys,
  type Fault,
  type Preset,
  type PresetSchema,
  presetSchema,
  type PresetWith,
  type Sections,
} from "./config.ts";
import { refuseToReplace, resumePoint } from "./keep.ts";
import { inputHashes } from "./inputs.ts";
import { lockFolder } from "../lock.ts";
import { listOutputs, removeManifest, writeManifest } from "./manifest.ts";
import type { Ranks } from "../ranks/ranks.ts";
import { startTogether } from "./ranks.ts";
import { shareResult } from "./share.ts";
import { explain, type Inputs, type Request, staleness } from "./staleness.ts";
import { StopSignals } from "./stop.ts";

/** @typeParam P presets that have the stage's own sections */
export interface Context<P extends Preset = Preset> {
  readonly preset: P;
  /** The stage's folder. */
  readonly out: string;
  /** The checkpoint to resume from, or null to start from the beginning. */
  readonly resume: CheckpointInfo | null;
  /** What checkpoints record about their run. */
  readonly run: Run;
  /** Must be called before any part of an earlier result is replaced, and marks that result as unfinished. */
  begin(): Promise<void>;
  readonly terminal: Terminal;
  /** The processes that share the work; only rank 0 may write. */
  readonly ranks: Ranks;
  /** Aborted when the user asks to stop, if the stage is interruptible. */
  readonly signal: AbortSignal;
}

export interface StageResult {
  /** Figures for the manifest. */
  readonly metrics: Record<string, unknown>;
  readonly device?: string;
  /** False if it was stopped early; the result is then not up to date. */
  readonly finished: boolean;
  /** Hashes of what was downloaded, by address. */
  readonly fetched?: Record<string, string>;
}

/** How the settings of a resumed run differ from before. */
export interface Change<P extends Preset = Preset> {
  /** Dotted keys of the settings that differ. */
  readonly keys: readonly string[];
  readonly before: P;
  readonly now: P;
  /** Steps made so far. */
  readonly step: number;
}

/** @typeParam P presets that have the stage's own sections */
interface Definition<P extends Preset, S extends Sections = Sections> {
  readonly name: string;
  /** For `--help`: what it does, in a sentence. */
  readonly about: string;
  /** URL of the stage's module, from which the code that it depends on is found. */
  readonly module: string;
  /** The preset's sections that it owns, by key. All of their values affect the result. */
  readonly sections: S;
  /** Whether a preset may lack those sections, and so the stage. */
  readonly optional?: boolean;
  /** Dotted keys of those sections whose values are paths, or contain some. A star stands for any one key. */
  readonly pathKeys?: readonly string[];
  /**
   * Pairs of dotted keys that set the same thing in two ways: one given on the command line replaces the other in the
   * file.
   */
  readonly rivals?: readonly (readonly [string, string])[];
  /** Checks sections that are valid on their own for a fault between them; null if there is none. */
  readonly check?: (preset: P) => Fault | null;
  /** The dotted key that says how many minutes the stage takes; `--minutes` sets it. */
  readonly minutes?: string;
  /** Keys at the top of the preset that affect the result as well. */
  readonly settings: readonly (keyof CommonKeys)[];
  /** The folder that it writes, from the project's root. */
  readonly out: (preset: Pick<Preset, "name">) => string;
  /** Stages whose folders it reads. */
  readonly after: (preset: P) => readonly Stage[];
  /** Files that it reads outside those folders. */
  readonly sources?: (preset: P) => Promise<string[]>;
  /** The folder of the model that it starts from, and the key with which a preset names another. */
  readonly backbone?: (preset: P) => { readonly key: string; readonly folder: string };
  /** The models that it makes: folders within its own, by the names under which they are evaluated. */
  readonly models?: (preset: P) => Readonly<Record<string, string>>;
  /** Whether the stage handles signals that ask to stop, and saves, instead of letting them end the process. */
  readonly interruptible?: boolean;
  /** Whether an interrupted run can go on with `--resume`. */
  readonly resumable?: boolean;
  /** Whether an interrupted run may be resumed with these changes: none of them affects the steps made so far. */
  readonly goesOn?: (change: Change<P>) => boolean;
  /**
   * Whether a finished result is kept until the user asks to replace it, because it took long to train.
   * Such a stage calls `begin` itself, once it has something to replace it with.
   */
  readonly keeps?: boolean;
  /** Whether several processes can share its work; the stage then has a task `<name>-mpi` for that. */
  readonly ranks?: boolean;
  /** Whether presets with different names share its result if their settings are the same. */
  readonly shared?: boolean;
  run(context: Context<P>): Promise<StageResult>;
}

/** A stage without the types of its sections. Its functions take presets that have the sections (`isPresent`). */
export type Stage = Definition<Preset>;

/** Defines a stage. Its functions get the values of its sections with the types that the schemas give them. */
export function defineStage<S extends Sections>(definition: Definition<PresetWith<S>, S>): Stage {
  return definition as unknown as Stage;
}

/** Whether a preset has a stage's sections. */
export const isPresent = ({ sections }: Stage, preset: Preset): boolean =>
  Object.keys(sections).every((key) => preset[key] !== undefined);

/** Stages in order, and the schema of the presets that configure them. */
export interface Pipeline {
  readonly stages: readonly Stage[];
  readonly schema: PresetSchema;
  /** Dotted keys of presets whose values are paths, or contain some. */
  readonly pathKeys: readonly string[];
  /** Pairs of dotted keys that set the same thing in two ways. */
  readonly rivals: readonly (readonly [string, string])[];
}

export function definePipeline(stages: readonly Stage[]): Pipeline {
  return {
    stages,
    schema: presetSchema(stages),
    pathKeys: stages.flatMap(({ pathKeys = [] }) => pathKeys),
    rivals: stages.flatMap(({ rivals = [] }) => rivals),
  };
}

export interface RunOptions {
  /** The stage's name in the log. */
  readonly label: string;
  readonly force: boolean;
  readonly resume: boolean;
}

/** The exit code if another rank was asked to stop: that of SIGTERM. */
const ASKED_ELSEWHERE = 143;

/** Runs a stage if it is not up to date. Returns the exit code: 0 unless a signal stopped it. */
export async function runStage(
  stage: Stage,
  request: Request,
  { label, force, resume }: RunOptions,
): Promise<number> {
  const { preset, terminal, ranks } = request;
  const out = stage.out(preset);
  const inputs = await inputHashes(stage, request);
  const check = () => force ? null : staleness(stage, request, { inputs, own: true });
  const upToDate = () => {
    terminal.log(`${label}: ${out} is up to date`);
    return 0;
  };
  const before = await check();
  if (!before && !force) return upToDate();
  if (before?.why === "absent" && await shareResult(stage, request, inputs)) return 0;
  await using _lock = await lockFolder(out, stage.name);
  // Another process may have made it before we got the lock.
  const state = await check();
  if (!state && !force) return upToDate();
  if (state && "manifest" in state && stage.keeps) await refuseToReplace(stage, request, state);
  const from = state && !("manifest" in state) && stage.resumable
    ? await resumePoint(stage, request, { resume, inputs })
    : null;
  await tidyFolder(out);
  terminal.log(`${label}: making ${out} (${state ? explain(state) : "--force"})`);
  using stop = new StopSignals(stage.interruptible ?? false, () => {
    terminal.log(`${stage.name}: stopping after this step; the same signal again stops without saving`);
  });
  const started = performance.now();
  try {
    const begin = () => removeManifest(out);
    if (!stage.keeps) await begin();
    const run = from?.run ? { ...from.run, preset: { ...preset } } : newRun(preset, inputs);
    await startTogether(ranks, stage, request, { resume: from, run });
    const { signal } = stop;
    const result = await stage.run({ preset, out, resume: from, run, begin, terminal, ranks, signal });
    terminal.clear();
    if (!result.finished) {
      const { invocation } = request;
      const remedy = stage.resumable
        ? `go on with ${invocation.goOn ?? commandLine(invocation, { flags: ["--resume"] })}`
        : "it starts from the beginning when it is run again";
      terminal.log(`${stage.name}: stopped; ${remedy}`);
      return stop.code || ASKED_ELSEWHERE;
    }
    const seconds = (performance.now() - started) / 1000;
    const { hashes } = request;
    const sources = await stage.sources?.(preset) ?? [];
    await writeManifest(out, {
      stage: stage.name,
      preset: { ...preset },
      code: await codeHashes(stage.module, hashes),
      inputs,
      sources: Object.fromEntries(
        await Promise.all(sources.map(async (path) => [path, await hashes.stamp(path)] as const)),
      ),
      ...result.fetched ? { fetched: result.fetched } : {},
      outputs: await listOutputs(out, hashes),
      metrics: result.metrics,
      device: result.device ?? null,
      seed: preset.seed,
      seconds: Math.round(seconds * 10) / 10,
      made: new Date().toISOString(),
      versions: { deno: Deno.version.deno, v8: Deno.version.v8 },
    });
    terminal.log(`${stage.name}: done in ${duration(seconds)}`);
    return stop.code;
  } finally {
    terminal.clear();
  }
}

function newRun(preset: Preset, inputs: Inputs): Run {
  const started = new Date().toISOString();
  return {
    id: `${started}-${crypto.randomUUID().slice(0, 8)}`,
    preset: { ...preset },
    inputs: { ...inputs },
  };
}
