/**
 * The training loop that pretraining and all finetunings share. It knows steps, updates and checkpoints. The caller
 * defines what a batch is, what its loss is, and what is measured on held-out data.
 */
import { join } from "@std/path";
import type { Precision } from "../checkpoint/safetensors.ts";
import { bar, count, duration, type Terminal } from "../progress.ts";
import { deriveSeed } from "../tensor/random.ts";
import {
  type CheckpointInfo,
  type Format,
  readOptimizerState,
  type WeightsKind,
} from "../checkpoint/checkpoint.ts";
import { Flight } from "./flight.ts";
import type { MetricsLine } from "./metrics.ts";
import { Optimizer, type OptimizerOptions } from "./optimizer.ts";
import { Pace } from "./pace.ts";
import { requireSameValues } from "../ranks/agreement.ts";
import { ALONE } from "../ranks/alone.ts";
import { GradientSum } from "./ranks/gradient_sum.ts";
import { Shard } from "./ranks/shard.ts";
import { shareOf } from "./ranks/share.ts";
import type { RunFile } from "./run_file.ts";
import { RunFolder, type RunFolderOptions } from "./run_folder.ts";
import { learningRate, type Schedule, weightDecayFactor } from "./schedule.ts";
import { computeGradients, type FinishedStep, finishStep, type MicroBatch, updateWeights } from "./step.ts";

export interface LoopOptions {
  readonly stage: string;
  readonly format: Format;
  readonly seed: number;
  readonly schedule: Schedule;
  readonly optimizer: OptimizerOptions;
  /** Micro-batches whose gradients are summed for one update. */
  readonly accumulate: number;
  /** Whether ranks split the optimizer's state; on the cpu device only. */
  readonly shard?: boolean;
  /** Whether activations are float16, with float16 copies of the weights. */
  readonly mixed: boolean;
  /** How weights are stored in checkpoints that training cannot be resumed from; float32 by default. */
  readonly precision?: Precision;
  /** Steps between lines of the log, validations, samples and saves. 0 for never. */
  readonly every: { log: number; evaluate: number; sample: number; save: number };
  /** Whether to keep checkpoints of steps 0, 1, 2, 4, 8, … and of the end as well, beside `last` and `best`. */
  readonly snapshots?: boolean;
}

/** Figures on held-out data. */
export type Validation = NonNullable<CheckpointInfo["validation"]>;

export interface LoopTask extends Omit<RunFolderOptions, "facts"> {
  /** Whether `last/` keeps everything that resuming needs. */
  readonly resumable?: boolean;
  /** For a classifier: what it is trained on. */
  readonly origin?: CheckpointInfo["origin"];
  /** For a finetuning: steps per epoch. */
  readonly epoch?: number;
  /** A step with a higher loss means that training has diverged. */
  readonly highestLoss: number;
  /** The `micro`-th batch of a step (from 1). Must depend on its arguments alone. */
  batch(step: number, micro: number): MicroBatch;
  /** @param weights which weights the model has now; at each step the averaged ones are measured after the raw ones */
  evaluate(weights: WeightsKind): Promise<Validation>;
  /** Measures the raw weights on some of their training data, for comparison. */
  evaluateSeen?(): Promise<Validation>;
  /** Whether a validation is better than the best before; a lower loss by default. */
  better?(now: Validation, best: Validation): boolean;
  sample?(): Promise<string>;
  readonly terminal: Terminal;
  /** Set once the user asks to stop. */
  readonly signal: AbortSignal;
}

export interface LoopResult {
  readonly finished: boolean;
  readonly step: number;
  readonly loss: number;
  readonly validation: Validation | null;
  /** The last validation of the averaged weights, if an average is kept. */
  readonly average?: Validation;
  readonly best: CheckpointInfo["best"];
  readonly seconds: number;
  readonly tokensPerSecond: number;
}

