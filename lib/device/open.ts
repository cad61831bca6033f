/** Chooses a device by what the machine has. */
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

/** A smaller model writes a short answer on the cpu faster than a GPU is found and its shaders are compiled. */
const FEW_PARAMETERS = 20e6;

export interface OpenOptions extends CpuOptions {
  /** With `auto`, parameters of the model of a short-lived program: only a large one is worth looking for a GPU. */
  readonly parameters?: number | undefined;
  /**
   * With `auto`: runs the work that needs the most GPU memory before the GPU is chosen. If it throws a UserError, the
   * GPU is too small, and a line on standard error says so.
   */
  readonly trial?: (gpu: Device) => Promise<unknown>;
  /** Finds an adapter; the machine's preferred one by default. */
  readonly find?: () => Promise<GPUAdapter | null>;
}

/**
 * Opens the device asked for. `auto` takes a hardware GPU, or the cpu device if there is none or it is too small.
 * It takes no software adapter, which would run shaders on the same cores several times slower than the cpu device.
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
 * Opens a GPU and runs `trial` on it, the work that needs the most of its memory.
 * @returns the device and the trial's result, or what the GPU lacks
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
    // The part behind the semicolon advises the user to do what we do here.
    return { lack: `the GPU is too small for this model: ${error.message.split(";")[0]}` };
  }
}

/** Why an adapter cannot run our shaders, or null if it can. */
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
 * On Linux without a desktop session, the search for adapters warns on standard error that this variable is not set.
 * It only matters for windows, and we open none.
 */
function quietVulkan(): void {
  const name = "XDG_RUNTIME_DIR";
  const allowed = Deno.permissions.querySync({ name: "env", variable: name }).state === "granted";
  if (Deno.build.os === "linux" && allowed && !Deno.env.get(name)) Deno.env.set(name, "/tmp");
}
