import { assertEquals } from "@std/assert";
import { CpuDevice } from "../device/cpu.ts";
import { GPT } from "../nn/gpt.ts";
import { scope } from "../tensor/tensor.ts";
import { generate } from "./generate.ts";
import { sampleToken } from "./sample.ts";

const device = await CpuDevice.open({ threads: 1 });
const model = new GPT(device, {
  vocab: 11,
  context: 8,
  layers: 1,
  heads: 2,
  width: 16,
  hidden: 32,
  dropout: 0,
  bias: true,
  tied: true,
});
model.initialize(3);
const NEVER = 99;

async function collect(
  prompt: number[],
  options: Partial<Parameters<typeof generate>[2]> = {},
): Promise<number[]> {
  const all = { maxNewTokens: 30, temperature: 1, topK: 0, seed: 1, stop: NEVER, ...options };
  return await Array.fromAsync(generate(model, Uint32Array.from(prompt), all));
}

Deno.test("greedy decoding with a cache takes the tokens that whole passes would take", async () => {
  const made = await collect([1, 2], { maxNewTokens: 6, temperature: 0 });
  const ids = [1, 2];
  for (const token of made) {
    const tokens = { ids: Uint32Array.from(ids), batch: 1, time: ids.length };
    const logits = await scope(() => device.read(model.logits(tokens).buffer));
    const last = logits.subarray((ids.length - 1) * 11);
    assertEquals(token, last.indexOf(Math.max(...last)));
    ids.push(token);
  }
});

Deno.test("generation goes on past the context, and a long prompt is cut from the left", async () => {
  assertEquals((await collect([1])).length, 30);
  assertEquals((await collect(Array.from({ length: 40 }, (_, i) => i % 11))).length, 30);
});

Deno.test("the seed decides the text, and the stop token ends it", async () => {
  const once = await collect([1]);
  assertEquals(await collect([1]), once);
  assertEquals(JSON.stringify(await collect([1], { seed: 2 })) === JSON.stringify(once), false);
  const stop = once[5];
  assertEquals(await collect([1], { stop }), once.slice(0, once.indexOf(stop)));
});

Deno.test("sampling keeps to the k most probable tokens, and follows the draw", () => {
  const logits = Float32Array.of(0, 2, 1, -1);
  assertEquals(sampleToken(logits, { temperature: 0, topK: 0 }, 0.99), 1);
  assertEquals([0, 0.5, 0.8, 0.999].map((draw) => sampleToken(logits, { temperature: 1, topK: 2 }, draw)), [
    1,
    1,
    2,
    2,
  ]);
  assertEquals(sampleToken(logits, { temperature: 1, topK: 0 }, 0.999), 3);
});
