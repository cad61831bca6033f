/** Where a model looks: the attention weights that its fused kernel never writes down. */
import { letOthersIn } from "../event_loop.ts";
import { scope } from "../tensor/tensor.ts";
import type { GPT } from "./gpt.ts";

/** Rows of weights that are computed before others are let in. */
const ROWS = 32;

/**
 * Softmax(q·kᵀ/√D) of some heads of a layer, for one sequence, computed from the queries and keys of a pass.
 * @param layer from 0
 * @param heads which heads, from 0
 * @returns per head, (T, T) row by row: how much each position looks at each one up to itself
 */
export async function attentionWeights(
  model: GPT,
  ids: Uint32Array,
  layer: number,
  heads: readonly number[],
): Promise<Float32Array[]> {
  const { device } = model.parameters;
  const seen: Promise<Float32Array>[] = [];
  const look = () => model.hidden({ ids, batch: 1, time: ids.length });
  scope(() => model.observing((at, qkv) => at === layer && seen.push(device.read(qkv.buffer)), look));
  const [qkv] = await Promise.all(seen);
  const weights: Float32Array[] = [];
  for (const head of heads) weights.push(await headWeights(qkv, ids.length, model.config, head));
  return weights;
}

/** @param qkv queries, keys and values of a layer, (T, 3C) */
async function headWeights(
  qkv: Float32Array,
  time: number,
  { heads, width }: { readonly heads: number; readonly width: number },
  head: number,
): Promise<Float32Array> {
  const depth = width / heads, first = head * depth;
  const weights = new Float32Array(time * time);
  for (let t = 0; t < time; t++) {
    if (t % ROWS === 0) await letOthersIn();
    const row = weights.subarray(t * time, (t + 1) * time);
    let top = -Infinity, sum = 0;
    for (let s = 0; s <= t; s++) {
      let score = 0;
      for (let d = first; d < first + depth; d++) {
        score += qkv[t * 3 * width + d] * qkv[s * 3 * width + width + d];
      }
      row[s] = score / Math.sqrt(depth);
      top = Math.max(top, row[s]);
    }
    for (let s = 0; s <= t; s++) sum += row[s] = Math.exp(row[s] - top);
    for (let s = 0; s <= t; s++) row[s] /= sum;
  }
  return weights;
}
