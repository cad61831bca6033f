/** Small models with random weights: every family, and options that no family has. */
import { type ModelConfig, modelConfig } from "../model/config.ts";
import { LLAMA_OPTIONS } from "../model/families/llama.ts";
import { qwen3 } from "../model/families/qwen3.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import { deriveSeed, normals } from "../tensor/random.ts";

const sizes = { vocab: 61, context: 64, layers: 2, heads: 4, width: 24 };

/** Models by what they test. */
export const MODELS: Readonly<Record<string, ModelConfig>> = {
  "gpt2": modelConfig(sizes),
  "gpt2, untied and without biases": modelConfig({ ...sizes, bias: false, tied: false, hidden: 30 }),
  "llama": modelConfig({ ...sizes, ...LLAMA_OPTIONS, bias: true }),
  "llama, grouped queries": modelConfig({ ...sizes, ...LLAMA_OPTIONS, kvHeads: 2, headWidth: 10 }),
  "qwen3": modelConfig({ ...sizes, ...qwen3.options, kvHeads: 1, headWidth: 8, ropeTheta: 1e6 }),
  "no family: alibi, relu2, softcap": modelConfig({
    ...{ ...sizes, position: "alibi", mlp: "relu2", softcap: 20, kvHeads: 2 },
  }),
  "no family: no positions, qk-norm": modelConfig({
    ...{ ...sizes, position: "none", norm: "rms", mlp: "swiglu", qkNorm: true },
  }),
};

/** Weights large enough for every part of a model to matter and for its probabilities to differ. */
export function valuesOf({ name, shape, role, fill }: ParameterSpec): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  const noise = normals(deriveSeed(1, name), size, role === "vector" ? 0.1 : 0.3);
  return noise.map((x) => x + (fill ?? 0));
}

/** Ids of the first tokens of a sequence. */
export const promptOf = ({ vocab }: ModelConfig, count: number) =>
  Uint32Array.from({ length: count }, (_, i) => (i * 17 + 5) % vocab);

/** The largest absolute difference between two lists of the same length. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} numbers beside ${b.length}`);
  return Array.from(a, (x, i) => Math.abs(x - b[i])).reduce((x, y) => Math.max(x, y), 0);
}

/** The index of the largest number. */
export function indexOfLargest(numbers: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < numbers.length; i++) if (numbers[i] > numbers[best]) best = i;
  return best;
}
