/**
 * Attention with a cache of keys and values, for decoding: each position is computed once. Sequences of a
 * pass may be of different lengths, and lie in any rows of the cache: `slots` gives for each its row and the
 * number of positions there.
 */
import { kernel, linearGroups } from "../device/device.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import appendWgsl from "../../kernels/cache_append.wgsl" with { type: "text" };
import cachedWgsl from "../../kernels/attention_cached.wgsl" with { type: "text" };

export const cacheAppend = kernel({
  name: "cache_append",
  params: { batch: "u32", time: "u32", width: "u32", capacity: "u32" },
  bindings: ["u32 in", "f32 in", "f32 inout", "f32 inout"],
  wgsl: appendWgsl,
  cpu: { name: "cache_append", tasks: () => 1 },
  workgroups: ({ batch, time, width }) => linearGroups(batch * time * width),
  reference([slots, qkv, keys, values], { batch, time, width, capacity }) {
    for (let b = 0; b < batch; b++) {
      for (let t = 0; t < time; t++) {
        const from = (b * time + t) * 3 * width,
          to = (slots[2 * b] * capacity + slots[2 * b + 1] + t) * width;
        for (let c = 0; c < width; c++) {
          keys[to + c] = qkv[from + width + c];
          values[to + c] = qkv[from + 2 * width + c];
        }
      }
    }
  },
});

export const attentionCached = kernel({
  name: "attention_cached",
  params: { batch: "u32", time: "u32", heads: "u32", head_width: "u32", capacity: "u32" },
  bindings: ["u32 in", "f32 in", "f32 in", "f32 in", "f32 inout"],
  wgsl: cachedWgsl,
  cpu: {
    name: "attention_cached",
    tasks: ({ batch, heads }) => batch * heads,
    scratch: ({ capacity }) => capacity * 4,
  },
  workgroups: ({ batch, time, heads }) => [time, batch * heads],
  reference([slots, qkv, keys, values, out], { batch, time, heads, head_width: D, capacity }) {
    const width = heads * D;
    const weights = new Float64Array(capacity);
    for (let b = 0; b < batch; b++) {
      const past = slots[2 * b + 1];
      for (let h = 0; h < heads; h++) {
        const cache = slots[2 * b] * capacity * width + h * D;
        for (let t = 0; t < time; t++) {
          const query = (b * time + t) * 3 * width + h * D, to = (b * time + t) * width + h * D;
          let top = -Infinity, sum = 0;
          for (let k = 0; k <= past + t; k++) {
            let dot = 0;
            for (let d = 0; d < D; d++) dot += qkv[query + d] * keys[cache + k * width + d];
            weights[k] = dot / Math.sqrt(D);
            top = Math.max(top, weights[k]);
          }
          for (let k = 0; k <= past + t; k++) sum += weights[k] = Math.exp(weights[k] - top);
          for (let d = 0; d < D; d++) {
            let value = 0;
            for (let k = 0; k <= past + t; k++) value += weights[k] * values[cache + k * width + d];
            out[to + d] = value / sum;
          }
        }
      }
    }
  },
});

/** One layer's cache: keys and values, (rows, capacity, C) each. */
export interface LayerCache {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/**
 * Adds the new positions to the cache, then lets them attend to all positions up to themselves.
 * @param qkv (B, T, 3C) of the new positions
 * @param slots (B, 2): each sequence's row of the cache, and the positions there before the new ones
 * @returns (B, T, C)
 */
export function attentionWithCache(
  qkv: Tensor,
  { keys, values }: LayerCache,
  slots: Tensor,
  heads: number,
): Tensor {
  const { device } = qkv;
  const [batch, time] = qkv.shape;
  const [, capacity, width] = keys.shape;
  const out = empty(device, [batch, time, width]);
  const buffers = [slots.buffer, qkv.buffer, keys.buffer, values.buffer];
  device.dispatch(cacheAppend, buffers, { batch, time, width, capacity });
  const args = { batch, time, heads, head_width: width / heads, capacity };
  device.dispatch(attentionCached, [...buffers, out.buffer], args);
  return out;
}
