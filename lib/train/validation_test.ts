import { assertAlmostEquals, assertEquals } from "@std/assert";
import { CpuDevice } from "../device/cpu.ts";
import { Decoder } from "../model/decoder.ts";
import { charTokenizer } from "../text/testing.ts";
import { type Tokenizer, vocabularyBuilder } from "../text/tokenizer.ts";
import { evaluateLoss } from "./validation.ts";
import { configOf } from "./measure.ts";

/** Predicts a text's tokens with a random model. */
async function predict(tokenizer: Tokenizer, text: string) {
  const device = await CpuDevice.open({ threads: 1 });
  const ids = tokenizer.encode(text), time = ids.length;
  const shape = { layers: 1, heads: 1, width: 8, context: time, batch: 1, vocab: tokenizer.size };
  const model = new Decoder(device, configOf(shape));
  model.initialize(1);
  const result = await evaluateLoss(model, [{ tokens: { ids, batch: 1, time }, targets: ids }], tokenizer);
  device.close();
  return { ...result, bits: result.loss * time / Math.LN2 };
}

Deno.test("bits are counted by the bytes and characters that tokens spell together", async () => {
  const builder = vocabularyBuilder("bpe");
  builder.add("la");
  const { bpb, bpc, bits, unknown } = await predict(
    builder.build({ minCount: 1, always: "", size: 262 }),
    "ñ🦙la",
  );
  assertAlmostEquals(bpb, bits / 8, 1e-9);
  assertAlmostEquals(bpc, bits / 4, 1e-9);
  assertEquals(unknown, 0);
});

Deno.test("the share of unknown tokens is told, as they make bits per byte flatter", async () => {
  const { unknown, bpc, bits } = await predict(charTokenizer("la"), "la ña");
  assertEquals(unknown, 2 / 5);
  assertAlmostEquals(bpc, bits / 5, 1e-9);
});
