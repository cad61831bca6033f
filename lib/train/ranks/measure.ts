/** Measures training steps that ranks share. */
import type { Device } from "../../device/device.ts";
import { Decoder } from "../../model/decoder.ts";
import { deriveSeed, randomBits } from "../../tensor/random.ts";
import { configOf, median, type Shape } from "../measure.ts";
import { Optimizer } from "../optimizer.ts";
import { computeGradients, type MicroBatch, updateWeights } from "../step.ts";
import { GradientSum } from "./gradient_sum.ts";
import { largest } from "../../ranks/messages.ts";
import { dealt, type Ranks } from "../../ranks/ranks.ts";

/** Steps that are not counted, because they touch memory for the first time. */
const WARM_STEPS = 3;
const LR = 1e-3;
const OPTIMIZER = {
  algorithm: "adamw",
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  clip: 1,
} as const;

/** Medians, in milliseconds, each of the rank that took longest. */
export interface SharedStep {
  readonly parameters: number;
  readonly step: number;
  /** The step minus what its sums add to it: steps without sums alternate with those that have them. */
  readonly compute: number;
  /** All sums of a step, with nothing else running; on webgpu this includes fetching and writing back the gradients. */
  readonly communication: number;
  /** The share of the communication that overlaps with computing, from 0 to 1. */
  readonly hidden: number;
}

/**
 * Measures steps in which the sequences of a batch are dealt out to the ranks: together they compute what one process
 * would compute for the whole batch. Rank 0 has the times to report; all ranks must call this.
 */
export async function measureShared(
  device: Device,
  ranks: Ranks,
  shape: Shape,
  steps: number,
): Promise<SharedStep> {
  const model = new Decoder(device, configOf(shape));
  model.initialize(1);
  const optimizer = new Optimizer(model.parameters, OPTIMIZER);
  const sum = new GradientSum(ranks, model.parameters);
  const sequences = dealt(ranks, shape.batch);
  const batch = batchOf(model, shape, sequences);
  const part = { micros: [0], targets: shape.batch * shape.context };
  /** Milliseconds of what all ranks begin together, until the last of them is done. */
  const time = async (run: () => Promise<unknown>) => {
    ranks.barrier();
    const started = performance.now();
    await run();
    return largest(ranks, performance.now() - started);
  };
  /** Milliseconds of a step. @param shared whether gradients are summed over the ranks */
  const timeStep = (number: number, shared: boolean) =>
    time(async () => {
      const { complete } = sum;
      const own = computeGradients(optimizer, [batch], number, shared ? { ...part, complete } : part);
      const { loss } = shared ? await sum.finish(own) : own;
      const { norm } = updateWeights(optimizer, number, LR, 1);
      await Promise.all([loss(), norm.data()]);
    });
  const times: { step: number; exposed: number }[] = [];
  for (let number = 1; number <= WARM_STEPS + steps; number++) {
    const step = await timeStep(number, true);
    times.push({ step, exposed: step - await timeStep(number, false) });
  }
  const alone: number[] = [];
  for (let i = 0; i < steps; i++) {
    alone.push(
      await time(async () => {
        // One by one, as in a step, so that on a GPU the next bucket is fetched while the last one is summed.
        for (const spec of model.parameters.specs.toReversed()) sum.complete(spec);
        await sum.finish({ tokens: 0, loss: () => Promise.resolve(0) });
      }),
    );
  }
  const counted = times.slice(WARM_STEPS), communication = median(alone);
  const step = median(counted.map(({ step }) => step)),
    exposed = median(counted.map(({ exposed }) => exposed));
  return {
    parameters: model.parameters.count,
    step,
    compute: step - exposed,
    communication,
    hidden: Math.min(1, Math.max(0, 1 - exposed / communication)),
  };
}

/** Some sequences of a batch of random tokens. */
function batchOf(model: Decoder, { context: time, vocab }: Shape, sequences: readonly number[]): MicroBatch {
  const draw = (kind: string) =>
    Uint32Array.from(
      { length: sequences.length * time },
      (_, i) => randomBits(deriveSeed(1, kind, sequences[Math.floor(i / time)]), i % time) % vocab,
    );
  const tokens = { ids: draw("ids"), batch: sequences.length, time }, targets = draw("targets");
  return { loss: () => model.loss(tokens, targets), targets: targets.length, tokens: targets.length };
}
