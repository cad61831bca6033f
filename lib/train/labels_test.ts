import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { encodeText, padded } from "../data/labelled.ts";
import { OracleDevice } from "../device/oracle.ts";
import { testDevices } from "../device/testing.ts";
import { attentionWeights } from "../model/attention_weights.ts";
import { Classifier, type HeadConfig, poolingWeights } from "../model/classifier.ts";
import { type ModelConfig, modelConfig } from "../model/config.ts";
import { Decoder, type Place } from "../model/decoder.ts";
import { attention } from "../ops/attention.ts";
import { relativeError } from "../ops/conformance.ts";
import { differentiate } from "../ops/tape.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { charTokenizer } from "../text/testing.ts";
import { pooledStates, probabilities, quality } from "./labels.ts";
import { naiveBayes } from "./naive_bayes.ts";
import { Optimizer } from "./optimizer.ts";

const CONFIG = modelConfig({ vocab: 19, context: 20, layers: 2, heads: 3, width: 21, hidden: 50 });
/** Options of models whose attention weights are inspected. */
const SHAPES: Readonly<Record<string, Partial<ModelConfig>>> = {
  "learned positions": {},
  "ALiBi and shared keys": { position: "alibi", heads: 6, kvHeads: 3, headWidth: 5 },
  "RoPE, QK-norm and shared keys": { position: "rope", heads: 4, kvHeads: 2, headWidth: 6, qkNorm: true },
};
const HEAD: HeadConfig = { labels: ["a", "b", "c"], pooling: "mean", norm: true, dropout: 0 };
const ROWS = [Uint32Array.of(2, 7, 8, 9), Uint32Array.of(2, 6, 10, 11, 12, 13, 14), Uint32Array.of(2, 18)];
const OPTIONS = {
  algorithm: "adamw" as const,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0.1,
  clip: 1,
};

Deno.test("pooling takes the last real token, or the mean of the real ones", () => {
  const tokens = padded([Uint32Array.of(5, 6), Uint32Array.of(7)], 3, 0);
  assertEquals([...poolingWeights(tokens, "last", 0)], [0, 1, 0, 1, 0, 0]);
  assertEquals([...poolingWeights(tokens, "mean", 0)], [0.5, 0.5, 0, 1, 0, 0]);
});

