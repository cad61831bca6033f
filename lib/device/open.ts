/** Choice of device by what the machine has. */
import { CpuDevice, type CpuOptions } from "./cpu.ts";
import type { Device } from "./device.ts";
import { WebGpuDevice } from "./webgpu.ts";
import { UserError } from "../errors.ts";

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

/**
 * Opens the device asked for. `auto` takes a hardware GPU, and the cpu device where there is none: a
 * software adapter would run shaders on the same cores, several times slower than the cpu device.
 */
export async function openDevice(choice: DeviceChoice, options: CpuOptions = {}): Promise<OpenedDevice> {
  const cpu = async (why: string) => ({ device: await CpuDevice.open(options), why });
  if (choice === "cpu") return cpu("asked for");
  const adapter = await findAdapter();
  const software = adapter?.info.isFallbackAdapter;
  const lack = adapter && lacks(adapter);
  if (choice === "webgpu") {
    if (!adapter) throw new UserError(`device: webgpu was asked for, but ${NO_ADAPTER}; or use device: cpu`);
    if (lack) throw new UserError(`device: webgpu was asked for, but ${lack}; use device: cpu`);
    return { device: await WebGpuDevice.open(adapter), why: "asked for" };
  }
  if (!adapter) return cpu("no WebGPU adapter was found");
  if (software) return cpu("the only WebGPU adapter is a software one");
  if (lack) return cpu(lack);
  return { device: await WebGpuDevice.open(adapter), why: "a hardware GPU was found" };
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
