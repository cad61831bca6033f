/**
 * Which device trains a model faster: a small model can lose more to launching kernels on a GPU than it
 * gains, so both are tried, once for each machine and size of model, and the result is remembered.
 */
import { z } from "zod";
import type { Device } from "../device/device.ts";
import { type OpenedDevice, tryGpu } from "../device/open.ts";
import { UserError } from "../errors.ts";
import { writeFileAtomic } from "../files.ts";
import { configOf, measureSteps, parameterCount, type Shape, shapeName, stepFlops } from "./measure.ts";
import type { ModelConfig } from "../model/config.ts";

/** What no CPU core reaches: a cpu device that would need it is not tried, as trying takes long. */
const GFLOPS_A_CORE = 100;
const STEPS = 3;

/** Milliseconds a step by machine, model and device. */
const Memory = z.record(z.string(), z.object({ cpu: z.number(), webgpu: z.number() }));

export interface Candidates {
  cpu(): Promise<Device>;
  webgpu(): Promise<Device>;
}

/**
 * Where the GPU is too small for the model, that is the cpu device.
 * @param path a JSON file of earlier measurements, which this one is added to
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

/** Milliseconds a step; at best, where even those would lose to the GPU's `webgpu`. */
async function cpuTime({ cpu }: Candidates, shape: Shape, webgpu: number): Promise<number> {
  const atBest = stepFlops(shape, parameterCount(configOf(shape))) /
    (GFLOPS_A_CORE * navigator.hardwareConcurrency * 1e6);
  if (atBest > webgpu) return atBest;
  const device = await cpu();
  try {
    return (await measureSteps(device, shape, STEPS)).ms_per_step;
  } catch (error) {
    if (error instanceof UserError) return Number.MAX_VALUE; // The model is too large for it.
    throw error;
  } finally {
    device.close();
  }
}
