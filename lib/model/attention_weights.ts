/** Attention weights for display: the model's fused kernel never stores them. */
import { letOthersIn } from "../event_loop.ts";
import { alibiHeads, alibiSlope } from "../ops/attention.ts";
import { scope } from "../tensor/tensor.ts";
import type { ModelConfig } from "./config.ts";
import type { Decoder, Observer } from "./decoder.ts";

/** Rows of weights to compute before yielding to the event loop. */
const ROWS = 32;

/**
 * softmax(q·kᵀ/√D + ALiBi) of some heads of a layer for one sequence, computed from the queries and keys of a pass.
 * @param layer from 0
 * @param heads which heads, from 0
 * @returns for each head (T, T), row by row: how much each position attends to each position up to itself
 */
export async function attentionWeights(
  model: Decoder,
  ids: Uint32Array,
  layer: number,
  heads: readonly number[],
): Promise<Float32Array[]> {
  const [qkv] = await queriesAndKeys(model, ids, (at) => at === layer);
  const weights: Float32Array[] = [];
  for (const head of heads) weights.push(await headWeights(qkv, ids.length, model.config, head));
  return weights;
}

/** The same for every head of every layer, from one pass. Yields one at a time, because all together may be large. */
export async function* everyAttention(
  model: Decoder,
  ids: Uint32Array,
): AsyncGenerator<{ layer: number; head: number; weights: Float32Array }> {
  const layers = await queriesAndKeys(model, ids, () => true);
  for (const [layer, qkv] of layers.entries()) {
    for (let head = 0; head < model.config.heads; head++) {
      yield { layer, head, weights: await headWeights(qkv, ids.length, model.config, head) };
    }
  }
}

/** Each chosen layer's qkv, (T, (H + 2G)·D). */
async function queriesAndKeys(
  model: Decoder,
  ids: Uint32Array,
  chosen: (layer: number) => boolean,
): Promise<Float32Array[]> {
  const { device } = model.parameters;
  const seen: Promise<Float32Array>[] = [];
  const look: Observer = (place, layer, value) => {
    if (place === "qkv" && chosen(layer)) seen.push(device.read(value.buffer));
  };
  scope(() => model.observing(look, () => model.hidden({ ids, batch: 1, time: ids.length })));
  return await Promise.all(seen);
}

/** @param qkv of a layer, as attention takes it: (T, (H + 2G)·D) */
async function headWeights(
  qkv: Float32Array,
  time: number,
  { heads, kvHeads, headWidth, position }: ModelConfig,
  head: number,
): Promise<Float32Array> {
  const stride = (heads + 2 * kvHeads) * headWidth;
  const query = head * headWidth, key = (heads + Math.floor(head / (heads / kvHeads))) * headWidth;
  const slope = alibiSlope(position === "alibi" ? alibiHeads(heads) : 0, head);
  const weights = new Float32Array(time * time);
  for (let t = 0; t < time; t++) {
    if (t % ROWS === 0) await letOthersIn();
    const row = weights.subarray(t * time, (t + 1) * time);
    let top = -Infinity, sum = 0;
    for (let s = 0; s <= t; s++) {
      let score = 0;
      for (let d = 0; d < headWidth; d++) score += qkv[t * stride + query + d] * qkv[s * stride + key + d];
      row[s] = score / Math.sqrt(headWidth) - slope * (t - s);
      top = Math.max(top, row[s]);
    }
    for (let s = 0; s <= t; s++) sum += row[s] = Math.exp(row[s] - top);
    for (let s = 0; s <= t; s++) row[s] /= sum;
  }
  return weights;
}
