import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CpuDevice } from "../device/cpu.ts";
import { findAdapter } from "../device/open.ts";
import { hardware, testGpu } from "../device/testing.ts";
import { WebGpuDevice } from "../device/webgpu.ts";
import { fasterDevice } from "./faster_device.ts";
import { configOf } from "./measure.ts";

const SHAPE = { layers: 1, heads: 2, width: 16, context: 16, batch: 2, vocab: 31 };

if (await testGpu()) {
  Deno.test("the faster device is taken, and what was measured is remembered", async () => {
    const folder = await Deno.makeTempDir(), path = `${folder}/devices.json`;
    let opened = 0;
    const candidates = {
      cpu: () => {
        opened++;
        return CpuDevice.open({ threads: 1 });
      },
      webgpu: async () => await WebGpuDevice.open((await findAdapter())!),
    };
    const choose = async (shape = SHAPE) => {
      const { device, why } = await fasterDevice(candidates, configOf(shape), shape.batch, path);
      device.close();
      return { name: device.name, why };
    };
    // With software Vulkan the shaders run on the same cores, only slower.
    const first = await choose();
    assert(/^[\d.]+ ms a step, (cpu|webgpu) [\d.]+$/.test(first.why), first.why);
    const measured = opened;
    const again = await choose();
    assertEquals(again.name, first.name);
    assertStringIncludes(again.why, `; measured before, in ${path}`);
    assertEquals(opened - measured, measured - 1);

    // The remembered times decide; another model is measured.
    const [[key, times]] = Object.entries(JSON.parse(await Deno.readTextFile(path)));
    const { cpu, webgpu } = times as { cpu: number; webgpu: number };
    await Deno.writeTextFile(path, JSON.stringify({ [key]: { cpu: webgpu, webgpu: cpu } }));
    assert((await choose()).name !== first.name);
    await choose({ ...SHAPE, width: 32 });
    assertEquals(Object.keys(JSON.parse(await Deno.readTextFile(path))).length, 2);
    await Deno.writeTextFile(path, "no JSON");
    assertEquals((await choose()).why.includes("measured before"), false);
    await Deno.remove(folder, { recursive: true });
  });

  Deno.test("a GPU that is too small to train a model leaves that to the cpu device, and nothing is remembered", async () => {
    const folder = await Deno.makeTempDir(), path = `${folder}/devices.json`;
    const adapter = (await findAdapter())!;
    const small = hardware(adapter, { maxStorageBufferBindingSize: 2 ** 20 });
    const candidates = {
      cpu: () => CpuDevice.open({ threads: 1 }),
      webgpu: () => WebGpuDevice.open(small),
    };
    const { device, why } = await fasterDevice(candidates, configOf({ ...SHAPE, vocab: 20_000 }), 2, path);
    device.close();
    assertEquals(device.name, "cpu");
    assertStringIncludes(
      why,
      "the GPU is too small for this model: a buffer of",
    );
    assertEquals(await Deno.stat(path).catch(() => null), null);
    await Deno.remove(folder, { recursive: true });
  });
}
