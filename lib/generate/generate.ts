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

/** Yields the tokens that follow `prompt`; what exceeds the context is forgotten from the left. */
export async function* generate(
  model: GPT,
  prompt: Uint32Array,
  options: GenerateOptions,
): AsyncGenerator<number> {
  const { device } = model.parameters;
  const { context, vocab } = model.config;
  const seed = deriveSeed(options.seed, "generate");
  const ids = [...prompt];
  for (let n = 0; n < options.maxNewTokens; n++) {
    const window = Uint32Array.from(ids.slice(-context));
    const tokens = { ids: window, batch: 1, time: window.length };
    const logits = await scope(() => device.read(model.logits(tokens).buffer));
    const at = (window.length - 1) * vocab;
    const next = sampleToken(logits.subarray(at, at + vocab), options, uniform(seed, n));
    if (next === options.stop) return;
    ids.push(next);
    yield next;
  }
}
