/** What is shown from inside, on every device, against the oracle, which computes it another way. */
import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { OracleDevice } from "../device/oracle.ts";
import { testDevices } from "../device/testing.ts";
import { attentionWeights } from "../model/attention_weights.ts";
import { type ModelConfig, modelConfig } from "../model/config.ts";
import { type Ablation, Decoder, initialValues, type Observer } from "../model/decoder.ts";
import { relativeError } from "../ops/conformance.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import { scope } from "../tensor/tensor.ts";
import { charTokenizer } from "../text/testing.ts";
import { effectsOf, writeAblated } from "./ablation.ts";
import {
  attentionPicture,
  everyHeadsScores,
  headPictures,
  headScores,
  mainScore,
  testSequence,
  uniformScores,
} from "./heads.ts";
import { logitLens } from "./lens.ts";
import { forwardPass } from "./walk.ts";

const CONFIG = modelConfig({ vocab: 23, context: 80, layers: 3, heads: 4, width: 24, hidden: 40 });
const SHAPES: Record<string, Partial<ModelConfig>> = {
  "gpt2": {},
  "llama": {
    position: "rope",
    norm: "rms",
    mlp: "swiglu",
    bias: false,
    tied: false,
    kvHeads: 2,
    headWidth: 10,
  },
  "qwen3": {
    position: "rope",
    norm: "rms",
    mlp: "swiglu",
    bias: false,
    qkNorm: true,
    kvHeads: 2,
    softcap: 3,
  },
  "alibi": { position: "alibi", mlp: "relu2", kvHeads: 1 },
};
/** More positions than one pass of the lens's head. */
const IDS = Uint32Array.from({ length: 70 }, (_, i) => (i * 7 + (i % 3)) % 23);
const TIME = IDS.length;
const TOKENS = { ids: IDS, batch: 1, time: TIME };

/** Larger than the usual start, so that layers change answers. */
function values(spec: ParameterSpec): Float32Array {
  // A model's projections start the smaller, the more layers it has; here shallow ones are parts of deeper ones.
  const start = initialValues({ ...spec, deviation: 0.02 }, 5);
  return spec.role === "vector" ? start.map((x, i) => x + 0.1 * Math.sin(i)) : start.map((x) => 8 * x);
}

function build(device: ConstructorParameters<typeof Decoder>[0], config: ModelConfig): Decoder {
  const model = new Decoder(device, config);
  model.load(values);
  return model;
}

function softmax(logits: Float32Array): Float64Array {
  const top = Math.max(...logits);
  const weights = Float64Array.from(logits, (x) => Math.exp(x - top));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((w) => w / sum);
}

const none: Ablation = { heads: [], mlps: [] };
const off: Ablation = {
  heads: [{ layer: 0, head: 1 }, { layer: 2, head: 0 }, { layer: 2, head: 3 }],
  mlps: [1],
};

