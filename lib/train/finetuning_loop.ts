/** What all finetunings ask of the training loop. */
import type { ClassifySection } from "./classify_section.ts";
import type { InstructSection } from "./instruct_section.ts";
import type { LoopOptions } from "./loop.ts";
import { optimizerOptions, scheduleOf } from "./optimization_section.ts";
import type { PreferenceSection } from "./preference_section.ts";

/**
 * A finetuning's loop: epochs over some examples.
 * @param perEpoch steps of an epoch
 * @param every steps between validations, samples and saves; a validation and a sample once an epoch by default, and a
 *   save at the end
 */
export function finetuningLoop(
  options: ClassifySection | InstructSection | PreferenceSection,
  { stage, format, perEpoch, seed, mixed, every = {} }:
    & { readonly perEpoch: number; readonly every?: Partial<Omit<LoopOptions["every"], "log">> }
    & Pick<LoopOptions, "stage" | "format" | "seed" | "mixed">,
): LoopOptions {
  return {
    stage,
    format,
    seed,
    schedule: scheduleOf(options, options.epochs * perEpoch),
    optimizer: optimizerOptions(options),
    accumulate: 1,
    mixed,
    precision: options.weights,
    every: { log: options.log_every, evaluate: perEpoch, sample: perEpoch, save: 0, ...every },
  };
}
