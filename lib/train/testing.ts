/** A tiny training for tests of the loop. */
import { Decoder } from "../model/decoder.ts";
import { Terminal } from "../progress.ts";
import { charTokenizer } from "../text/testing.ts";
import type { LoopOptions, LoopTask } from "./loop.ts";
import { highestLanguageLoss, languageBatch } from "./step.ts";

export const SHAPE = { layers: 1, heads: 2, width: 16, context: 32, batch: 4, vocab: 9 };
export const TOKENS = {
  ids: Uint32Array.from({ length: 128 }, (_, i) => i % 9),
  batch: SHAPE.batch,
  time: SHAPE.context,
};
export const TOKENIZER = charTokenizer("a");
export const OPTIONS: LoopOptions = {
  stage: "pretrain",
  format: "text",
  seed: 1,
  schedule: { lr: 1e-3, min_lr: 1e-4, warmup: 2, steps: 8 },
  optimizer: { algorithm: "adamw", beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clip: 1 },
  accumulate: 2,
  mixed: false,
  every: { log: 0, evaluate: 0, sample: 0, save: 0 },
};

export function taskOf(model: Decoder, out: string, rest: Partial<LoopTask> = {}): LoopTask {
  return {
    model,
    tokenizer: TOKENIZER,
    out,
    highestLoss: highestLanguageLoss(model),
    batch: () => languageBatch(model, { tokens: TOKENS, targets: TOKENS.ids }),
    evaluate: () => Promise.reject(new Error("was not asked for")),
    terminal: new Terminal(),
    signal: new AbortController().signal,
    ...rest,
  };
}
