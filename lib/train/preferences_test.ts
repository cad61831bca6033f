import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { CpuDevice } from "../device/cpu.ts";
import { type EncodedPreference, encodePreference, preferenceBatch } from "../data/preferences.ts";
import { Decoder } from "../model/decoder.ts";
import { deriveSeed, uniform } from "../tensor/random.ts";
import { charTokenizer } from "../text/testing.ts";
import { configOf } from "./measure.ts";
import { Optimizer } from "./optimizer.ts";
import { pairLogprobs, preferenceFigures, preferenceMicroBatch } from "./preferences.ts";
import { computeGradients, updateWeights } from "./step.ts";

const TOKENIZER = charTokenizer("abcdefgh ");
const { pad } = TOKENIZER.special;
const CONTEXT = 16;

/** Pairs in which the prompt is a letter: repeating the letter is chosen, another letter is rejected. */
function pairsFrom(first: number, n: number): EncodedPreference[] {
  const letter = (i: number, purpose: string) =>
    "abcdefgh"[Math.floor(uniform(deriveSeed(3, purpose), i) * 8)];
  return Array.from({ length: n }, (_, k) => {
    const i = first + k, right = letter(i, "right");
    const wrong = letter(i, "wrong") === right ? "abcdefgh".replace(right, "")[i % 7] : letter(i, "wrong");
    const pair = {
      past: [],
      instruction: `${letter(i, "x")} ${right}`,
      chosen: right + right,
      rejected: wrong + right,
    };
    return encodePreference(TOKENIZER, { ...pair, where: "" }, CONTEXT)!;
  });
}

Deno.test("a tiny model learns to prefer, on pairs that it never saw, by preference alone and with likelihood", async () => {
  const device = await CpuDevice.open({ threads: 1 });
  const learned = pairsFrom(0, 128), held = pairsFrom(1000, 64);
  for (const sft of [0, 1]) {
    const shape = { layers: 1, heads: 2, width: 32, context: CONTEXT, batch: 1, vocab: TOKENIZER.size };
    const model = new Decoder(device, configOf(shape));
    model.initialize(1);
    const passes = { batch: 20, pad };
    const [reference, heldReference] = [
      await pairLogprobs(model, learned, passes),
      await pairLogprobs(model, held, passes),
    ];
    const before = preferenceFigures(heldReference, heldReference, 0.1);
    assertEquals([before.accuracy, before.margin, before.chosen], [0, 0, 0]);
    assertAlmostEquals(before.loss, Math.LN2);
    const adamw = {
      algorithm: "adamw",
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-8,
      weightDecay: 0,
      clip: 1,
    } as const;
    const optimizer = new Optimizer(model.parameters, adamw);
    for (let step = 1; step <= 60; step++) {
      const rows = Array.from({ length: 16 }, (_, i) => (step * 16 + i) % learned.length);
      const batch = preferenceBatch(rows.map((i) => learned[i]), CONTEXT, pad);
      const own = Float32Array.from(rows.flatMap((i) => [...reference.subarray(2 * i, 2 * i + 2)]));
      computeGradients(
        optimizer,
        [preferenceMicroBatch(model, batch, { reference: own, beta: 0.1, sft })],
        step,
      );
      updateWeights(optimizer, step, 3e-3, 0);
      await device.read(model.parameters.weights.buffer);
    }
    const after = preferenceFigures(await pairLogprobs(model, held, passes), heldReference, 0.1);
    assert(after.accuracy > 0.9, `${sft}: ${JSON.stringify(after)}`);
    assert(after.likelier > 0.9 && after.margin > 0 && after.loss < before.loss, JSON.stringify(after));
    if (sft > 0) assert(after.chosen > 0, "chosen answers became less probable");
  }
  device.close();
});

Deno.test("log-probabilities of pairs do not depend on what else is in their batch, and who wants to stop need not wait", async () => {
  const device = await CpuDevice.open({ threads: 1 });
  const shape = { layers: 1, heads: 2, width: 16, context: CONTEXT, batch: 1, vocab: TOKENIZER.size };
  const model = new Decoder(device, configOf(shape));
  model.initialize(2);
  const long = { past: [], instruction: "a", chosen: "abcdefgh", rejected: "a", where: "" };
  const pairs = [...pairsFrom(0, 5), encodePreference(TOKENIZER, long, CONTEXT)!, ...pairsFrom(5, 2)];
  const together = await pairLogprobs(model, pairs, { batch: 8, pad });
  for (const [i, pair] of pairs.entries()) {
    const alone = await pairLogprobs(model, [pair], { batch: 1, pad });
    assertAlmostEquals(alone[0], together[2 * i], 1e-4);
    assertAlmostEquals(alone[1], together[2 * i + 1], 1e-4);
  }
  const stopped = await pairLogprobs(model, pairs, { batch: 1, pad, signal: AbortSignal.abort() });
  assertEquals(stopped, new Float32Array(2 * pairs.length));
  device.close();
});
