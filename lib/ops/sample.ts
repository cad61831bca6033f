/** Chooses the next token from logits, on the device that holds them. */
import { type Floats, kernel } from "../device/device.ts";
import type { Tensor } from "../tensor/tensor.ts";
import wgsl from "../../kernels/sample.wgsl" with { type: "text" };

export interface Sampling {
  /** 0 always takes the most probable token. */
  readonly temperature: number;
  /** Only the k most probable tokens are drawn from; 0 for all. */
  readonly topK: number;
  /** Only the most probable tokens that together reach this probability are drawn from; 1, the default, for all. */
  readonly topP?: number;
}

/** The value of `chosen` if a logit is not finite, so that no token can be chosen. */
const NONE = -1;

export const sampleKernel = kernel({
  name: "sample",
  params: { rows: "u32", vocab: "u32", step: "u32" },
  bindings: ["f32 in", "f32 in", "u32 inout", "f32 inout"],
  wgsl,
  constants: { NONE },
  workgroups: ({ rows }) => [rows],
  // No Wasm version: the logits are read once per token, which takes no longer in TypeScript.
  reference([logits, settings, next, chosen], { rows, vocab, step }) {
    for (let row = 0; row < rows; row++) {
      const [temperature, topK, topP, draw] = settings.subarray(4 * (step * rows + row));
      const own = logits.subarray(row * vocab, (row + 1) * vocab);
      next[row] = sampleToken(own, { temperature, topK, topP }, draw);
      chosen[step * rows + row] = allFinite(own) ? next[row] : NONE;
    }
  },
});

/** How a row's token is drawn. */
export interface Draw extends Sampling {
  /** Uniform in [0, 1). */
  readonly draw: number;
}

/** The settings of all steps' draws, step by step, as `sample` takes them. */
export function samplingSettings(draws: readonly Draw[]): Float32Array {
  // The largest float32 below 1, as rounding may reach 1.
  const below = (draw: number) => Math.min(Math.fround(draw), 1 - 2 ** -24);
  return Float32Array.from(draws.flatMap(({ temperature, topK, topP = 1, draw }) => {
    return [temperature, topK, topP, below(draw)];
  }));
}

/**
 * Draws a token for each row.
 * @param logits (B, V), or (B, 1, V)
 * @param settings (steps, B, 4), from `samplingSettings`
 * @param next (B): the tokens are written here, as ids
 * @param chosen (steps, B): they are also written to its row `step`, as float32, which can be read back; a number
 *   below 0 means that no token could be chosen, because a logit is not finite
 */
export function sample(logits: Tensor, settings: Tensor, next: Tensor, chosen: Tensor, step: number): void {
  const { device, rows, width: vocab } = logits;
  const buffers = [logits, settings, next, chosen].map(({ buffer }) => buffer);
  device.dispatch(sampleKernel, buffers, { rows, vocab, step });
}

/**
 * Draws a token. Sorting a vocabulary of objects would take longer than a small model's pass, so tokens are
 * visited in the order of their ids. Only top-k and top-p sort logits, in a typed array, which is fast.
 * @param draw uniform in [0, 1)
 */
export function sampleToken(logits: Floats, options: Sampling, draw: number): number {
  const { temperature, topK, topP = 1 } = options;
  const top = highest(logits);
  if (temperature === 0) return logits.indexOf(top);
  const { threshold, ties } = cut(logits, top, { temperature, topK, topP });
  if (weights.length < logits.length) weights = new Float64Array(logits.length);
  let total = 0, left = ties;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id];
    const kept = logit > threshold || (logit === threshold && left-- > 0);
    total += weights[id] = kept ? Math.exp((logit - top) / temperature) : 0;
  }
  let rest = draw * total, last = 0;
  for (let id = 0; id < logits.length; id++) {
    if (weights[id] === 0) continue;
    rest -= weights[id];
    last = id;
    if (rest < 0) break;
  }
  return last;
}

/** The tokens' weights by id. Reused by the next draw, because allocating the array takes a fifth of a draw's time. */
let weights = new Float64Array(0);

/** Whether all logits are finite; otherwise no token can be chosen. */
export function allFinite(logits: Floats): boolean {
  // A finite number times zero is zero; anything else makes the sum NaN.
  let sum = 0;
  for (let id = 0; id < logits.length; id++) sum += 0 * logits[id];
  return sum === 0;
}

/** The highest logit. */
export function highest(logits: Floats): number {
  let top = -Infinity;
  for (let id = 0; id < logits.length; id++) if (logits[id] > top) top = logits[id];
  return top;
}

/**
 * Top-k, and then the nucleus (Holtzman et al., arXiv:1904.09751), the fewest of those tokens that reach `topP`.
 * Returns the lowest logit that is kept, and how many of the tokens with exactly this logit are.
 */
function cut(logits: Floats, top: number, { temperature, topK, topP }: Required<Sampling>) {
  if ((topK === 0 || topK >= logits.length) && topP >= 1) return { threshold: -Infinity, ties: Infinity };
  const sorted = logits.toSorted().reverse();
  const weight = (logit: number) => Math.exp((logit - top) / temperature);
  let n = topK > 0 ? Math.min(topK, sorted.length) : sorted.length;
  if (topP < 1) {
    let total = 0, reached = 0, nucleus = 0;
    for (let i = 0; i < n; i++) total += weight(sorted[i]);
    while (nucleus < n && reached < topP * total) reached += weight(sorted[nucleus++]);
    n = Math.max(1, nucleus);
  }
  const threshold = sorted[n - 1];
  return { threshold, ties: n - sorted.indexOf(threshold) };
}
