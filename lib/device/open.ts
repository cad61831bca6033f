/** Choice of device by what the machine has. */
import { CpuDevice, type CpuOptions } from "./cpu.ts";
import type { Device } from "./device.ts";
import { WebGpuDevice } from "./webgpu.ts";
import { describe, UserError } from "../errors.ts";

export type DeviceChoice = "auto" | "webgpu" | "cpu";

export interface OpenedDevice {
  readonly device: Device;
  /** Why this device: one line for the log. */
  readonly why: string;
}

/** Bytes of workgroup memory that the largest shader, attention_backward_key_value.wgsl, needs. */
const WORKGROUP_MEMORY = 28 * 1024;

const NO_ADAPTER = "no WebGPU adapter was found (on Linux it takes a Vulkan driver; " +
  "`apt-get install mesa-vulkan-drivers` gives a software one)";

/** Of a model with fewer, a short answer is written on the cpu before a GPU is found and its shaders compiled. */
const FEW_PARAMETERS = 20e6;

export interface OpenOptions extends CpuOptions {
  /** With `auto`, of the model that a program loads for a short time: a GPU is looked for only if it has many. */
  readonly parameters?: number | undefined;
  /**
   * With `auto`: does on a GPU what takes most of it, before that GPU is taken. If it throws a UserError, the GPU is
   * too small, and a line on standard error says so.
   */
  readonly trial?: (gpu: Device) => Promise<unknown>;
  /** Another search than for the machine's preferred adapter. */
  readonly find?: () => Promise<GPUAdapter | null>;
}

/**
 * Opens the device asked for. `auto` takes a hardware GPU, and the cpu device where there is none, or where it is
 * too small: a software adapter would run shaders on the same cores, several times slower than the cpu device.
 */
export async function openDevice(
  choice: DeviceChoice,
  { trial, find = findAdapter, parameters = Infinity, ...options }: OpenOptions = {},
): Promise<OpenedDevice> {
  const cpu = async (why: string) => ({ device: await CpuDevice.open(options), why });
  if (choice === "cpu") return cpu("asked for");
  if (choice === "auto" && parameters < FEW_PARAMETERS) return cpu("the model is small");
  const adapter = await find();
  if (choice === "webgpu") {
    const lack = adapter && lacks(adapter);
    if (!adapter) throw new UserError(`device: webgpu was asked for, but ${NO_ADAPTER}; or use device: cpu`);
    if (lack) throw new UserError(`device: webgpu was asked for, but ${lack}; use device: cpu`);
    return { device: await WebGpuDevice.open(adapter), why: "asked for" };
  }
  if (!adapter) return cpu("no WebGPU adapter was found");
  if (adapter.info.isFallbackAdapter) return cpu("the only WebGPU adapter is a software one");
  const lack = lacks(adapter);
  const tried = lack === null
    ? await tryGpu(() => WebGpuDevice.open(adapter), async (gpu) => await trial?.(gpu))
    : { lack };
  if ("gpu" in tried) return { device: tried.gpu, why: "a hardware GPU was found" };
  console.error(`device: cpu, as ${tried.lack}`);
  return cpu(tried.lack);
}

/**
 * Opens a GPU and does on it what takes most of it.
 * @returns the device and what came of that, or what the GPU lacks
 */
export async function tryGpu<T>(
  open: () => Promise<Device>,
  trial: (gpu: Device) => Promise<T>,
): Promise<{ gpu: Device; result: T } | { lack: string }> {
  let gpu: Device;
  try {
    gpu = await open();
  } catch (error) {
    return { lack: `the GPU cannot be opened (${describe(error)})` };
  }
  try {
    return { gpu, result: await trial(gpu) };
  } catch (error) {
    gpu.close();
    if (!(error instanceof UserError)) throw error;
    // Behind the semicolon it says what to do about it, which is done here.
    return { lack: `the GPU is too small for this model: ${error.message.split(";")[0]}` };
  }
}

/** What an adapter has too little of for our shaders, or null. */
export function lacks({ limits: { maxComputeWorkgroupStorageSize: bytes } }: GPUAdapter): string | null {
  if (bytes >= WORKGROUP_MEMORY) return null;
  return `the GPU gives a workgroup ${bytes} bytes of memory, its shaders need ${WORKGROUP_MEMORY}`;
}

/** The machine's preferred adapter, or null. */
export async function findAdapter(): Promise<GPUAdapter | null> {
  if (!navigator.gpu) return null;
  quietVulkan();
  return await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
}

/**
 * On Linux without a desktop session, the search for adapters complains on standard error that this
 * variable is not set. It is used for windows, of which there are none here.
 */
function quietVulkan(): void {
  const name = "XDG_RUNTIME_DIR";
  const allowed = Deno.permissions.querySync({ name: "env", variable: name }).state === "granted";
  if (Deno.build.os === "linux" && allowed && !Deno.env.get(name)) Deno.env.set(name, "/tmp");
}
