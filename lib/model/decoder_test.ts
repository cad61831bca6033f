import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { OracleDevice } from "../device/oracle.ts";
import { testDevices } from "../device/testing.ts";
import { relativeError } from "../ops/conformance.ts";
import { crossEntropy, IGNORED } from "../ops/cross_entropy.ts";
import { differentiate } from "../ops/tape.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { type ModelConfig, modelConfig } from "./config.ts";
import { Decoder, parameterSpecs } from "./decoder.ts";

const CONFIG = modelConfig({ vocab: 19, context: 12, layers: 2, heads: 3, width: 21, hidden: 50 });
const TOKENS = { ids: Uint32Array.from({ length: 24 }, (_, i) => (i * 7 + 3) % 19), batch: 2, time: 12 };
const TARGETS = Uint32Array.from({ length: 24 }, (_, i) => i % 5 ? (i * 5 + 1) % 19 : IGNORED);

/** Options other than GPT-2's, in combinations that together include all of them. */
const ARCHITECTURES: readonly Partial<ModelConfig>[] = [
  { position: "rope", norm: "rms", mlp: "swiglu", bias: false, tied: false, headWidth: 6 },
  {
    position: "rope",
    norm: "rms",
    mlp: "swiglu",
    qkNorm: true,
    heads: 4,
    kvHeads: 2,
    headWidth: 10,
    bias: false,
  },
  { position: "alibi", mlp: "relu2", heads: 6, kvHeads: 3, headWidth: 5, dropout: 0.2 },
  { position: "none", norm: "rms", qkNorm: true, softcap: 2, kvHeads: 1 },
  { position: "learned", mlp: "swiglu", kvHeads: 1, qkNorm: true, softcap: 5 },
];

function build(device: ConstructorParameters<typeof Decoder>[0], change: Partial<ModelConfig> = {}): Decoder {
  const model = new Decoder(device, { ...CONFIG, ...change });
  model.initialize(5);
  return model;
}

Deno.test("GPT-2's smallest size has its published number of parameters", () => {
  const config = modelConfig({ vocab: 50257, context: 1024, layers: 12, heads: 12, width: 768 });
  const count = (c: ModelConfig) =>
    parameterSpecs(c).reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0);
  assertEquals(count(config), 124_439_808);
  assertEquals(count({ ...config, tied: false }), 124_439_808 + 50257 * 768);
});

Deno.test("the loss starts at ln V: an untrained model guesses evenly", async () => {
  const oracle = new OracleDevice();
  const model = build(oracle);
  const [loss] = await scope(() => oracle.read(model.loss(TOKENS, TARGETS).buffer));
  assertLess(Math.abs(loss - Math.log(19)), 0.05);
});

Deno.test("a position's logits do not depend on what follows it", async () => {
  const oracle = new OracleDevice();
  const model = build(oracle);
  const logits = (ids: Uint32Array) => scope(() => oracle.read(model.logits({ ...TOKENS, ids }).buffer));
  const before = await logits(TOKENS.ids);
  const changed = TOKENS.ids.slice();
  changed[8] = (changed[8] + 1) % 19;
  const after = await logits(changed);
  assertEquals(after.subarray(0, 8 * 19), before.subarray(0, 8 * 19));
  assertEquals(after.subarray(12 * 19), before.subarray(12 * 19));
});

for (const { name, device } of [{ name: "oracle", device: new OracleDevice() }, ...await testDevices()]) {
  for (const change of [{}, { bias: false }, { tied: false }, { dropout: 0.3 }, ...ARCHITECTURES]) {
    Deno.test(`${name}: loss and gradients agree with the oracle's, ${JSON.stringify(change)}`, async () => {
      const oracle = new OracleDevice();
      const [expected, actual] = await Promise.all([oracle, device].map(async (on) => {
        const model = build(on, change);
        const { gradients } = model.parameters;
        const loss = scope(() =>
          on.read(model.training(9, () => differentiate(() => model.loss(TOKENS, TARGETS))).buffer)
        );
        return { loss: (await loss)[0], gradients: await on.read(gradients.buffer) };
      }));
      assertLess(Math.abs(actual.loss - expected.loss), 1e-5);
      assertLess(relativeError(actual.gradients, expected.gradients), 1e-5);
    });
  }

  Deno.test(`${name}: where most targets are ignored, loss and gradients are those of all logits`, async () => {
    const few = TARGETS.map((target, i) => i % 4 === 1 ? target : IGNORED);
    const run = async (loss: (model: Decoder) => Tensor) => {
      const model = build(device, { softcap: 3 });
      const { gradients } = model.parameters;
      const value = scope(() =>
        device.read(model.training(9, () => differentiate(() => loss(model))).buffer)
      );
      return { loss: (await value)[0], gradients: await device.read(gradients.buffer) };
    };
    const actual = await run((model) => model.loss(TOKENS, few));
    const expected = await run((model) => crossEntropy(model.logits(TOKENS), few));
    assertLess(Math.abs(actual.loss - expected.loss), 1e-6);
    assertLess(relativeError(actual.gradients, expected.gradients), 1e-5);
  });

  for (const change of [{}, ...ARCHITECTURES]) {
    Deno.test(`${name}: decoding with a cache gives the logits of the whole sequence at once, ${JSON.stringify(change)}`, async () => {
      const model = build(device, change);
      const { vocab } = CONFIG;
      const whole = await scope(() => device.read(model.logits(TOKENS).buffer));
      const cache = model.cache(2);
      const rows = (from: number, to: number) =>
        Uint32Array.from([0, 12].flatMap((row) => [...TOKENS.ids.subarray(row + from, row + to)]));
      for (const [from, to] of [[0, 5], [5, 6], [6, 7], [7, 12]]) {
        const tokens = { ids: rows(from, to), batch: 2, time: to - from };
        const part = await scope(() => device.read(model.logits(tokens, cache).buffer));
        for (const row of [0, 1]) {
          const expected = whole.subarray((row * 12 + from) * vocab, (row * 12 + to) * vocab);
          const actual = part.subarray(row * (to - from) * vocab, (row + 1) * (to - from) * vocab);
          assertLess(relativeError(actual, expected), 1e-5);
        }
      }
      assertEquals(cache.lengths[0], 12);
      model.releaseCache(cache);
    });
  }
}

Deno.test("a model that has no learned positions reads more than its context", async () => {
  const oracle = new OracleDevice();
  const time = 30, ids = Uint32Array.from({ length: time }, (_, i) => (i * 7 + 3) % 19);
  for (const change of [ARCHITECTURES[0], ARCHITECTURES[2], ARCHITECTURES[3]]) {
    const model = build(oracle, { ...change, dropout: 0 });
    const whole = await scope(() => oracle.read(model.logits({ ids, batch: 1, time }).buffer));
    const cache = model.cache(1, time);
    for (const [from, to] of [[0, 20], [20, 30]]) {
      const tokens = { ids: ids.slice(from, to), batch: 1, time: to - from };
      const part = await scope(() => oracle.read(model.logits(tokens, cache).buffer));
      assertLess(relativeError(part, whole.subarray(from * 19, to * 19)), 1e-5);
    }
  }
  assertThrows(() => scope(() => build(oracle).logits({ ids, batch: 1, time })), Error, "exceed the context");
});

Deno.test("with projections that start at zero, a model's blocks change nothing at first", async () => {
  const oracle = new OracleDevice();
  const hidden = (layers: number) => {
    const model = build(oracle, { layers, zeroInit: true });
    return scope(() => oracle.read(model.hidden(TOKENS).buffer));
  };
  assertEquals(await hidden(2), await hidden(1));
});
