/**
 * `model: auto`: rules that pick a size for a training time and a text. docs/pretraining.md says where they come from.
 */
import type { ModelConfig } from "../model/config.ts";

/** The options that are picked. */
export type Size = Pick<ModelConfig, "layers" | "heads" | "width">;

/** From the smallest to GPT-2's. Each has at most twice the parameters of the one before; the first few, triple. */
export const SIZES: readonly Size[] = [
  { layers: 2, heads: 1, width: 32 },
  { layers: 2, heads: 2, width: 64 },
  { layers: 3, heads: 3, width: 96 },
  { layers: 4, heads: 4, width: 128 },
  { layers: 5, heads: 5, width: 160 },
  { layers: 6, heads: 6, width: 192 },
  { layers: 6, heads: 8, width: 256 },
  { layers: 7, heads: 10, width: 320 },
  { layers: 8, heads: 6, width: 384 },
  { layers: 8, heads: 8, width: 512 },
  { layers: 10, heads: 10, width: 640 },
  { layers: 12, heads: 12, width: 768 },
];

/** The fewest tokens that a model must see per parameter: Hoffmann et al., arXiv:2203.15556. */
export const TOKENS_A_PARAMETER = 20;

/** The most parameters per token of the text: nanoGPT's shakespeare has 10.7 million for 1.0 million tokens. */
export const PARAMETERS_A_TOKEN = 10;

/** A larger size does at most this many times the operations per second of the size before it. */
const SPEEDUP = 1.5;

export interface SizeTask {
  /** Seconds of training. */
  readonly seconds: number;
  /** Tokens of the training text. */
  readonly textTokens: number;
  /** Parameters of a model of this size. */
  parameters(size: Size): number;
  /** Operations per token in training. */
  operations(size: Size): number;
  /** Measured tokens per second in training; null if the device cannot hold the model. */
  speed(size: Size): Promise<number | null>;
}

export interface PickedSize {
  readonly size: Size;
  readonly parameters: number;
  readonly tokensPerSecond: number;
  /** Whether the text, rather than the time, rules out a larger model. */
  readonly limitedByText: boolean;
}

/**
 * Picks the largest size that sees enough tokens per parameter in the time and is not too large for the text; if there
 * is none, the smallest. Does not measure a size that cannot be fast enough, judging by the speed of the one before.
 */
export async function pickSize(task: SizeTask, sizes = SIZES): Promise<PickedSize> {
  let picked: PickedSize | null = null, most = Infinity;
  for (const size of sizes) {
    const parameters = task.parameters(size);
    if (picked && parameters > PARAMETERS_A_TOKEN * task.textTokens) {
      return { ...picked, limitedByText: true };
    }
    const needed = TOKENS_A_PARAMETER * parameters / task.seconds; // tokens a second
    const operations = task.operations(size);
    if (picked && needed * operations > most) break;
    const speed = await task.speed(size);
    if (picked && (speed === null || speed < needed)) break;
    picked = { size, parameters, tokensPerSecond: speed ?? 0, limitedByText: false };
    most = SPEEDUP * operations * picked.tokensPerSecond;
    if (picked.tokensPerSecond < needed) break; // even the smallest is too slow, but something must be picked
  }
  return picked!;
}

/** Dropout for a text that is repeated: up to four epochs are nearly as good as fresh text (arXiv:2305.16264). */
export function dropoutFor(epochs: number): number {
  return epochs <= 4 ? 0 : epochs <= 16 ? 0.1 : 0.2;
}
