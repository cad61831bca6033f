/**
 * Finds which device trains a model faster. On a GPU a small model can lose more to launching kernels than it gains, so
 * both devices are tried, once per machine and model size, and the result is remembered.
 */
import { z } from "zod";
import type { Device } from "../device/device.ts";
import { type OpenedDevice, tryGpu } from "../device/open.ts";
import { UserError } from "../errors.ts";
import { writeFileAtomic } from "../files.ts";
import { configOf, measureSteps, parameterCount, type Shape, shapeName, stepFlops } from "./measure.ts";
import type { ModelConfig } from "../model/config.ts";

/** More than any CPU core reaches. If the cpu device would need more to win, it is not tried: trying takes long. */
const GFLOPS_A_CORE = 100;
const STEPS = 3;

/** Milliseconds per step, by machine, model and device. */
const Memory = z.record(z.string(), z.object({ cpu: z.number(), webgpu: z.number() }));

export interface Candidates {
  cpu(): Promise<Device>;
  webgpu(): Promise<Device>;
}

/**
 * Opens the device that trains the model faster: the cpu device if the GPU is too small for the model.
 * @param path a JSON file of earlier measurements, to which this one is added
 */
export async function fasterDevice(
  candidates: Candidates,
  config: ModelConfig,
  batch: number,
  path: string,
): Promise<OpenedDevice> {
  const shape = { ...config, batch };
  const known: z.infer<typeof Memory> = await Deno.readTextFile(path)
    .then((text) => Memory.parse(JSON.parse(text))).catch(() => ({}));
  const keyOf = (gpu: Device) =>
    `${
      shapeName(shape)
    }, ${gpu.description}, ${navigator.hardwareConcurrency} cores, Deno ${Deno.version.deno}`;
  const tried = await tryGpu(
    candidates.webgpu,
    async (gpu) => known[keyOf(gpu)]?.webgpu ?? (await measureSteps(gpu, shape, STEPS)).ms_per_step,
  );
  if ("lack" in tried) return { device: await candidates.cpu(), why: tried.lack };
  const { gpu, result: webgpu } = tried;
  const key = keyOf(gpu), remembered = key in known;
  const times = known[key] ?? { webgpu, cpu: await cpuTime(candidates, shape, webgpu) };
  if (!remembered) {
    await writeFileAtomic(path, JSON.stringify({ ...known, [key]: times }, null, 1) + "\n");
  }
  const [winner, loser] = times.webgpu <= times.cpu ? ["webgpu", "cpu"] as const : ["cpu", "webgpu"] as const;
  const why = `${times[winner].toFixed(1)} ms a step, ${loser} ${times[loser].toFixed(1)}` +
    (remembered ? `; measured before, in ${path}` : "");
  if (winner === "webgpu") return { device: gpu, why };
  gpu.close();
  return { device: await candidates.cpu(), why };
}

/** Milliseconds per step. If even the best case would lose to the GPU's `webgpu`, returns that without measuring. */
async function cpuTime({ cpu }: Candidates, shape: Shape, webgpu: number): Promise<number> {
  const atBest = stepFlops(shape, parameterCount(configOf(shape))) /
    (GFLOPS_A_CORE * navigator.hardwareConcurrency * 1e6);
  if (atBest > webgpu) return atBest;
  const device = await cpu();
  try {
    return (await measureSteps(device, shape, STEPS)).ms_per_step;
  } catch (error) {
    if (error instanceof UserError) return Number.MAX_VALUE; // The model is too large for the cpu device.
    throw error;
  } finally {
    device.close();
  }
}
