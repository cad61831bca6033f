/**
 * `model: auto`: a size for a time and a text, by rules. docs/pretraining.md says where they come from.
 */
import type { ModelConfig } from "../model/config.ts";

/** What is picked. */
export type Size = Pick<ModelConfig, "layers" | "heads" | "width">;

/** From the smallest to GPT-2's; each has up to twice the parameters of the one before, or up to three times at first. */
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

/** Tokens that a model sees for each of its parameters, at least: Hoffmann et al., arXiv:2203.15556. */
export const TOKENS_A_PARAMETER = 20;

/** Parameters for each token of the text, at most: nanoGPT's shakespeare has 10.7 million for 1.0 million. */
export const PARAMETERS_A_TOKEN = 10;

/** A larger size's operations a second are at most so many times those of the size before it. */
const SPEEDUP = 1.5;

export interface SizeTask {
  /** Seconds of training. */
  readonly seconds: number;
  /** Tokens of the training text. */
  readonly textTokens: number;
  /** Parameters of a model of that size. */
  parameters(size: Size): number;
  /** Operations of training for each token. */
  operations(size: Size): number;
  /** Tokens a second in training, as measured; null if the device cannot hold it. */
  speed(size: Size): Promise<number | null>;
}

export interface PickedSize {
  readonly size: Size;
  readonly parameters: number;
  readonly tokensPerSecond: number;
  /** Whether the text, rather than the time, keeps it from being larger. */
  readonly limitedByText: boolean;
}

/**
 * The largest size that sees enough tokens for its parameters in that time, and has not too many for the text; the
 * smallest if none does. Sizes that cannot be fast enough, judging by the one before, are not measured.
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
    if (picked.tokensPerSecond < needed) break; // the smallest one, which must do
  }
  return picked!;
}

/** Dropout by how often the text is repeated: up to four times is nearly as good as fresh text (arXiv:2305.16264). */
export function dropoutFor(epochs: number): number {
  return epochs <= 4 ? 0 : epochs <= 16 ? 0.1 : 0.2;
}
