/** Loss on held-out text. */
import type { Batch } from "../data/batches.ts";
import type { GPT } from "../nn/gpt.ts";
import { IGNORED } from "../ops/cross_entropy.ts";
import { scope } from "../tensor/tensor.ts";
import { SPECIAL_TOKENS } from "../text/special.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/**
 * Mean cross-entropy in nats per token, its exponential, and bits per character: all nats, divided by
 * ln 2 and by the characters that the targets spell. Special tokens cost nats but are no characters.
 */
export async function evaluateLoss(
  model: GPT,
  batches: readonly Batch[],
  tokenizer: Tokenizer,
): Promise<{ loss: number; perplexity: number; bpc: number }> {
  const { device } = model.parameters;
  let nats = 0, targets = 0, characters = 0;
  for (const batch of batches) {
    const loss = await scope(() => device.read(model.loss(batch.tokens, batch.targets).buffer));
    const counted = batch.targets.filter((t) => t !== IGNORED);
    nats += loss[0] * counted.length;
    targets += counted.length;
    characters += tokenizer.kind === "char"
      ? counted.filter((t) => t >= SPECIAL_TOKENS.length || t === 1).length
      : [...tokenizer.decode(counted)].length;
  }
  const loss = nats / targets;
  return { loss, perplexity: Math.exp(loss), bpc: nats / Math.LN2 / Math.max(1, characters) };
}

/** What guessing by frequency alone costs, in nats per token: the entropy of the stream's tokens. */
export function unigramEntropy(stream: Uint32Array): number {
  const counts = new Map<number, number>();
  for (const id of stream) counts.set(id, (counts.get(id) ?? 0) + 1);
  let entropy = 0;
  for (const n of counts.values()) entropy -= n / stream.length * Math.log(n / stream.length);
  return entropy;
}
