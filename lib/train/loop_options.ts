/** The training loop's options, from the settings of pretraining and all finetunings. */
import type { ClassifySection } from "./classify_section.ts";
import type { InstructSection } from "./instruct_section.ts";
import type { LoopOptions } from "./loop.ts";
import { optimizerOptions, scheduleOf } from "./optimization_section.ts";
import type { Plan } from "./plan.ts";
import type { PreferenceSection } from "./preference_section.ts";
import type { PretrainSection } from "./pretrain_section.ts";

/** The loop's options for a training, from its section and its plan. */
export function loopOptions(
  options: PretrainSection | ClassifySection | InstructSection | PreferenceSection,
  { stage, format, plan, seed, mixed }:
    & { readonly plan: Plan }
    & Pick<LoopOptions, "stage" | "format" | "seed" | "mixed">,
): LoopOptions {
  const { steps, warmup, eval_every: evaluate, sample_every: sample, save_every: save } = plan;
  return {
    stage,
    format,
    seed,
    schedule: scheduleOf({ ...options, warmup }, steps),
    optimizer: optimizerOptions(options),
    accumulate: options.accumulate,
    shard: options.shard_optimizer,
    mixed,
    precision: options.weights,
    every: { log: options.log_every, evaluate, sample, save },
  };
}

/**
 * A plan in epochs: validates and samples after each, and saves at the end.
 * @param perEpoch steps per epoch
 */
export function epochsPlan(
  { epochs, warmup }: Pick<ClassifySection, "epochs" | "warmup">,
  perEpoch: number,
): Plan {
  return { steps: epochs * perEpoch, warmup, eval_every: perEpoch, sample_every: perEpoch, save_every: 0 };
}

/** Steps per epoch over `n` examples. */
export function stepsPerEpoch(
  n: number,
  { batch, accumulate }: Pick<InstructSection, "batch" | "accumulate">,
): number {
  return Math.ceil(Math.ceil(n / batch) / accumulate);
}

/** The number of a step's micro-batch, counted over all steps from 0. */
export const microIndex = (
  { accumulate }: Pick<InstructSection, "accumulate">,
  step: number,
  micro: number,
) => (step - 1) * accumulate + micro;
