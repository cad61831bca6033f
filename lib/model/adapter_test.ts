import { assert, assertEquals, assertLess } from "@std/assert";
import type { Device } from "../device/device.ts";
import { OracleDevice } from "../device/oracle.ts";
import { testDevices } from "../device/testing.ts";
import { relativeError } from "../ops/conformance.ts";
import { differentiate } from "../ops/tape.ts";
import { deriveSeed, normals } from "../tensor/random.ts";
import { scope } from "../tensor/tensor.ts";
import {
  adapterIn,
  type AdapterOptions,
  adapterShape,
  adapterSpecs,
  openAdapter,
  TARGETS,
} from "./adapter.ts";
import { type ModelConfig, modelConfig } from "./config.ts";
import { Decoder, initialValues, parameterSpecs, type Tokens } from "./decoder.ts";
import { Parameters, type ParameterSpec } from "./parameters.ts";

const CONFIG = modelConfig({ vocab: 19, context: 12, layers: 2, heads: 3, width: 21, hidden: 50 });
const TOKENS = { ids: Uint32Array.from({ length: 24 }, (_, i) => (i * 7 + 3) % 19), batch: 2, time: 12 };
const TARGET_IDS = Uint32Array.from({ length: 24 }, (_, i) => (i * 5 + 1) % 19);
const OPTIONS: AdapterOptions = { rank: 3, alpha: 6, dropout: 0, targets: TARGETS };

const VARIANTS: readonly [change: Partial<ModelConfig>, options: Partial<AdapterOptions>][] = [
  [{}, {}],
  [{ mlp: "relu2" }, { targets: ["mlp.down"] }],
  [{ position: "rope", norm: "rms", mlp: "swiglu", bias: false, kvHeads: 1, headWidth: 6 }, { dropout: 0.3 }],
  [{ dropout: 0.2 }, { targets: ["attention.qkv"], dropout: 0.4 }],
];

/** Values that make both matrices matter: by default, B starts at 0. */
const values = (seed: number) => (spec: ParameterSpec) =>
  spec.name.endsWith(".lora_B")
    ? normals(deriveSeed(seed, spec.name), spec.shape[0] * spec.shape[1], 0.2)
    : initialValues(spec, seed);

/** A model with an adapter that is trained. */
function build(device: Device, change: Partial<ModelConfig>, options: Partial<AdapterOptions>): Decoder {
  const config = { ...CONFIG, ...change }, specs = parameterSpecs(config);
  const shape = adapterShape(config, { ...OPTIONS, ...options });
  const added = adapterSpecs(specs, shape);
  const parameters = new Parameters(device, [...specs, ...added], (spec) => added.includes(spec));
  const model = new Decoder(device, config, parameters, adapterIn(parameters, shape));
  model.load(values(5));
  return model;
}

/** Gradients of the loss, times a factor that keeps small ones above float16's smallest number. */
const gradientsOf = (device: Device, model: Decoder, factor = 1) => {
  const { gradients } = model.parameters, seed = Float32Array.of(factor);
  scope(() => model.training(9, () => differentiate(() => model.loss(TOKENS, TARGET_IDS), seed)));
  return device.read(gradients.buffer);
};

Deno.test("an adapter's gradients are those of finite differences, and nothing else has any", async () => {
  const oracle = new OracleDevice();
  for (const [change, options] of VARIANTS) {
    const model = build(oracle, change, options), { parameters } = model;
    const gradients = parameters.split(await gradientsOf(oracle, model));
    const weights = await oracle.read(parameters.weights.buffer);
    const lossAt = (i: number, h: number) => {
      const moved = Float32Array.from(weights);
      moved[i] += h;
      oracle.write(parameters.weights.buffer, moved);
      const loss = scope(() =>
        model.training(9, () => oracle.values(model.loss(TOKENS, TARGET_IDS).buffer))
      ) as Float64Array;
      return { loss: loss[0], at: moved[i] };
    };
    for (const spec of parameters.specs) {
      const own = spec.name.includes(".lora_");
      assertEquals(parameters.get(spec.name).grad !== null, own, spec.name);
      if (!own) continue;
      const { start } = parameters.range(spec), analytic = gradients.get(spec.name)!;
      assert(analytic.some((g) => g !== 0), spec.name);
      for (let i = 0; i < analytic.length; i += Math.ceil(analytic.length / 3)) {
        const [above, below] = [lossAt(start + i, 2 ** -14), lossAt(start + i, -(2 ** -14))];
        const numeric = (above.loss - below.loss) / (above.at - below.at);
        assertLess(
          Math.abs(numeric - analytic[i]),
          1e-5,
          `${spec.name} ${i}: ${numeric} beside ${analytic[i]}`,
        );
      }
    }
    // Nor is there room for their gradients: the gradient arena only holds the adapter's.
    const trained = parameters.specs.filter(({ name }) => name.includes(".lora_"));
    assertEquals(parameters.gradients.size, Math.max(...trained.map((spec) => parameters.range(spec).end)));
  }
});

for (const { name, device } of await testDevices()) {
  Deno.test(`${name}: an adapter's gradients agree with the oracle's`, async () => {
    const oracle = new OracleDevice();
    for (const [change, options] of VARIANTS) {
      const expected = await gradientsOf(oracle, build(oracle, change, options));
      assertLess(relativeError(await gradientsOf(device, build(device, change, options)), expected), 1e-5);
    }
  });

  if (device.float16) {
    Deno.test(`${name}: an adapter's gradients in float16 agree with the oracle's`, async () => {
      const oracle = new OracleDevice();
      for (const [change, options] of VARIANTS) {
        const expected = await gradientsOf(oracle, build(oracle, change, options), 1024);
        const model = build(device, change, options);
        model.parameters.addFloat16Copies();
        assertLess(relativeError(await gradientsOf(device, model, 1024), expected), 2e-2);
      }
    });
  }

  Deno.test(`${name}: sequences of several adapters and of none share a pass, each as if it were alone`, async () => {
    for (const [change] of VARIANTS) {
      const config = { ...CONFIG, ...change, dropout: 0 }, specs = parameterSpecs(config);
      const base = new Decoder(device, config);
      base.initialize(5);
      const adapters = [[2, 8], [4, 1]].map(([rank, seed]) => {
        const shape = adapterShape(config, { ...OPTIONS, rank });
        return openAdapter(device, specs, shape, values(seed));
      });
      const of = [adapters[1], null, adapters[0], adapters[1]];
      const ids = Uint32Array.from({ length: 4 * 6 }, (_, i) => (i * 7 + 3) % 19);
      const logits = (model: Decoder, tokens: Tokens) =>
        scope(() => device.read(model.logits(tokens).buffer));
      const together = await logits(base, { ids, batch: 4, time: 6, adapters: of });
      for (const [row, adapter] of of.entries()) {
        const model = new Decoder(device, config, base.parameters, adapter);
        const alone = await logits(model, { ids: ids.slice(row * 6, row * 6 + 6), batch: 1, time: 6 });
        assertLess(relativeError(together.slice(row * 6 * 19, (row + 1) * 6 * 19), alone), 1e-5);
      }
      // Each adapter changes its own row, and a row without one is as in the base.
      const plain = await logits(base, { ids, batch: 4, time: 6 });
      const differences = of.map((_, row) =>
        relativeError(
          ...[together, plain].map((all) => all.slice(row * 114, row * 114 + 114)) as [
            Float32Array,
            Float32Array,
          ],
        )
      );
      assertEquals(differences.map((difference) => difference > 1e-3), of.map((adapter) => adapter !== null));
    }
  });
}
