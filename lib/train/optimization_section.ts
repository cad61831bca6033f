/** The keys that all training stages have in their sections. */
import { z } from "zod";
import { TARGETS } from "../model/adapter.ts";
import type { OptimizerOptions } from "./optimizer.ts";
import type { Schedule, ScheduleShape } from "./schedule.ts";

export const natural = z.number().int().positive();
export const whole = z.number().int().nonnegative();
export const probability = z.number().min(0).lt(1);

/** In minutes. */
const MONTH = 30 * 24 * 60;
export const minutes = z.number().positive().max(MONTH).optional();

const roleOptions = z.strictObject({
  lr: z.number().nonnegative().optional().describe("Factor of the learning rate."),
  weight_decay: z.number().nonnegative().optional(),
}).optional();

/** The share of steps in which wsd lowers the learning rate: a fifth, as in arXiv:2405.18392. */
const DECAY = 0.2;

const shape = z.strictObject({
  kind: z.enum(["cosine", "wsd"]).default("cosine").describe(
    "How the learning rate goes on after the warmup: down along a cosine, or constant with a fall at the end.",
  ),
  decay: z.number().gt(0).lte(1).optional()
    .describe(`Of wsd: the share of all steps in which the rate falls, the last ones; ${DECAY} by default.`),
  weight_decay: z.enum(["constant", "linear", "lr"]).default("constant").describe(
    "How weight_decay goes on: constant, in a straight line to weight_decay_end, or in proportion to the learning rate.",
  ),
  weight_decay_end: z.number().nonnegative().optional()
    .describe("Of linear: the factor of weight_decay at the last step; 0 by default."),
}).superRefine(({ kind, decay, weight_decay, weight_decay_end }, context) => {
  const refuse = (key: string, message: string) =>
    context.addIssue({ code: "custom", path: [key], message: `${message}, or leave it out` });
  if (decay !== undefined && kind !== "wsd") {
    refuse("decay", `it belongs to kind: wsd, not ${kind}; give that`);
  }
  if (weight_decay_end !== undefined && weight_decay !== "linear") {
    refuse("weight_decay_end", `it belongs to weight_decay: linear, not ${weight_decay}; give that`);
  }
});

/** Optimizer and schedule. */
export const optimization = (lr: number, warmup: number) => ({
  batch: natural.describe("B: sequences per micro-batch."),
  accumulate: natural.default(1).describe(
    "Micro-batches per update, whose gradients are summed; several processes share them.",
  ),
  shard_optimizer: z.boolean().default(false).describe(
    "Whether several processes split the optimizer's state, which takes less memory and more communication (docs/mpi.md).",
  ),
  lr: z.number().positive().default(lr).describe("Highest learning rate."),
  min_lr: z.number().nonnegative().optional().describe(
    "Learning rate at the end; a tenth of lr by default, 0 with wsd.",
  ),
  warmup: whole.default(warmup).describe("Steps of rising learning rate."),
  schedule: shape.prefault({}).describe(
    "How the learning rate and the weight decay change from step to step.",
  ),
  optimizer: z.enum(["adamw", "muon"]).default("adamw")
    .describe("muon is for the matrices of blocks; everything else goes by AdamW."),
  weight_decay: z.number().nonnegative().default(0.1).describe("On tensors of two dimensions."),
  roles: z.strictObject({
    embedding: roleOptions,
    matrix: roleOptions,
    vector: roleOptions,
    head: roleOptions,
  }).prefault({}).describe("What is other for parameters of a role."),
  beta1: probability.default(0.9),
  beta2: probability.default(0.99),
  epsilon: z.number().positive().default(1e-8),
  clip: z.number().nonnegative().default(1).describe("Largest global gradient norm; 0 for no clipping."),
  ema: probability.default(0).describe(
    "Decay of an exponential moving average of the weights, such as 0.999, which is validated beside them and saved as " +
      "best where it has the lower loss; 0 for none.",
  ),
  log_every: whole.default(50).describe("Steps between lines of a log; a terminal shows every step."),
});

/** A section's keys, as options for the optimizer. */
export function optimizerOptions(
  section: Required<Omit<OptimizerOptions, "algorithm" | "weightDecay">> & {
    readonly optimizer: OptimizerOptions["algorithm"];
    readonly weight_decay: number;
  },
): OptimizerOptions {
  const { optimizer: algorithm, beta1, beta2, epsilon, weight_decay: weightDecay, clip, ema, roles } =
    section;
  return { algorithm, beta1, beta2, epsilon, weightDecay, clip, ema, roles };
}

/** A section's schedule over the given number of steps. */
export function scheduleOf(
  { lr, min_lr, warmup, schedule }: Pick<Schedule, "lr" | "warmup"> & {
    readonly min_lr?: number | undefined;
    readonly schedule:
      & Pick<ScheduleShape, "kind" | "weight_decay">
      & { readonly decay?: number | undefined; readonly weight_decay_end?: number | undefined };
  },
  steps: number,
): Schedule {
  const { kind, decay = DECAY, weight_decay, weight_decay_end = 0 } = schedule;
  return {
    lr,
    min_lr: min_lr ?? (kind === "wsd" ? 0 : lr / 10),
    warmup: Math.min(warmup, steps),
    steps,
    shape: { kind, decay, weight_decay, weight_decay_end },
  };
}

/** Refuses a final learning rate that is above the highest. */
export const checkRates =
  (section: string) =>
  ({ lr, min_lr }: { lr: number; min_lr?: number | undefined }, context: z.RefinementCtx): void => {
    if (min_lr === undefined || min_lr <= lr) return;
    const message = `${min_lr} is above ${section}.lr, which is ${lr}; lower it`;
    context.addIssue({ code: "custom", path: ["min_lr"], message });
  };

/** How the trained weights are stored. */
export const weights = z.enum(["float32", "float16"]).default("float32").describe(
  "How checkpoints store their weights; float16 takes half the room. `last` stays float32 where --resume can go on from it.",
);

/** The adapter that a finetuning trains instead of the model's weights. */
export const adapter = z.strictObject({
  rank: natural.default(8).describe("Width of the two matrices beside each layer, at most the model's."),
  alpha: z.number().positive().default(16).describe("What they add is multiplied by alpha / rank."),
  dropout: probability.default(0).describe("Of what goes into the first of the two."),
  targets: z.array(z.enum(TARGETS)).min(1).default([...TARGETS]).describe(
    "Layers of each block that have some.",
  ),
}).optional().describe(
  "Trains an adapter (LoRA) beside the weights, which stay as they are, and may be quantised; docs/adapters.md.",
);

/** What finetunings start from, and how they store the result. */
export const finetuning = {
  backbone: z.string().min(1).optional().describe(
    "Folder of a checkpoint, or of a GPT-2 from Hugging Face; this preset's own pretraining by default.",
  ),
  adapter,
  weights,
};
