/** A run that is being watched: its figures as they grow, and facts about it. */
import { join } from "@std/path";
import type { Columns } from "./curve.ts";
import { type Facts, readFacts, tokensPerStep } from "./facts.ts";
import { type FoundRun, METRICS } from "./find.ts";
import { MetricsFile, type Sample } from "./metrics_file.ts";

/** A process has locked the run and logged nothing yet, or is training it; or the run finished, or stopped early. */
export type RunState = "starting" | "training" | "finished" | "stopped";

type Figures = Readonly<Record<string, number>>;

/** A run in a few figures. */
export interface RunSummary {
  readonly id: string;
  readonly stage: string | null;
  readonly state: RunState;
  readonly step: number;
  /** Updates that it makes in all, and per epoch; null if unknown. */
  readonly steps: number | null;
  readonly epoch: number | null;
  readonly unit: string;
  readonly parameters: number | null;
  readonly device: string | null;
  /** Times in ISO 8601, UTC. */
  readonly started: string | null;
  readonly updated: string | null;
  /** Mean over the last point of the curve. */
  readonly loss: number | null;
  readonly tokens_per_s: number | null;
  readonly tokens: number | null;
  /** Seconds that it has trained for, and seconds that are left. */
  readonly seconds: number | null;
  readonly left: number | null;
  /** Steps whose checkpoints were kept. */
  readonly snapshots: number[];
  /** The last figures on held-out data. */
  readonly validation: { readonly step: number; readonly figures: Figures } | null;
}

/** The changed part of a curve: its points from an index on. */
export interface CurveChange {
  readonly from: number;
  readonly points: Columns;
}

export interface RunChange {
  readonly run: RunSummary;
  readonly training: CurveChange | null;
  readonly validation: CurveChange | null;
  readonly average: CurveChange | null;
  readonly seen: CurveChange | null;
  /** All samples, if there are new ones. */
  readonly samples: Sample[] | null;
}

/** After how many milliseconds facts, and figures, are read again. */
const FACTS_LAST = 3000, FIGURES_LAST = 400;
/** Points of a curve from which the remaining time is estimated. */
const RECENT = 20;

/** How far a file's time may lag behind the clock, in milliseconds: Linux takes it from its last tick. */
const TICK = 10;

export class WatchedRun {
  readonly id: string;
  readonly folder: string;
  readonly #root: string;
  readonly file: MetricsFile;
  #facts: Facts | null = null;
  #readFacts = -Infinity;
  #read = -Infinity;
  #there = true;

  constructor({ id, folder }: FoundRun, root: string) {
    this.id = id;
    this.folder = folder;
    this.#root = root;
    this.file = new MetricsFile(join(folder, METRICS));
  }

  /** Reads what is new. Returns whether the run still exists. */
  async update(): Promise<boolean> {
    const now = performance.now();
    if (now - this.#readFacts > FACTS_LAST) {
      this.#readFacts = now;
      this.#facts = await readFacts(this.folder, this.#root);
      this.file.tokensPerStep = tokensPerStep(this.#facts);
    }
    if (now - this.#read > FIGURES_LAST) {
      this.#read = now;
      this.#there = await this.file.update();
    }
    return this.#there;
  }

  async facts(): Promise<Facts> {
    await this.update();
    return this.#facts ??= await readFacts(this.folder, this.#root);
  }

  #state({ finished, locked }: Facts): RunState {
    const { modified } = this.file;
    if (locked) return modified && modified.getTime() + TICK >= locked.getTime() ? "training" : "starting";
    return finished ? "finished" : "stopped";
  }

  async summary(): Promise<RunSummary> {
    const facts = await this.facts();
    const { training, last, lastValidation, modified } = this.file;
    const state = this.#state(facts);
    const { columns } = training.columns(undefined, Math.max(0, training.length - RECENT));
    const step = Math.max(columns.step.at(-1) ?? 0, lastValidation?.step ?? 0);
    const steps = state === "finished" ? Math.max(step, facts.steps ?? 0) : facts.steps;
    const speed = last?.tokens_per_s;
    return {
      id: this.id,
      stage: facts.stage,
      state,
      step,
      steps,
      epoch: facts.epoch,
      unit: facts.unit,
      parameters: facts.parameters,
      device: facts.device,
      started: facts.started?.toISOString() ?? null,
      updated: modified?.toISOString() ?? null,
      loss: columns.figures.loss?.at(-1) ?? null,
      tokens_per_s: typeof speed === "number" ? speed : null,
      tokens: columns.tokens.at(-1) ?? null,
      seconds: columns.seconds.at(-1) ?? null,
      left: state === "training" && steps !== null ? secondsLeft(columns, steps) : null,
      snapshots: facts.snapshots,
      validation: lastValidation,
    };
  }

  /** Starts to follow the run. */
  follow(points: number): Follower {
    return new Follower(this, points);
  }
}

/** Estimates the remaining seconds from the speed of the last steps. */
function secondsLeft({ step, seconds }: Columns, steps: number): number | null {
  const [a, b] = [step[0], step.at(-1)], [from, to] = [seconds[0], seconds.at(-1)];
  if (b === undefined || to == null) return null;
  const pace = from != null && b > a ? (to - from) / (b - a) : to / b;
  return Math.max(0, Math.round((steps - b) * pace));
}

/** Reports what has changed in a run since the last time it was asked. */
export class Follower {
  readonly #run: WatchedRun;
  readonly #points: number;
  #generation = -1;
  #said = "";
  /** For each curve: lines per point, the number of points, and the last step. */
  #curves: Record<string, { each: number; length: number; last: number }> = {};
  #samples = "";

  /** @param points the most points in a curve */
  constructor(run: WatchedRun, points: number) {
    this.#run = run;
    this.#points = points;
  }

  /** What has changed; null if nothing has. */
  async change(): Promise<RunChange | null> {
    const summary = await this.#run.summary();
    const { file } = this.#run;
    if (file.generation !== this.#generation) this.#curves = {};
    this.#generation = file.generation;
    const samples = JSON.stringify([file.samples.length, file.samples.at(-1)]);
    const newSamples = samples !== this.#samples;
    this.#samples = samples;
    const change: RunChange = {
      run: summary,
      training: this.#curve("training"),
      validation: this.#curve("validation"),
      average: this.#curve("average"),
      seen: this.#curve("seen"),
      samples: newSamples ? file.samples : null,
    };
    const said = JSON.stringify(summary);
    const same = said === this.#said && !change.training && !change.validation && !change.average &&
      !change.seen && !newSamples;
    this.#said = said;
    return same ? null : change;
  }

  #curve(name: "training" | "validation" | "average" | "seen"): CurveChange | null {
    const curve = this.#run.file[name];
    const before = this.#curves[name];
    const each = curve.columns(this.#points, Infinity).each;
    // The last point may have been incomplete.
    const from = before?.each === each ? Math.max(0, before.length - 1) : 0;
    const { columns } = curve.columns(this.#points, from);
    const length = from + columns.step.length, last = columns.step.at(-1) ?? 0;
    this.#curves[name] = { each, length, last };
    if (before?.each === each && before.length === length && before.last === last) return null;
    return length === 0 && !before ? null : { from, points: columns };
  }
}
