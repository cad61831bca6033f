/** What all finetunings ask of the training loop. */
import type { ClassifySection } from "./classify_section.ts";
import type { InstructSection } from "./instruct_section.ts";
import type { LoopOptions } from "./loop.ts";
import { optimizerOptions, scheduleOf } from "./optimization_section.ts";
import type { PreferenceSection } from "./preference_section.ts";

/**
 * A finetuning's loop: epochs over some examples, with a validation after each.
 * @param perEpoch steps of an epoch
 */
export function finetuningLoop(
  options: ClassifySection | InstructSection | PreferenceSection,
  { stage, format, perEpoch, seed, mixed }:
    & { readonly perEpoch: number }
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
    every: { log: options.log_every, evaluate: perEpoch, sample: perEpoch, save: 0 },
  };
}
