/**
 * Attention with a cache of keys and values, for decoding: each position is computed once. The sequences of a
 * pass may have different lengths and use any rows of the cache: `slots` gives each sequence's row and the
 * number of positions that it already has there.
 */
import { kernel, linearGroups } from "../device/device.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { alibiHeads, alibiSlope, type AttentionOptions, headWidth } from "./attention.ts";
import alibiWgsl from "../../kernels/alibi.wgsl" with { type: "text" };
import appendWgsl from "../../kernels/cache_append.wgsl" with { type: "text" };
import cachedWgsl from "../../kernels/attention_cached.wgsl" with { type: "text" };

export const cacheAppend = kernel({
  name: "cache_append",
  params: { batch: "u32", time: "u32", width: "u32", stride: "u32", capacity: "u32" },
  bindings: ["u32 in", "f32 in", "f32 inout", "f32 inout"],
  wgsl: appendWgsl,
  cpu: { name: "cache_append", tasks: () => 1 },
  workgroups: ({ batch, time, width }) => linearGroups(batch * time * width),
  reference([slots, qkv, keys, values], { batch, time, width, stride, capacity }) {
    for (let b = 0; b < batch; b++) {
      for (let t = 0; t < time; t++) {
        const from = (b * time + t + 1) * stride - 2 * width;
        const to = (slots[2 * b] * capacity + slots[2 * b + 1] + t) * width;
        for (let c = 0; c < width; c++) {
          keys[to + c] = qkv[from + c];
          values[to + c] = qkv[from + width + c];
        }
      }
    }
  },
});

export const attentionCached = kernel({
  name: "attention_cached",
  params: {
    batch: "u32",
    time: "u32",
    heads: "u32",
    kv_heads: "u32",
    head_width: "u32",
    alibi: "u32",
    capacity: "u32",
  },
  bindings: ["u32 in", "f32 in", "f32 in", "f32 in", "f32 inout"],
  wgsl: cachedWgsl + alibiWgsl,
  cpu: {
    name: "attention_cached",
    tasks: ({ batch, heads }) => batch * heads,
    scratch: ({ capacity }) => capacity * 4,
  },
  workgroups: ({ batch, time, heads }) => [time, batch * heads],
  reference([slots, qkv, keys, values, out], a) {
    const { batch, time, heads, kv_heads, head_width: D, capacity } = a;
    const width = kv_heads * D, stride = (heads + 2 * kv_heads) * D;
    const weights = new Float64Array(capacity);
    for (let b = 0; b < batch; b++) {
      const past = slots[2 * b + 1];
      for (let h = 0; h < heads; h++) {
        const cache = slots[2 * b] * capacity * width + Math.floor(h / (heads / kv_heads)) * D;
        const slope = alibiSlope(a.alibi, h);
        for (let t = 0; t < time; t++) {
          const query = (b * time + t) * stride + h * D, to = ((b * time + t) * heads + h) * D;
          let top = -Infinity, sum = 0;
          for (let k = 0; k <= past + t; k++) {
            let dot = 0;
            for (let d = 0; d < D; d++) dot += qkv[query + d] * keys[cache + k * width + d];
            weights[k] = dot / Math.sqrt(D) - slope * (past + t - k);
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

/** One layer's cache: keys and values, (rows, capacity, G·D) each. */
export interface LayerCache {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/**
 * Adds the new positions to the cache, then lets them attend to all positions up to themselves.
 * @param qkv (B, T, (H + 2G)·D) of the new positions
 * @param slots (B, 2): each sequence's row of the cache, and the number of positions there before the new ones
 * @returns (B, T, H·D)
 */
export function attentionWithCache(
  qkv: Tensor,
  options: AttentionOptions,
  { keys, values }: LayerCache,
  slots: Tensor,
): Tensor {
  const { device, width: stride } = qkv;
  const { heads, kvHeads = heads, alibi = false } = options;
  const [batch, time] = qkv.shape;
  const [, capacity, width] = keys.shape;
  const head_width = headWidth(qkv, options);
  const out = empty(device, [batch, time, heads * head_width]);
  const buffers = [slots.buffer, qkv.buffer, keys.buffer, values.buffer];
  device.dispatch(cacheAppend, buffers, { batch, time, width, stride, capacity });
  device.dispatch(attentionCached, [...buffers, out.buffer], {
    batch,
    time,
    heads,
    kv_heads: kvHeads,
    head_width,
    alibi: alibi ? alibiHeads(heads) : 0,
    capacity,
  });
  return out;
}
