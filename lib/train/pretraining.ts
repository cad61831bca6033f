/** What pretraining gives the training loop: batches of a text, and validation on held-out text. */
import { trainingBatch, validationBatches } from "../data/batches.ts";
import { addCopying } from "../data/copying.ts";
import type { TokenStream } from "../data/token_stream.ts";
import type { Decoder } from "../model/decoder.ts";
import { deriveSeed } from "../tensor/random.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { LoopOptions, LoopTask } from "./loop.ts";
import { loopOptions, microIndex } from "./loop_options.ts";
import { type Plan, UNPLANNED } from "./plan.ts";
import type { PretrainSection } from "./pretrain_section.ts";
import { highestLanguageLoss, languageBatch } from "./step.ts";
import type { Teachers } from "./teachers.ts";
import { evaluateLoss } from "./validation.ts";

/** @param plan may be left out when only the cost of a training's parts is measured */
export function pretrainingLoop(
  options: PretrainSection,
  { plan = UNPLANNED, seed, mixed }: Pick<LoopOptions, "seed" | "mixed"> & { readonly plan?: Plan },
): LoopOptions {
  const loop = loopOptions(options, { stage: "pretrain", format: "text", plan, seed, mixed });
  return { ...loop, snapshots: options.snapshots };
}

export interface PretrainingText {
  readonly tokenizer: Tokenizer;
  readonly streams: { readonly train: TokenStream; readonly validation: TokenStream };
  readonly seed: number;
  readonly teachers: Teachers | null;
}

/** The parts of the loop's task that do not depend on where it runs. */
export function pretrainingTask(
  model: Decoder,
  options: PretrainSection,
  { tokenizer, streams, seed, teachers }: PretrainingText,
): Pick<LoopTask, "resumable" | "model" | "tokenizer" | "highestLoss" | "batch" | "evaluate"> {
  const { batch, eval_batches: limit, copying } = options;
  const { context: time, vocab } = model.config;
  return {
    resumable: true,
    model,
    tokenizer,
    highestLoss: highestLanguageLoss(model, teachers),
    batch(step, micro) {
      const index = microIndex(options, step, micro);
      const place = { batch, time, seed: deriveSeed(seed, "batches"), step: index };
      const drawn = trainingBatch(streams.train, place);
      if (copying) addCopying(drawn, copying, { step, index, seed, vocab });
      return languageBatch(model, drawn, teachers);
    },
    evaluate: () =>
      evaluateLoss(model, validationBatches(streams.validation, { batch, time, limit }), tokenizer),
  };
}
