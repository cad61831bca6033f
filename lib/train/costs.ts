/** Measures how long the parts of a training take on this device, before the training begins. */
import { Silent } from "../progress.ts";
import { type LoopOptions, type LoopTask, train } from "./loop.ts";
import type { Costs } from "./plan.ts";

/** Steps that are not counted, because they compile shaders and touch memory for the first time. */
const WARM_STEPS = 3;
const LEAST_STEPS = 3;
const MOST_STEPS = 1000;

/**
 * Trains some steps in a folder of its own, then validates, samples and saves once. The first steps are not counted.
 * The learning rate is 0, so the weights do not change.
 * @param seconds the most that the counted steps may take, unless the fewest steps take longer
 * @returns null if the user asked to stop meanwhile
 */
export async function measureCosts(
  options: LoopOptions,
  task: LoopTask,
  seconds: number,
): Promise<Costs | null> {
  const out = `${task.out}/measured.tmp`;
  const measure = async (steps: number, counted: boolean) => {
    const every = counted ? steps : 0;
    const each = { log: 0, evaluate: every, sample: every, save: every };
    const costs = await trial(steps, { ...options, every: each, snapshots: false }, { ...task, out });
    return task.signal.aborted ? null : costs;
  };
  try {
    const warm = await measure(WARM_STEPS, false);
    if (!warm) return null;
    const fitting = Math.floor(seconds / warm.step);
    return await measure(Math.max(LEAST_STEPS, Math.min(MOST_STEPS, fitting)), true);
  } finally {
    await Deno.remove(out, { recursive: true }).catch(() => {});
  }
}

async function trial(steps: number, options: LoopOptions, task: LoopTask): Promise<Costs> {
  const seconds = { evaluate: 0, sample: 0 };
  const timed =
    <A extends unknown[], T>(name: keyof typeof seconds, fn: (...args: A) => Promise<T>) =>
    async (...args: A) => {
      const started = performance.now();
      const result = await fn(...args);
      seconds[name] += (performance.now() - started) / 1000;
      return result;
    };
  let tokens = 0;
  const result = await train({
    ...options,
    schedule: { lr: 0, min_lr: 0, warmup: 0, steps },
  }, {
    ...task,
    resume: null,
    begin: () => Promise.resolve(),
    terminal: new Silent(),
    batch(step, micro) {
      const batch = task.batch(step, micro);
      tokens += batch.tokens;
      return batch;
    },
    evaluate: timed("evaluate", task.evaluate),
    ...task.sample && { sample: timed("sample", task.sample) },
  });
  // `train` reports the speed of steps alone; the rest of its time is two saves and the plot of the losses.
  const step = tokens / steps / result.tokensPerSecond;
  const rest = result.seconds - steps * step - seconds.evaluate - seconds.sample;
  return { step, evaluation: seconds.evaluate, sample: seconds.sample, save: Math.max(0, rest / 2) };
}
