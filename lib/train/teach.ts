/**
 * A short training that ends as soon as its caller is satisfied, and keeps the best weights on the way. It knows
 * steps and updates. The caller defines what is learned, and judges how good the model is.
 */
import { describe, UserError } from "../errors.ts";
import type { Decoder } from "../model/decoder.ts";
import { bar, type Terminal } from "../progress.ts";
import { deriveSeed } from "../tensor/random.ts";
import { Optimizer } from "./optimizer.ts";
import { learningRate, type Schedule } from "./schedule.ts";
import { computeGradients, finishStep, highestLanguageLoss, type MicroBatch, updateWeights } from "./step.ts";

export interface TeachingOptions {
  readonly seed: number;
  /** Covers the maximum number of steps; a teaching that is done earlier ends before the learning rate is low. */
  readonly schedule: Schedule;
  /** Steps before the first verdict: the first steps damage what a model knows, and later ones restore it. */
  readonly first?: number;
  /** Steps between two verdicts. */
  readonly every: number;
  /** Ends after this many verdicts in a row without a better one. */
  readonly patience: number;
}

/** Steps between lines of a log; a terminal shows every step. */
const LOGGED = 5;

/** How good the model is at some step. */
export interface Verdict {
  /** Higher is better. */
  readonly score: number;
  /** Whether nothing is left to learn. */
  readonly done: boolean;
  /** Text for the log. */
  readonly line: string;
}

export interface Teaching {
  /** Must depend on the step alone. */
  batches(step: number): readonly MicroBatch[];
  judge(step: number): Promise<Verdict>;
  readonly terminal: Terminal;
  /** Set once the user asks to stop. */
  readonly signal: AbortSignal;
}

export interface Taught {
  /** The step whose weights the model has now; 0 for its initial weights. */
  readonly step: number;
  /** Steps made in all. */
  readonly steps: number;
  readonly done: boolean;
}

/** Trains until a verdict is done, or verdicts stop improving. The model then has its best weights. */
export async function teach(model: Decoder, options: TeachingOptions, task: Teaching): Promise<Taught> {
  const { terminal, signal } = task;
  const { device, weights } = model.parameters;
  const optimizer = new Optimizer(model.parameters, {
    algorithm: "adamw",
    beta1: 0.9,
    beta2: 0.99,
    epsilon: 1e-8,
    // The weights hold what the model knows: weight decay would erase some of it.
    weightDecay: 0,
    clip: 1,
  });
  let best = { score: -Infinity, step: 0, weights: await device.read(weights.buffer) };
  let done = false, step = 0, worse = 0;
  while (!done && worse < options.patience && step < options.schedule.steps && !signal.aborted) {
    step++;
    const lr = learningRate(step, options.schedule);
    const gradients = computeGradients(optimizer, task.batches(step), deriveSeed(options.seed, "pass", step));
    const pending = { step, lr, ...gradients, ...updateWeights(optimizer, step, lr, 1) };
    device.flush();
    const sound = { model, highestLoss: highestLanguageLoss(model) };
    const { loss } = await finishStep(pending, sound, "teach").catch((error) => {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`${describe(error).replace(/;.*/, "")}; nothing is written: give a lower --lr`);
    });
    terminal.progress([
      [bar(step / options.schedule.steps), 2],
      [`step ${step}, at most ${options.schedule.steps}`, 1],
      [`loss ${loss.toFixed(3)}`, 0],
    ]);
    // On the cpu device nothing else here waits for signals.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const judged = step >= (options.first ?? 0) && step % options.every === 0 ||
      step === options.schedule.steps;
    const at = `step ${step}/${options.schedule.steps}`;
    // Without a terminal: a line for those who follow the log.
    if (!judged && !terminal.interactive && step % LOGGED === 0) {
      terminal.log(`${at} loss ${loss.toFixed(3)}`);
    }
    if (signal.aborted || !judged) continue;
    const verdict = await task.judge(step);
    terminal.log(`${at} loss ${loss.toFixed(3)}: ${verdict.line}`);
    if (verdict.score > best.score) {
      best = { score: verdict.score, step, weights: await device.read(weights.buffer) };
      worse = 0;
    } else worse++;
    done = verdict.done;
  }
  device.write(weights.buffer, best.weights);
  model.parameters.refreshCopies();
  return { step: best.step, steps: step, done };
}
