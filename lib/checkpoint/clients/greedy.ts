/** Greedy decoding with our own decoder. */
import { Decoder } from "../../model/decoder.ts";
import { scope } from "../../tensor/tensor.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { indexOfLargest } from "../testing.ts";

/** Generates the most probable tokens after a prompt, as many as asked for, and never the end of the text. */
export async function greedy(
  decoder: Decoder,
  prompt: Uint32Array,
  { special }: Tokenizer,
  count: number,
): Promise<number[]> {
  const { device } = decoder.parameters;
  const cache = decoder.cache(1), chosen: number[] = [];
  for (let ids = prompt; chosen.length < count; ids = Uint32Array.of(chosen.at(-1)!)) {
    const all = await scope(() =>
      device.read(decoder.logits({ ids, batch: 1, time: ids.length }, cache).buffer)
    );
    const logits = all.slice(-decoder.config.vocab);
    logits[special.eos] = -Infinity;
    chosen.push(indexOfLargest(logits));
  }
  decoder.releaseCache(cache);
  return chosen;
}
