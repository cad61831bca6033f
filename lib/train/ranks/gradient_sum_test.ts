import { assert, assertEquals, assertRejects } from "@std/assert";
import { CpuDevice } from "../../device/cpu.ts";
import { testGpu } from "../../device/testing.ts";
import { modelConfig, type ModelOptions } from "../../model/config.ts";
import { Decoder } from "../../model/decoder.ts";
import { differentiate } from "../../ops/tape.ts";
import { scope } from "../../tensor/tensor.ts";
import { Optimizer } from "../optimizer.ts";
import { computeGradients, type Part } from "../step.ts";
import { OPTIONS } from "../testing.ts";
import { ALONE } from "../../ranks/alone.ts";
import { GradientSum } from "./gradient_sum.ts";
import type { Ranks } from "../../ranks/ranks.ts";

const SIZES = { layers: 3, heads: 2, width: 16, context: 8, vocab: 11 };
const TOKENS = { ids: Uint32Array.from({ length: 16 }, (_, i) => i % 11), batch: 2, time: 8 };
const KINDS: Readonly<Record<string, ModelOptions>> = {
  "GPT-2": { ...SIZES },
  "untied, with RoPE, SwiGLU and QK-norm": {
    ...{ ...SIZES, tied: false, position: "rope", mlp: "swiglu", norm: "rms", qkNorm: true, bias: false },
    hidden: 32,
  },
};

/** Ranks that record which sums begin, and add nothing up. */
function noting(gradients: () => Float32Array) {
  const begun: { at: number; values: Float32Array }[] = [];
  const ranks: Ranks = {
    ...ALONE,
    size: 2,
    beginSum(values) {
      begun.push({ at: values.byteOffset - gradients().byteOffset, values: values.slice() });
      return () => {};
    },
  };
  return { ranks, begun };
}

for (const [name, options] of Object.entries(KINDS)) {
  Deno.test(`sums begin while the backward pass goes on, of gradients that are complete: ${name}`, async () => {
    const cpu = await CpuDevice.open({ threads: 1 });
    const model = new Decoder(cpu, modelConfig(options));
    model.initialize(1);
    const { parameters } = model;
    const view = () => cpu.view(parameters.gradients.buffer)!;
    const { ranks, begun } = noting(view);
    const sum = new GradientSum(ranks, parameters, 2000);
    for (let step = 0; step < 2; step++) {
      begun.length = 0;
      view().fill(0);
      scope(() => differentiate(() => model.loss(TOKENS, TOKENS.ids), undefined, { complete: sum.complete }));
      const early = begun.length;
      await sum.finish({ tokens: 0, loss: () => Promise.resolve(0) });
      assert(early > 3, `${early} of ${begun.length} sums began before the end`);
      assertEquals(early, begun.length);
      // Every float is summed exactly once, with its final value.
      const all = new Float32Array(view().length).fill(NaN);
      for (const { at, values } of begun) {
        for (let i = 0; i < values.length; i++) {
          assert(Number.isNaN(all[at / 4 + i]), "a float is in two buckets");
          all[at / 4 + i] = values[i];
        }
      }
      assertEquals(all, Float32Array.from(view()));
    }
    cpu.close();
  });
}

const gpu = await testGpu();
if (gpu) {
  /** A model on the GPU, and its gradient sum with small buckets. */
  const setUp = (options: ModelOptions, ranks: Partial<Ranks>) => {
    const model = new Decoder(gpu, modelConfig(options));
    model.initialize(1);
    const { parameters } = model;
    const sum = new GradientSum({ ...ALONE, size: 2, ...ranks }, parameters, 2000);
    /** Queues a step's gradients. */
    const differ = (complete: typeof sum.complete = () => {}) => {
      gpu.write(parameters.gradients.buffer, new Float32Array(parameters.trainedEnd));
      return scope(() => {
        const loss = differentiate(() => model.loss(TOKENS, TOKENS.ids), undefined, { complete });
        return gpu.snapshot(loss.buffer);
      });
    };
    return { sum, differ, gradients: () => gpu.read(parameters.gradients.buffer) };
  };

  for (const [name, options] of Object.entries(KINDS)) {
    Deno.test(`webgpu: sums of complete gradients begin before the rest is handed over, and take their place: ${name}`, async () => {
      /** For each sum, in order: its values, and how often work had been submitted by then. */
      const begun: { values: Float32Array; submits: number }[] = [];
      const { sum, differ, gradients } = setUp(options, {
        async sumAside(values) {
          begun.push({ values: values.slice(), submits: gpu.submits });
          // The first sums take longest.
          await new Promise((resolve) => setTimeout(resolve, 60 - 5 * begun.length));
          values.forEach((value, i) => values[i] = 2 * value);
        },
      });
      differ();
      const expected = (await gradients()).map((value) => 2 * value);
      let steady = 0;
      for (let step = 0; step < 3; step++) {
        begun.length = 0;
        const loss = differ(sum.complete);
        const before = gpu.submits;
        const finished = await sum.finish({ tokens: 0, loss: async () => (await loss.data())[0] });
        const after = gpu.submits;
        assertEquals(await gradients(), expected);
        assert(await finished.loss() > 0);
        assert(begun.length > 3, `${begun.length} buckets`);
        // Two submits: the part that completes a bucket, with its copy, and the part after it.
        assertEquals(begun[0].submits - before, 2);
        assert(after - begun[0].submits > begun.length, `${after - begun[0].submits}`);
        assertEquals(begun.reduce((n, { values }) => n + values.length, 0), expected.length);
        if (step === 1) steady = gpu.created.staging;
      }
      assertEquals(gpu.created.staging, steady, "a step makes staging buffers");
    });
  }

  Deno.test("webgpu: micro-batches before the last are handed over before its first part", async () => {
    const model = new Decoder(gpu, modelConfig(SIZES));
    model.initialize(1);
    const optimizer = new Optimizer(model.parameters, OPTIONS.optimizer);
    const sum = new GradientSum({ ...ALONE, size: 2 }, model.parameters, 2000);
    const batch = { loss: () => model.loss(TOKENS, TOKENS.ids), targets: 16, tokens: 16 };
    const compute = (part: Partial<Part>) =>
      computeGradients(optimizer, [batch, batch], 1, { micros: [0, 1], targets: 32, ...part });
    const gradients = () => gpu.read(model.parameters.gradients.buffer);
    await compute({}).loss();
    const expected = await gradients();
    const before = gpu.submits;
    const own = compute({ complete: sum.complete });
    assertEquals(gpu.submits - before, 1);
    await sum.finish(own);
    assertEquals(await gradients(), expected);
  });

  Deno.test("webgpu: a sum that fails is the error of its step", async () => {
    let sums = 0;
    const { sum, differ } = setUp({ ...SIZES }, {
      sumAside: () => ++sums === 2 ? Promise.reject(new Error("MPI: the link is cut")) : Promise.resolve(),
    });
    const loss = differ(sum.complete);
    const finished = sum.finish({ tokens: 0, loss: async () => (await loss.data())[0] });
    await assertRejects(() => finished, Error, "MPI: the link is cut");
    assert(sums > 2);
  });
}