for (const { name, device } of [{ name: "oracle", device: new OracleDevice() }, ...await testDevices()]) {
  for (const [what, options] of Object.entries(SHAPES)) {
    const config = modelConfig({ ...CONFIG, headWidth: 6, ...options });
    const { vocab, layers, heads, headWidth } = config;

    Deno.test(`${name}: the lens reads what a model of so many layers would say, ${what}`, async () => {
      const oracle = new OracleDevice();
      const { cells, appears } = await logitLens(build(device, config), IDS, 3);
      assertEquals([cells.length, cells[0].length], [layers + 1, TIME]);
      const probabilities: Float64Array[][] = [];
      for (let depth = 0; depth <= layers; depth++) {
        // A model has at least one layer; one whose layers add nothing says what its embedding says.
        const shallow = depth > 0 ? build(oracle, { ...config, layers: depth }) : new Decoder(oracle, config);
        if (depth === 0) {
          const adds = /attention\.out|mlp\.down/;
          shallow.load((spec) => adds.test(spec.name) ? values(spec).map(() => 0) : values(spec));
        }
        const logits = await scope(() => oracle.read(shallow.logits(TOKENS).buffer));
        probabilities[depth] = Array.from(
          IDS,
          (_, t) => softmax(logits.subarray(t * vocab, (t + 1) * vocab)),
        );
      }
      let changes = 0;
      for (let depth = 0; depth <= layers; depth++) {
        for (const [t, { top, answer }] of cells[depth].entries()) {
          const expected = probabilities[depth][t];
          for (const { id, logprob } of [...top, answer]) {
            assertAlmostEquals(Math.exp(logprob), expected[id], 1e-4);
          }
          const best = [...expected].sort((a, b) => b - a).slice(0, 3);
          top.forEach(({ id }, i) => assertAlmostEquals(expected[id], best[i], 1e-4));
          assertEquals(answer.id, cells[layers][t].top[0].id);
          if (depth < layers && top[0].id !== answer.id) changes++;
        }
      }
      assert(changes > 20, `${changes} cells differ from the answer`);
      appears.forEach((depth, t) => {
        assert(cells.slice(depth).every((row) => row[t].top[0].id === row[t].answer.id));
        if (depth > 0) assert(cells[depth - 1][t].top[0].id !== cells[layers][t].top[0].id);
      });
    });

    Deno.test(`${name}: what is switched off adds what zero weights add, ${what}`, async () => {
      const oracle = new OracleDevice();
      /** The oracle's model with zero weights in place of some parts. */
      const without = (off: Ablation) => {
        const model = new Decoder(oracle, config);
        model.load((spec) => {
          const own = values(spec).slice();
          for (const { layer, head } of off.heads) {
            const rows = headWidth * config.width;
            if (spec.name === `blocks.${layer}.attention.out.weight`) {
              own.fill(0, head * rows, (head + 1) * rows);
            }
          }
          for (const layer of off.mlps) if (spec.name.startsWith(`blocks.${layer}.mlp.down`)) own.fill(0);
          return own;
        });
        return model;
      };
      const zeroed = (off: Ablation) => scope(() => oracle.read(without(off).logits(TOKENS).buffer));
      const expected = await zeroed(off);
      const model = build(device, config);
      const logits = (ablation: Ablation) =>
        scope(() => device.read(model.ablating(ablation, () => model.logits(TOKENS)).buffer));
      assertLess(relativeError(await logits(off), expected), 1e-5);
      const whole = await scope(() => device.read(model.logits(TOKENS).buffer));
      assertEquals(await logits(none), whole);
      assert(relativeError(whole, expected) > 0.01);

      // What each part alone does to the next token.
      const effects = await effectsOf(model, IDS, async (compute) => await compute());
      const logprob = async (off: Ablation) =>
        Math.log(softmax((await zeroed(off)).subarray(-vocab))[effects.token.id]);
      const own = await logprob(none);
      assertAlmostEquals(effects.token.logprob, own, 1e-4);
      for (const [layer, head] of [[0, 1], [2, 3]]) {
        const effect = await logprob({ heads: [{ layer, head }], mlps: [] }) - own;
        assertAlmostEquals(effects.heads[layer][head], effect, 1e-4);
        assert(Math.abs(effect) > 1e-3, `head ${head} of layer ${layer} does nothing`);
      }
      assertAlmostEquals(effects.mlps[1], await logprob({ heads: [], mlps: [1] }) - own, 1e-4);

      // Written with a cache, token by token, it is the same model.
      const prompt = IDS.slice(0, 9);
      const options = { ablation: off, maxNewTokens: 6, stop: 99, alternatives: 4 };
      const written = await Array.fromAsync(writeAblated(model, prompt, options));
      const ids = [...prompt], reference = without(off);
      for (const { id, top } of written) {
        const tokens = { ids: Uint32Array.from(ids), batch: 1, time: ids.length };
        const row = await scope(() => oracle.read(reference.logitsAt([ids.length - 1], tokens).buffer));
        const probabilities = softmax(row);
        assertAlmostEquals(probabilities[id], Math.max(...probabilities), 1e-4);
        for (const one of top) assertAlmostEquals(Math.exp(one.logprob), probabilities[one.id], 1e-4);
        ids.push(id);
      }
      assertEquals([written.length, written[0].top.length], [6, 4]);
    });

    Deno.test(`${name}: the numbers of a pass are the oracle's, and add up, ${what}`, async () => {
      const oracle = new OracleDevice();
      const position = 40, layer = 1, head = 3;
      const model = build(device, config);
      const walk = await forwardPass(model, IDS, { position, layer, head });
      const reference = build(oracle, config);
      const expected = await scope(() => oracle.read(reference.logits(TOKENS).buffer));
      const row = expected.subarray(position * vocab, (position + 1) * vocab);
      assertLess(relativeError(walk.logits, row), 1e-5);
      const same = (actual: Float32Array, wanted: ArrayLike<number>) =>
        assertLess(relativeError(actual, Float32Array.from(wanted)), 1e-5);
      const [weights] = await attentionWeights(reference, IDS, layer, [head]);
      same(walk.weights, weights.subarray(position * TIME, position * TIME + position + 1));
      same(
        walk.mixture,
        walk.mixture.map((_, d) => walk.weights.reduce((sum, w, s) => sum + w * walk.values[s][d], 0)),
      );
      same(walk.leaves, walk.residual.map((x, c) => x + walk.attention[c] + walk.mlp[c]));
      // The MLP's last product by hand, from the activations.
      const down = values(
        reference.parameters.specs.find((s) => s.name === `blocks.${layer}.mlp.down.weight`)!,
      );
      const bias = reference.parameters.specs.find((s) => s.name === `blocks.${layer}.mlp.down.bias`);
      same(
        walk.mlp,
        walk.mlp.map((_, c) =>
          walk.activated.reduce(
            (sum, a, f) => sum + a * down[f * config.width + c],
            bias ? values(bias)[c] : 0,
          )
        ),
      );
      assertEquals(walk.lengths.length, layers + 1);
      assertEquals(walk.keys.length, position + 1);
    });

    Deno.test(`${name}: pictures and scores are of the weights, ${what}`, async () => {
      const model = build(device, config);
      const views = await headPictures(model, IDS);
      const scores = await everyHeadsScores(model, IDS);
      assertEquals(views.map(({ layer, head }) => layer * heads + head), [...views.keys()]);
      assertEquals([views.length, scores.length], [layers * heads, layers * heads]);
      const [weights] = await attentionWeights(model, IDS, 1, [2]);
      const at = heads + 2;
      assertEquals(views[at].bytes, attentionPicture(weights, TIME).bytes);
      let previous = 0;
      for (let t = 1; t < TIME; t++) previous += weights[t * TIME + t - 1] / (TIME - 1);
      assertAlmostEquals(scores[at].previous!, previous, 1e-5);
    });
  }
}

