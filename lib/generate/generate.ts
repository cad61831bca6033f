/** Text from a model, token by token. */
import type { GPT } from "../nn/gpt.ts";
import { deriveSeed, uniform } from "../tensor/random.ts";
import { scope } from "../tensor/tensor.ts";
import { sampleToken, type Sampling } from "./sample.ts";

export interface GenerateOptions extends Sampling {
  readonly maxNewTokens: number;
  readonly seed: number;
  /** Ends the text; it is not yielded. */
  readonly stop: number;
}

/**
 * Yields the tokens that follow `prompt`. Each position is computed once and kept in a cache; when the
 * context is full, its older half is forgotten and the newer half computed anew.
 */
export async function* generate(
  model: GPT,
  prompt: Uint32Array,
  options: GenerateOptions,
): AsyncGenerator<number> {
  const { device } = model.parameters;
  const { context, vocab } = model.config;
  const seed = deriveSeed(options.seed, "generate");
  const cache = model.cache(1);
  let pending = [...prompt.slice(-context)]; // tokens that the cache does not hold yet
  const recent = [...pending];
  try {
    for (let n = 0; n < options.maxNewTokens; n++) {
      if (cache.length + pending.length > context) {
        cache.length = 0;
        pending = recent.slice(-Math.ceil(context / 2));
      }
      const tokens = { ids: Uint32Array.from(pending), batch: 1, time: pending.length };
      const logits = await scope(() => device.read(model.logits(tokens, cache).buffer));
      const next = sampleToken(logits.subarray((tokens.time - 1) * vocab), options, uniform(seed, n));
      if (next === options.stop) return;
      pending = [next];
      recent.push(next);
      if (recent.length > 2 * context) recent.splice(0, context);
      yield next;
    }
  } finally {
    model.releaseCache(cache);
  }
}
