/** Keys that the sections of all stages that train have in common. */
import { z } from "zod";
import type { OptimizerOptions } from "./optimizer.ts";

export const natural = z.number().int().positive();
export const whole = z.number().int().nonnegative();
export const probability = z.number().min(0).lt(1);

const roleOptions = z.strictObject({
  lr: z.number().nonnegative().optional().describe("Factor of the learning rate."),
  weight_decay: z.number().nonnegative().optional(),
}).optional();

/** Optimizer and schedule. */
export const optimization = (lr: number, warmup: number) => ({
  batch: natural.describe("B: sequences per micro-batch."),
  lr: z.number().positive().default(lr).describe("Highest learning rate."),
  min_lr: z.number().nonnegative().optional().describe("Learning rate at the end; a tenth of lr by default."),
  warmup: whole.default(warmup).describe("Steps of rising learning rate."),
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
  log_every: whole.default(50).describe("Steps between lines of a log; a terminal shows every step."),
});

/** A section's keys as the optimizer takes them. */
export function optimizerOptions(
  section: Required<Omit<OptimizerOptions, "algorithm" | "weightDecay">> & {
    readonly optimizer: OptimizerOptions["algorithm"];
    readonly weight_decay: number;
  },
): OptimizerOptions {
  const { optimizer: algorithm, beta1, beta2, epsilon, weight_decay: weightDecay, clip, roles } = section;
  return { algorithm, beta1, beta2, epsilon, weightDecay, clip, roles };
}

/** Refuses a learning rate at the end that is above the highest. */
export const checkRates =
  (section: string) =>
  ({ lr, min_lr }: { lr: number; min_lr?: number | undefined }, context: z.RefinementCtx): void => {
    if (min_lr === undefined || min_lr <= lr) return;
    const message = `${min_lr} is above ${section}.lr, which is ${lr}; lower it`;
    context.addIssue({ code: "custom", path: ["min_lr"], message });
  };

/** Where finetunings start from, and how they store what they have learned. */
export const finetuning = {
  backbone: z.string().min(1).optional().describe(
    "Folder of a checkpoint, or of a GPT-2 from Hugging Face; this preset's own pretraining by default.",
  ),
  weights: z.enum(["float32", "float16"]).default("float32")
    .describe("How checkpoints store their weights; float16 takes half the room."),
};
