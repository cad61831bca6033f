/** What the stages that train take from a preset in the same way. */
import type { Device } from "../device/device.ts";
import { openDevice } from "../device/open.ts";
import type { Terminal } from "../progress.ts";
import type { LoopOptions } from "../train/loop.ts";
import type { Preset } from "./config.ts";

/** Opens the device that a preset asks for, and says which it is. */
export async function openFor({ device: choice, threads }: Preset, terminal?: Terminal): Promise<Device> {
  const { device, why } = await openDevice(choice, threads === "auto" ? {} : { threads });
  terminal?.log(`  device: ${device.name} (${why}): ${device.description}`);
  return device;
}

type Finetuning = NonNullable<Preset["finetune-classify"] | Preset["finetune-instruct"]>;

/**
 * A finetuning's loop: epochs over some examples, with a validation after each.
 * @param perEpoch steps of an epoch
 */
export function finetuningLoop(
  stage: "finetune-classify" | "finetune-instruct",
  options: Finetuning,
  perEpoch: number,
  seed: number,
): LoopOptions {
  const steps = options.epochs * perEpoch;
  return {
    stage,
    seed,
    schedule: {
      lr: options.lr,
      min_lr: options.min_lr ?? options.lr / 10,
      warmup: Math.min(options.warmup, steps),
      steps,
    },
    optimizer: { ...options, weightDecay: options.weight_decay },
    accumulate: 1,
    precision: options.weights,
    every: { log: options.log_every, evaluate: perEpoch, sample: perEpoch, save: 0 },
  };
}