export async function train(options: LoopOptions, task: LoopTask): Promise<LoopResult> {
  const { model, terminal, out, ranks = ALONE } = task;
  const { steps } = options.schedule;
  if (options.mixed && !model.parameters.mixed) model.parameters.addFloat16Copies();
  const whole = options.optimizer.algorithm === "muon";
  const shard = options.shard && ranks.size > 1 ? new Shard(ranks, model.parameters, { whole }) : null;
  const optimizer = new Optimizer(model.parameters, options.optimizer, shard);
  const last = join(out, "last");
  if (task.resume) optimizer.restore(await readOptimizerState(last), task.resume.step);
  const folder = await RunFolder.open({ ...task, facts: factsOf(options, task) });
  const { metrics } = folder;
  let validation = task.resume?.validation ?? null;
  let average = metrics.lines.findLast((line) => line.average !== undefined)?.average;
  let best = task.resume?.best ?? null;
  const before = metrics.lines.findLast((line) => line.loss !== undefined);
  let loss = before?.loss ?? NaN;
  // Metrics of older versions have no token counts.
  let tokens = before ? before.tokens : 0;
  const secondsBefore = before ? before.seconds : 0;
  let step = task.resume?.step ?? 0;
  let lastSaved = ranks.step = step;
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const pace = new Pace();
  const flight = new Flight<FinishedStep>();

  /** Ranks on different kinds of machines may drift apart; with different weights they would train different models. */
  const compare = () => {
    const tensors = [["weights", model.parameters.weights], ...optimizer.sharedState] as const;
    return requireSameValues(ranks, tensors.map(([name, tensor]) => [`${name} at step ${step}`, tensor]));
  };

  const report = async (results: readonly FinishedStep[]) => {
    pace.add(results);
    const rate = pace.tokensPerSecond;
    for (const finished of results) {
      const { step: at, lr } = finished;
      loss = finished.loss;
      const norm = finished.overflowed ? undefined : round(finished.norm);
      const line: MetricsLine = { step: at, loss: round(loss), lr, norm };
      tokens = tokens === undefined ? undefined : tokens + finished.tokens;
      const trained = secondsBefore === undefined ? undefined : round(secondsBefore + seconds());
      await metrics.add({ ...line, tokens_per_s: Math.round(rate), tokens, seconds: trained });
      const speed = `${count(rate)} tokens/s`;
      terminal.progress([
        [bar(at / steps), 4],
        [`step ${at}/${steps}`, 2],
        [`loss ${loss.toFixed(4)}`, 3],
        [speed, 1],
        [`${duration(pace.secondsFor(steps - at))} left`, 0],
      ]);
      const { log } = options.every;
      if (!terminal.interactive && log && (at % log === 0 || at === steps)) {
        terminal.log(`step ${at}/${steps} loss ${loss.toFixed(4)} lr ${lr.toExponential(2)} ${speed}`);
      }
    }
  };

  /** Saves the model's current weights. */
  const save = async (name: "last" | "best", weights: WeightsKind = "raw") => {
    // Ranks may disagree on which validation is best, by a last digit, but all save `last` at the same step.
    if (name === "last") await compare();
    const { stage, format, seed } = options;
    const finished = name === "last" && step === steps;
    const resumable = name === "last" && task.resumable;
    const info = { stage, format, step, seed, finished, best, origin: task.origin };
    const figures = weights === "raw" ? validation : average ?? null;
    await folder.save(name, { ...info, validation: figures, ...optimizer.average && { weights } }, {
      optimizer: resumable ? await optimizer.wholeState() : undefined,
      precision: resumable ? "float32" : options.precision,
    });
  };

  /** Validates the model's current weights. Returns whether they are the best so far. */
  const measure = async (weights: WeightsKind) => {
    const figures = await task.evaluate(weights);
    const raw = weights === "raw";
    if (raw) validation = figures;
    else average = figures;
    await metrics.add({ step, [raw ? "validation" : "average"]: mapValues(figures, round) });
    terminal.log(
      `step ${step}/${steps} validation ${raw ? "" : "of the average "}` +
        Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(4)}`).join(" "),
    );
    const better = task.better ?? ((now, before) => now.loss < before.loss);
    if (best && !better(figures, best)) return false;
    best = { step, ...figures };
    return true;
  };

  const evaluate = async () => {
    const raw = await measure("raw");
    if (task.evaluateSeen) await metrics.add({ step, seen: mapValues(await task.evaluateSeen(), round) });
    if (optimizer.average && await optimizer.withAverage(() => measure("average"))) {
      await optimizer.withAverage(() => save("best", "average"));
    } else if (raw) await save("best");
  };

  /** Saves the model's current weights as a snapshot, from which training cannot be resumed. */
  const keep = () => {
    const { stage, format, seed } = options;
    return folder.saveSnapshot({
      stage,
      format,
      step,
      seed,
      finished: step === steps,
      best: null,
      validation: null,
    });
  };

  const due = (every: number) => every > 0 && (step % every === 0 || step === steps);
  const interlude = async (fn: () => Promise<void>) => {
    await report(await flight.land());
    await pace.pause(fn);
  };

  const sum = ranks.size > 1 ? new GradientSum(ranks, model.parameters) : null;
  await compare();
  if (options.snapshots && step === 0) await keep();
  while (step < steps) {
    const next = step + 1;
    const batch = (micro: number) => task.batch(next, micro);
    const share = shareOf(ranks, options.accumulate, batch, task.signal.aborted);
    if (share.stopping) break;
    ranks.step = step = next;
    const lr = learningRate(step, options.schedule);
    const part = { ...share, ...sum && { complete: sum.complete } };
    const own = computeGradients(optimizer, share.batches, deriveSeed(options.seed, "pass", step), part);
    const { loss } = sum ? await sum.finish(own) : own;
    const update = updateWeights(optimizer, step, lr, weightDecayFactor(step, options.schedule));
    // `step` may have advanced by the time its figures are fetched.
    const pending = { step, lr, tokens: share.tokens, loss, ...update };
    model.parameters.device.flush();
    await report(await flight.add(() => finishStep(pending, task, options.stage)));
    if (due(options.every.evaluate)) await interlude(evaluate);
    if (task.sample && due(options.every.sample)) {
      await interlude(async () => {
        const sample = await task.sample!();
        await metrics.add({ step, sample });
        terminal.log(`step ${step}/${steps} sample: ${JSON.stringify(sample)}`);
      });
    }
    if (options.snapshots && (Number.isInteger(Math.log2(step)) || step === steps)) await interlude(keep);
    if (due(options.every.save)) {
      await interlude(() => save("last"));
      lastSaved = step;
    }
    // Let signals and timers run: on the cpu device nothing else in this loop waits.
    if (step % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await report(await flight.land());
  const { tokensPerSecond } = pace;
  if (lastSaved < step) await save("last");
  terminal.clear();
  if (optimizer.average && !best) {
    terminal.log(
      `  ${last} has the raw weights: nothing was validated, so the average was not compared with them` +
        (task.resumable ? "; it is in optimizer.safetensors there" : ""),
    );
  }
  await folder.plotLosses(options.stage);
  return {
    finished: step === steps,
    step,
    loss,
    validation,
    ...average && { average },
    best,
    seconds: seconds(),
    tokensPerSecond: Math.round(tokensPerSecond),
  };
}

/** The contents of `run.json`, known from the beginning. */
function factsOf({ stage, schedule }: LoopOptions, task: LoopTask): RunFile {
  const { run, epoch, unit = "nats per token", model: { parameters } } = task;
  return {
    ...run && { id: run.id },
    stage,
    steps: schedule.steps,
    ...epoch !== undefined && { epoch },
    unit,
    parameters: parameters.count,
    device: parameters.device.description,
    preset: run?.preset ?? {},
    inputs: run?.inputs ?? {},
  };
}

const round = (x: number) => Number(x.toPrecision(7));

function mapValues<T extends Record<string, number>>(values: T, fn: (x: number) => number): T {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, fn(value)])) as T;
}