for (const { name, device } of await testDevices()) {
  for (const pooling of ["last", "mean"] as const) {
    Deno.test(`${name}: a classifier's loss and gradients are the oracle's, pooling ${pooling}`, async () => {
      const run = async (on: typeof device) => {
        const model = new Classifier(on, CONFIG, { ...HEAD, pooling }, 0);
        model.initialize(3);
        model.parameters.gradients;
        const targets = Uint32Array.of(0, 2, 1), weights = Float32Array.of(1, 2, 0.5);
        const loss = scope(() => differentiate(() => model.loss(padded(ROWS, 20, 0), targets, weights, 1)));
        return [await on.read(loss.buffer), await on.read(model.parameters.gradients.buffer)];
      };
      const [expectedLoss, expected] = await run(new OracleDevice());
      const [loss, gradients] = await run(device);
      assertAlmostEquals(loss[0], expectedLoss[0], 1e-5);
      assert(relativeError(gradients, expected) < 1e-4);
    });
  }

  Deno.test(`${name}: padding changes no probability, and texts together are as each alone`, async () => {
    const model = new Classifier(device, CONFIG, HEAD, 0);
    model.initialize(3);
    const together = await probabilities(model, await pooledStates(model, ROWS));
    for (const [i, row] of ROWS.entries()) {
      const [alone] = await probabilities(model, await pooledStates(model, [row]));
      alone.forEach((p, label) => assertAlmostEquals(p, together[i][label], 1e-5));
      assertAlmostEquals(alone.reduce((a, b) => a + b, 0), 1, 1e-5);
    }
  });

  Deno.test(`${name}: training changes what is not frozen, and nothing else`, async () => {
    for (const freeze of ["backbone", "none", 1] as const) {
      const model = new Classifier(device, CONFIG, HEAD, 0, { freeze });
      model.initialize(3);
      const read = async () =>
        model.parameters.split((await device.read(model.parameters.weights.buffer)).slice());
      const before = await read();
      const optimizer = new Optimizer(model.parameters, OPTIONS);
      scope(() => {
        optimizer.zeroGradients();
        scope(() =>
          differentiate(() => model.loss(padded(ROWS, 20, 0), Uint32Array.of(0, 2, 1), undefined, 1))
        );
        optimizer.step(1, 0.01);
      });
      const after = await read();
      for (const [parameter, values] of before) {
        const changed = values.some((value, i) => value !== after.get(parameter)![i]);
        const trained = parameter.startsWith("score") || freeze === "none" ||
          (freeze === 1 &&
            (parameter.startsWith("blocks.1.") || parameter.startsWith("norm.")));
        assertEquals(changed, trained, `${freeze}: ${parameter}`);
      }
    }
  });

  for (const [what, options] of Object.entries(SHAPES)) {
    Deno.test(`${name}: attention weights are those that the fused kernel uses, ${what}`, async () => {
      const model = new Decoder(device, modelConfig({ ...CONFIG, layers: 2, ...options }));
      model.initialize(4);
      const { heads, kvHeads, headWidth, position } = model.config;
      const ids = Uint32Array.of(2, 7, 8, 9, 3), time = ids.length;
      const weights = await attentionWeights(model, ids, 1, Array.from({ length: heads }, (_, h) => h));
      assertEquals(await attentionWeights(model, ids, 1, [heads - 1]), [weights[heads - 1]]);
      const [qkv, attended] = await scope(() => {
        const seen: Tensor[] = [];
        const look = (place: Place, layer: number, qkv: Tensor) => {
          if (place === "qkv" && layer === 1) {
            seen.push(qkv, attention(qkv, { heads, kvHeads, alibi: position === "alibi" }));
          }
        };
        model.observing(look, () => model.hidden({ ids, batch: 1, time }));
        return Promise.all(seen.map((tensor) => device.read(tensor.buffer)));
      });
      const packed = (heads + 2 * kvHeads) * headWidth;
      for (let row = 0; row < time; row++) {
        for (let c = 0; c < heads * headWidth; c++) {
          const head = Math.floor(c / headWidth), kvHead = Math.floor(head * kvHeads / heads);
          const value = (heads + kvHeads + kvHead) * headWidth + c % headWidth;
          let sum = 0;
          for (let s = 0; s < time; s++) sum += weights[head][row * time + s] * qkv[s * packed + value];
          assertAlmostEquals(sum, attended[row * heads * headWidth + c], 1e-5);
        }
        for (const head of weights) {
          const own = head.subarray(row * time, (row + 1) * time);
          assertAlmostEquals(own.reduce((a, b) => a + b, 0), 1, 1e-5);
          assert(own.every((w, column) => column > row ? w === 0 : w > 0));
        }
      }
    });
  }
}

Deno.test("naive Bayes counts words, and prefers the commoner label when it knows none", () => {
  const label = naiveBayes([
    { text: "El gato duerme", label: "animal" },
    { text: "El perro ladra", label: "animal" },
    { text: "El pan está caliente", label: "comida" },
  ]);
  assertEquals([label("un GATO"), label("pan"), label("avión")], ["animal", "comida", "animal"]);
});

Deno.test("quality: accuracy, precision, recall and F1 by hand", () => {
  const { accuracy, macro_f1, labels, confusion } = quality(["a", "b", "c"], ["a", "a", "b", "b"], [
    "a",
    "b",
    "b",
    "b",
  ]);
  assertEquals(accuracy, 0.75);
  assertEquals(confusion, [[1, 1, 0], [0, 2, 0], [0, 0, 0]]);
  assertEquals([labels.a.precision, labels.a.recall, labels.a.texts], [1, 0.5, 2]);
  assertAlmostEquals(labels.b.f1, 0.8);
  assertEquals([labels.c.precision, labels.c.recall, labels.c.f1], [0, 0, 0]);
  assertAlmostEquals(macro_f1, (2 / 3 + 0.8 + 0) / 3);
});

Deno.test("a text starts with <bos> and is cut to the context from the right", () => {
  assertEquals([...encodeText(charTokenizer("abc"), "abca", 4)], [2, 6, 7, 8]);
});
