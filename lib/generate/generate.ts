/** Generates text from a model, token by token. */
import type { Decoder } from "../model/decoder.ts";
import { Batcher, type FinishReason, type GenerateOptions } from "./batch.ts";

/**
 * Yields the tokens that follow `prompt`. Each position is computed once and kept in a cache. When the context is full,
 * its older half is forgotten and the newer half computed again.
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

export interface Generated {
  readonly ids: number[];
  readonly reason: FinishReason;
}

/** Sequences that are generated at the same time. */
const ROWS = 8;

/**
 * Continues every prompt, several at a time. Returns the continuations in the prompts' order.
 * @param onProgress called after each prompt, with how many are done
 */
export async function generateAll(
  model: Decoder,
  prompts: readonly (readonly [prompt: Uint32Array, options: GenerateOptions])[],
  onProgress: (done: number) => void,
): Promise<Generated[]> {
  const batcher = new Batcher(model, { rows: ROWS, queue: prompts.length });
  let done = 0;
  try {
    return await Promise.all(prompts.map(async ([prompt, options]) => {
      const tokens = batcher.generate(prompt, options);
      const ids: number[] = [];
      let next = await tokens.next();
      for (; !next.done; next = await tokens.next()) ids.push(next.value.id);
      onProgress(++done);
      return { ids, reason: next.value };
    }));
  } finally {
    await batcher.close();
  }
}
