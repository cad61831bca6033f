import { assert, assertEquals } from "@std/assert";
import { withAdapter } from "../checkpoint/adapted.ts";
import type { LoadedModel } from "../checkpoint/huggingface.ts";
import { openDecoder } from "../checkpoint/open_model.ts";
import { quantiseMatrices } from "../checkpoint/quantise.ts";
import { MODELS, valuesOf } from "../checkpoint/testing.ts";
import { CpuDevice } from "../device/cpu.ts";
import { TARGETS } from "../model/adapter.ts";
import { parameterSpecs } from "../model/decoder.ts";
import { frozenPart } from "./adapting.ts";
import { trainingArenas, trainingBytes } from "./memory.ts";
import { Optimizer } from "./optimizer.ts";

const OPTIONS = { rank: 4, alpha: 8, dropout: 0, targets: TARGETS };
const RATES = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, clip: 1 };

Deno.test("a training of an adapter holds the weights once, quantised or not, and all else for the adapter alone", async () => {
  const config = { ...MODELS.qwen3, width: 256, hidden: 512, headWidth: 64 };
  const specs = parameterSpecs(config);
  const quantised = quantiseMatrices(specs, valuesOf, "q4", "it");
  for (const base of [{ quantised: new Map() }, { quantised }]) {
    const model: LoadedModel = { config, head: null, values: valuesOf, ...base };
    const loaded = withAdapter(model, OPTIONS, 1, "adapter.");
    const device = await CpuDevice.open({ threads: 1 });
    const before = device.memory().used;
    const { parameters } = openDecoder(device, loaded);
    assert(parameters.gradients.size > 0);
    new Optimizer(parameters, { ...RATES, algorithm: "adamw", ema: 0.99 });
    const used = device.memory().used - before;
    const frozen = frozenPart(loaded);
    assertEquals(parameters.trained, frozen.trained);
    assertEquals(parameters.bytes, frozen.bytes + 4 * frozen.trained);
    const told = frozen.bytes + 4 * trainingArenas({ ema: 0.99 }) * frozen.trained;
    // Memory is allocated in sizes, each of which is up to a quarter larger than the one before.
    assert(told / used > 0.75 && told / used <= 1, `${told} of ${used}`);
    device.close();
    const whole = trainingBytes(config, 1, { ema: 0.99 });
    assert(trainingBytes(config, 1, { ema: 0.99, frozen }) < (base.quantised.size > 0 ? 0.2 : 0.4) * whole);
  }
});
