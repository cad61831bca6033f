import { assert, assertEquals } from "@std/assert";
import { CpuDevice } from "../../device/cpu.ts";
import { modelConfig, type ModelOptions } from "../../model/config.ts";
import { Decoder } from "../../model/decoder.ts";
import { differentiate } from "../../ops/tape.ts";
import { scope } from "../../tensor/tensor.ts";
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

/** Ranks that note what is begun, and add nothing. */
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
      // Every float once, with the value that it has at the end.
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
