/** Attention with a cache of keys and values, for decoding: each position is computed once. */
import { kernel, linearGroups } from "../device/device.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import appendWgsl from "../../kernels/cache_append.wgsl" with { type: "text" };
import cachedWgsl from "../../kernels/attention_cached.wgsl" with { type: "text" };

export const cacheAppend = kernel({
  name: "cache_append",
  params: { batch: "u32", time: "u32", width: "u32", past: "u32", capacity: "u32" },
  bindings: ["f32 in", "f32 inout", "f32 inout"],
  wgsl: appendWgsl,
  cpu: { name: "cache_append", tasks: () => 1 },
  workgroups: ({ batch, time, width }) => linearGroups(batch * time * width),
  reference([qkv, keys, values], { batch, time, width, past, capacity }) {
    for (let b = 0; b < batch; b++) {
      for (let t = 0; t < time; t++) {
        const from = (b * time + t) * 3 * width, to = (b * capacity + past + t) * width;
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
  params: { batch: "u32", time: "u32", heads: "u32", head_width: "u32", past: "u32", capacity: "u32" },
  bindings: ["f32 in", "f32 in", "f32 in", "f32 inout"],
  wgsl: cachedWgsl,
  cpu: {
    name: "attention_cached",
    tasks: ({ batch, heads }) => batch * heads,
    scratch: ({ capacity }) => capacity * 4,
  },
  workgroups: ({ batch, time, heads }) => [time, batch * heads],
  reference([qkv, keys, values, out], { batch, time, heads, head_width: D, past, capacity }) {
    const width = heads * D;
    const weights = new Float64Array(past + time);
    for (let b = 0; b < batch; b++) {
      for (let h = 0; h < heads; h++) {
        const cache = b * capacity * width + h * D;
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

/** One layer's cache: keys and values, (B, capacity, C) each. */
export interface LayerCache {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/**
 * Adds the new positions to the cache, then lets them attend to all positions up to themselves.
 * @param qkv (B, T, 3C) of the new positions
 * @param past positions in the cache before them; past + T is at most its capacity
 * @returns (B, T, C)
 */
export function attentionWithCache(
  qkv: Tensor,
  { keys, values }: LayerCache,
  past: number,
  heads: number,
): Tensor {
  const { device } = qkv;
  const [batch, time] = qkv.shape;
  const [, capacity, width] = keys.shape;
  if (past + time > capacity) throw new Error(`${past} + ${time} positions exceed a cache of ${capacity}`);
  const out = empty(device, [batch, time, width]);
  device.dispatch(cacheAppend, [qkv.buffer, keys.buffer, values.buffer], {
    batch,
    time,
    width,
    past,
    capacity,
  });
  const buffers = [qkv.buffer, keys.buffer, values.buffer, out.buffer];
  const args = { batch, time, heads, head_width: width / heads, past, capacity };
  device.dispatch(attentionCached, buffers, args);
  return out;
}