Deno.test("a watched pass gives what an unwatched one gives, and passes through every place", async () => {
  const [{ device }] = await testDevices();
  const model = build(device, CONFIG);
  const seen: string[] = [];
  const look: Observer = (place, layer) => seen.push(`${place} ${layer}`);
  const plain = await scope(() => device.read(model.hidden(TOKENS).buffer));
  const watched = await scope(() => device.read(model.observing(look, () => model.hidden(TOKENS)).buffer));
  assertEquals(watched, plain);
  assertEquals(seen.length, 3 * 7 + 4);
  await scope(() => device.read(model.hidden(TOKENS).buffer));
  assertEquals(seen.length, 25);
});

Deno.test("each score is 1 for the head that does just this, and null where the text has no such place", () => {
  const ids = Uint32Array.of(9, 1, 2, 3, 1, 2, 3);
  const head = (looksAt: (t: number) => number) => headScores(ids, (t, s) => s === looksAt(t) ? 1 : 0);
  assertEquals(head((t) => Math.max(0, t - 1)).previous, 1);
  assertEquals(head(() => 0).first, 1);
  assertEquals(head((t) => t > 3 ? t - 3 : t), { previous: 0, first: 0, same: 1, induction: 0 });
  assertEquals(head((t) => t > 3 ? t - 2 : t), { previous: 0, first: 0, same: 0, induction: 1 });
  const uniform = uniformScores(ids);
  assertAlmostEquals(uniform.first!, (1 / 2 + 1 / 3 + 1 / 4 + 1 / 5 + 1 / 6 + 1 / 7) / 6);
  assertEquals(mainScore(head((t) => t > 3 ? t - 2 : t), uniform), "induction");
  assertEquals(mainScore(uniform, uniform), null);
  const once = Uint32Array.of(1, 2, 3);
  assertEquals([uniformScores(once).same, uniformScores(once).induction], [null, null]);
});

Deno.test("the test text comes twice after <bos>, and fits the context", () => {
  const tokenizer = charTokenizer("abcdefghijklmnopqrstuvwxyzáéíóúñ,. ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  for (const context of [1, 2, 12, 13, 64, 512]) {
    const ids = testSequence(tokenizer, context);
    assert(ids.length <= context);
    assertEquals(ids[0], tokenizer.special.bos);
    if (context > 2) assertEquals(ids.slice(1, 1 + ids.length / 2), ids.slice(1 + ids.length / 2));
  }
});

Deno.test("a picture has at most 64 rows, each scaled by its largest weight", () => {
  const time = 200, weights = new Float32Array(time * time);
  for (let t = 0; t < time; t++) for (let s = 0; s <= t; s++) weights[t * time + s] = 1 / (t + 1);
  const { side, bytes } = attentionPicture(weights, time);
  assertEquals([side, bytes.length], [64, 64 * 64]);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) assertEquals(bytes[y * side + x], x <= y ? 255 : 0);
  }
});
