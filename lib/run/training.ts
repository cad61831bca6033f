/** Code with which all training stages read a preset. */
import type { Device } from "../device/device.ts";
import { CpuDevice } from "../device/cpu.ts";
import { type DeviceChoice, findAdapter, lacks, openDevice } from "../device/open.ts";
import { WebGpuDevice } from "../device/webgpu.ts";
import { UserError } from "../errors.ts";
import type { ModelConfig } from "../model/config.ts";
import type { Terminal } from "../progress.ts";
import { fasterDevice } from "../train/faster_device.ts";
import { ALONE } from "../ranks/alone.ts";
import { broadcastValue } from "../ranks/messages.ts";
import { threadsOf } from "../ranks/neighbours.ts";
import type { Ranks } from "../ranks/ranks.ts";
import type { CommonKeys } from "./config.ts";
import { camelKeys, type ModelSection } from "./model_section.ts";

/** The file that remembers which device is faster. */
const MEASURED = "models/devices.json";

/**
 * Opens the device that a preset asks for, and logs which it is. On a machine with a hardware GPU, `auto` opens the
 * device that trains the given model faster. Rank 0 finds out for all ranks: several that measure at once would disturb
 * one another, and might choose differently.
 */
export async function openFor(
  { device: choice, threads, precision }: CommonKeys,
  terminal: Terminal,
  { ranks = ALONE, sharded = false, ...training }: {
    readonly config: ModelConfig;
    readonly batch: number;
    readonly ranks?: Ranks;
    /** Whether ranks split the optimizer's state. */
    readonly sharded?: boolean;
  },
): Promise<Device> {
  const options = { threads: threads === "auto" ? threadsOf(ranks.neighbours) : threads };
  const mixed = precision === "mixed";
  const open = async () => {
    const adapter = choice === "auto" && !mixed ? await findAdapter() : null;
    return adapter && !adapter.info.isFallbackAdapter && !lacks(adapter)
      ? await fasterDevice(
        { cpu: () => CpuDevice.open(options), webgpu: () => WebGpuDevice.open(adapter) },
        training.config,
        training.batch,
        MEASURED,
      )
      : await openDevice(choice, options);
  };
  const own = ranks.rank === 0 ? await open() : null;
  const chosen = broadcastValue(ranks, own && (own.device.name as DeviceChoice))!;
  const { device, why } = own ?? await openDevice(chosen, options);
  if (mixed && !device.float16) {
    device.close();
    throw new UserError(
      `precision: mixed takes a GPU that has shader-f16, and the device is ${device.name} (${why}); ` +
        "use precision: float32",
    );
  }
  terminal.log(`  device: ${device.name} (${why}): ${device.description}`);
  if (sharded && ranks.size > 1 && device.name !== "cpu") {
    device.close();
    throw new UserError(
      `shard_optimizer: the optimizer's state can be split on the cpu device only, and the device is ${device.name}; ` +
        "leave it out, or use device: cpu",
    );
  }
  return device;
}

/** The model's configuration, once the vocabulary's size is known. */
export function architecture(model: ModelSection, vocab: number): ModelConfig {
  return { ...camelKeys(model), vocab };
}
