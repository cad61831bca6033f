/** The devices that tests run on. */
import { CpuDevice } from "./cpu.ts";
import type { Device } from "./device.ts";
import { findAdapter } from "./open.ts";
import { WebGpuDevice } from "./webgpu.ts";

/** Set in CI: a missing WebGPU adapter then fails the tests instead of skipping some. */
const REQUIRED = "DESDE_CERO_REQUIRE_WEBGPU";

/** Registers an ignored test, so that the output says why the GPU tests are missing. */
function ignoreGpuTests(): void {
  Deno.test({
    name: "webgpu: ignored, no adapter was found (on Debian: apt-get install mesa-vulkan-drivers)",
    ignore: true,
    fn() {},
  });
}

let opened: Promise<WebGpuDevice | null> | undefined;

/** The WebGPU device that a test file's tests share; without an adapter null, and an ignored test that says why. */
export function testGpu(): Promise<WebGpuDevice | null> {
  return opened ??= (async () => {
    const adapter = await findAdapter();
    if (adapter) return await WebGpuDevice.open(adapter);
    if (Deno.env.get(REQUIRED)) throw new Error(`${REQUIRED} is set, but no WebGPU adapter was found`);
    ignoreGpuTests();
    return null;
  })();
}

/** A cpu device whose first 4 GiB are allocated but never touched, so that they take no physical memory. */
async function beyond4GiB(): Promise<CpuDevice> {
  const device = await CpuDevice.open({ threads: 2 });
  device.alloc(2 ** 32);
  return device;
}

export async function testDevices(): Promise<{ name: string; device: Device }[]> {
  const gpu = await testGpu();
  return [
    { name: "cpu", device: await CpuDevice.open({ threads: 2 }) },
    { name: "cpu on one thread", device: await CpuDevice.open({ threads: 1 }) },
    { name: "cpu beyond 4 GiB", device: await beyond4GiB() },
    ...gpu ? [{ name: "webgpu", device: gpu }] : [],
  ];
}

/** An object like another, with some properties replaced. */
function except<T extends object>(target: T, others: Record<string, unknown>): T {
  return new Proxy(target, {
    get(_, key) {
      if (Object.hasOwn(others, key)) return others[key as string];
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** An adapter that looks like hardware, and whose devices report these limits instead of their own. */
export function hardware(
  adapter: GPUAdapter,
  limits: Partial<Record<keyof GPUSupportedLimits, number>>,
): GPUAdapter {
  return except(adapter, {
    info: except(adapter.info, { isFallbackAdapter: false }),
    limits: except(adapter.limits, limits),
    async requestDevice(descriptor: GPUDeviceDescriptor) {
      const gpu = await adapter.requestDevice(descriptor);
      // WebGPU does not go below its default limits, which are 128 MiB and more.
      return Object.defineProperty(gpu, "limits", { value: except(gpu.limits, limits) });
    },
  });
}
