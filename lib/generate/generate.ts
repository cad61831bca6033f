/** Text from a model, token by token. */
import type { Decoder } from "../model/decoder.ts";
import { Batcher, type GenerateOptions } from "./batch.ts";

/**
 * Yields the tokens that follow `prompt`. Each position is computed once and kept in a cache; when the
 * context is full, its older half is forgotten and the newer half computed anew.
 */
export async function* generate(
  model: Decoder,
  prompt: Uint32Array,
  options: GenerateOptions,
): AsyncGenerator<number> {
  const batcher = new Batcher(model, { rows: 1, queue: 0 });
  try {
    for await (const { id } of batcher.generate(prompt, options)) yield id;
  } finally {
    await batcher.close();
  }
}
