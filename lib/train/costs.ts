/** Measures what the parts of a training take on this device, before it begins. */
import { Silent } from "../progress.ts";
import { type LoopOptions, type LoopTask, train } from "./loop.ts";
import type { Costs } from "./plan.ts";

/** Steps that compile shaders and touch memory for the first time, and are not counted. */
const WARM_STEPS = 3;
const LEAST_STEPS = 3;
const MOST_STEPS = 1000;

/**
 * Trains some steps in a folder of its own, the first of which do not count, with a validation, a sample and a save at
 * the end. The learning rate is 0, so that the weights stay as they are.
 * @param seconds that the counted steps take at most, unless so few steps take longer
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
  // `train` reports the speed of steps alone; what is left of its time went into two saves and a picture.
  const step = tokens / steps / result.tokensPerSecond;
  const rest = result.seconds - steps * step - seconds.evaluate - seconds.sample;
  return { step, evaluation: seconds.evaluate, sample: seconds.sample, save: Math.max(0, rest / 2) };
}
