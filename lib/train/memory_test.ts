import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { CpuDevice } from "../device/cpu.ts";
import type { Device } from "../device/device.ts";
import { sizeClass } from "../device/size_class_pool.ts";
import { UserError } from "../errors.ts";
import { modelConfig } from "../model/config.ts";
import { Decoder } from "../model/decoder.ts";
import { benchmarkModel, configOf } from "./measure.ts";
import { requireMemory, trainingArenas, trainingBytes } from "./memory.ts";
import { Optimizer } from "./optimizer.ts";

const SHAPE = { layers: 2, heads: 2, width: 32, context: 32, vocab: 50, batch: 30 };
const RATES = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, clip: 1 };
const TRAININGS = (["adamw", "muon"] as const).flatMap((algorithm) =>
  [0, 0.99].map((ema) => ({ algorithm, ema }))
);

async function onDevice(measure: (device: CpuDevice, used: () => number) => Promise<void> | void) {
  const device = await CpuDevice.open({ threads: 1 });
  const before = device.memory().used;
  try {
    await measure(device, () => device.memory().used - before);
  } finally {
    device.close();
  }
}

Deno.test("a training has as many arenas as are counted, with every optimizer, and with an average", async () => {
  for (const training of TRAININGS) {
    await onDevice((device, used) => {
      const { parameters } = new Decoder(device, configOf({ ...SHAPE, width: 128 }));
      assert(parameters.gradients.size > 0);
      new Optimizer(parameters, { ...RATES, ...training });
      const arenas = used() / sizeClass(4 * parameters.weights.size);
      assertEquals(arenas, trainingArenas(training), JSON.stringify(training));
    });
  }
});

Deno.test("what training is said to take is about what it takes", async () => {
  for (const shape of [SHAPE, { ...SHAPE, layers: 5, width: 128, context: 64, batch: 8 }]) {
    for (const training of TRAININGS) {
      await onDevice(async (device, used) => {
        await benchmarkModel(device, shape, training).step();
        const share = trainingBytes(configOf(shape), shape.batch, training) / used();
        assert(
          share > 0.6 && share < 1.5,
          `${JSON.stringify(training)}: ${share.toFixed(2)} of what it takes`,
        );
      });
    }
  }
});

Deno.test("a training that an average of the weights makes too large is refused", () => {
  const config = modelConfig({ vocab: 1000, context: 16, layers: 8, heads: 8, width: 256 });
  const [without, withAverage] = [0, 0.999].map((ema) => trainingBytes(config, 1, { ema }));
  assertLess(without, withAverage);
  const reach = (without + withAverage) / 2;
  const device = { name: "cpu", memory: () => ({ used: 0, peak: 0, reach }) } as unknown as Device;
  const check = (ema: number) => requireMemory(device, config, { section: "pretrain", sequences: 1, ema });
  check(0);
  assertThrows(
    () => check(0.999),
    UserError,
    "lower pretrain.batch, model.context, model.width or model.layers, or",
  );
});
