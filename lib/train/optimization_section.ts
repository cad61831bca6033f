/** Keys that the sections of all stages that train have in common. */
import { z } from "zod";

export const natural = z.number().int().positive();
export const whole = z.number().int().nonnegative();
export const probability = z.number().min(0).lt(1);

/** Optimizer and schedule. */
export const optimization = (lr: number, warmup: number) => ({
  batch: natural.describe("B: sequences per micro-batch."),
  lr: z.number().positive().default(lr).describe("Highest learning rate."),
  min_lr: z.number().nonnegative().optional().describe("Learning rate at the end; a tenth of lr by default."),
  warmup: whole.default(warmup).describe("Steps of rising learning rate."),
  weight_decay: z.number().nonnegative().default(0.1).describe("On tensors of two dimensions."),
  beta1: probability.default(0.9),
  beta2: probability.default(0.99),
  epsilon: z.number().positive().default(1e-8),
  clip: z.number().nonnegative().default(1).describe("Largest global gradient norm; 0 for no clipping."),
  log_every: whole.default(50).describe("Steps between lines of a log; a terminal shows every step."),
});

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
