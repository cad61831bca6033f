import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { CpuDevice } from "../device/cpu.ts";
import { modelConfig } from "../model/config.ts";
import { Decoder } from "../model/decoder.ts";
import { uniform } from "../tensor/random.ts";
import { scope } from "../tensor/tensor.ts";
import { generate } from "./generate.ts";
import { Penalizer, type Penalties } from "./penalties.ts";

const VOCAB = 11;

/** The formulas, applied token by token: OpenAI's for presence and frequency, Hugging Face's for repetition. */
function reference(logits: number[], prompt: number[], answer: number[], options: Penalties): number[] {
  return logits.map((logit, id) => {
    const count = answer.filter((other) => other === id).length;
    const repetition = options.repetitionPenalty ?? 1;
    let changed = logit;
    if (count > 0 || prompt.includes(id)) changed = logit < 0 ? logit * repetition : logit / repetition;
    changed -= count * (options.frequencyPenalty ?? 0) + Number(count > 0) * (options.presencePenalty ?? 0);
    return changed + (options.logitBias?.get(id) ?? 0);
  });
}

const CASES: Penalties[] = [
  { presencePenalty: 0.7 },
  { frequencyPenalty: -0.4 },
  { repetitionPenalty: 1.3 },
  { logitBias: new Map([[2, -100], [9, 1.5]]) },
  { presencePenalty: 1, frequencyPenalty: 0.5, repetitionPenalty: 0.8, logitBias: new Map([[3, 2]]) },
];

Deno.test("logits are changed as the definitions say, and the model's own are left alone", () => {
  const prompt = [1, 2, 2, 5], answer = [2, 3, 3, 3, 7];
  const logits = Float32Array.from({ length: VOCAB }, (_, id) => 6 * uniform(1, id) - 3);
  for (const options of CASES) {
    const penalizer = Penalizer.of(prompt, options)!;
    answer.forEach((id) => penalizer.add(id));
    const before = logits.slice();
    const changed = penalizer.applied(logits);
    assertEquals(logits, before);
    reference([...logits], prompt, answer, options).forEach((expected, id) => {
      assertAlmostEquals(changed[id], expected, 1e-5, `token ${id} with ${JSON.stringify(options)}`);
    });
  }
});

Deno.test("penalties that change nothing cost nothing", () => {
  assertEquals(Penalizer.of([1], {}), null);
  const neutral = { presencePenalty: 0, frequencyPenalty: 0, repetitionPenalty: 1, logitBias: new Map() };
  assertEquals(Penalizer.of([1], neutral), null);
});

const device = await CpuDevice.open({ threads: 1 });
const config = modelConfig({ vocab: VOCAB, context: 16, layers: 1, heads: 2, width: 16, hidden: 32 });
const model = new Decoder(device, config);
model.initialize(3);

Deno.test("greedy decoding with penalties takes the tokens of the reference", async () => {
  const prompt = [1, 2, 2];
  for (const options of CASES) {
    const settings = { maxNewTokens: 10, temperature: 0, topK: 0, seed: 1, stop: 99, ...options };
    const made = await Array.fromAsync(generate(model, Uint32Array.from(prompt), settings));
    const answer: number[] = [];
    for (const token of made) {
      const ids = [...prompt, ...answer];
      const tokens = { ids: Uint32Array.from(ids), batch: 1, time: ids.length };
      const all = await scope(() => device.read(model.logits(tokens).buffer));
      const logits = reference([...all.subarray((ids.length - 1) * VOCAB)], prompt, answer, options);
      assertEquals(token, logits.indexOf(Math.max(...logits)), JSON.stringify(options));
      answer.push(token);
    }
  }
});

Deno.test("a bias of -100 bans a token, and one of 100 forces it", async () => {
  const settings = { maxNewTokens: 40, temperature: 1, topK: 0, seed: 1, stop: 99 };
  const make = async (logitBias: Map<number, number>) =>
    await Array.fromAsync(generate(model, Uint32Array.of(1), { ...settings, logitBias }));
  const free = await make(new Map());
  assert(free.includes(4));
  assert(!(await make(new Map([[4, -100]]))).includes(4));
  assertEquals(new Set(await make(new Map([[4, 100]]))), new Set([4]));
});
