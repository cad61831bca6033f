/**
 * Causal multi-head self-attention without the T×T matrix: online softmax forward, recomputation
 * backward (FlashAttention: Dao et al., arXiv:2205.14135).
 *
 * qkv is (B, T, (H + 2G)·D): H heads of queries, then G of keys and G of values. Query head h reads key-value head
 * h / (H/G): grouped-query attention (Ainslie et al., arXiv:2305.13245), which is ordinary attention if G = H.
 * Planes are numbered b·H + h. Dropout of probabilities hashes (plane·T + query)·T + key.
 *
 * ALiBi (Press et al., arXiv:2108.12409) subtracts slope·(query - key) from a score; each head has its slope.
 */
import { PACKING, QUERIES } from "../../kernels/cpu/assembly/constants.ts";
import { type Args, kernel } from "../device/device.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { randomBits } from "../tensor/random.ts";
import { dropoutArgs } from "./dropout.ts";
import { record } from "./tape.ts";
import alibiWgsl from "../../kernels/alibi.wgsl" with { type: "text" };
import commonWgsl from "../../kernels/attention.wgsl" with { type: "text" };
import forwardWgsl from "../../kernels/attention_forward.wgsl" with { type: "text" };
import backwardWgsl from "../../kernels/attention_backward.wgsl" with { type: "text" };
import queryWgsl from "../../kernels/attention_backward_query.wgsl" with { type: "text" };
import keyValueWgsl from "../../kernels/attention_backward_key_value.wgsl" with { type: "text" };

const params = {
  batch: "u32",
  time: "u32",
  heads: "u32",
  kv_heads: "u32",
  head_width: "u32",
  alibi: "u32",
  seed: "u32",
  threshold: "u32",
  keep_scale: "f32",
} as const;
type AttentionArgs = Args<typeof params>;

const tiles = ({ time, head_width }: AttentionArgs, planes: number): [number, number, number] => [
  Math.ceil(time / 32),
  planes,
  Math.ceil(head_width / 64),
];
const queryTiles = (a: AttentionArgs) => tiles(a, a.batch * a.heads);
const keyTiles = (a: AttentionArgs) => tiles(a, a.batch * a.kv_heads);

/** The largest power of two that is not above the number of heads; ALiBi's slopes follow from it. */
export const alibiHeads = (heads: number): number => 2 ** Math.floor(Math.log2(heads));

/** ALiBi's slope for head h; `alibi` is `alibiHeads`, or 0 for no ALiBi. */
export function alibiSlope(alibi: number, h: number): number {
  if (alibi === 0) return 0;
  return 2 ** -((h < alibi ? 8 * (h + 1) : 4 * (2 * (h - alibi) + 1)) / alibi);
}

/** Operations of one product over the visible half of the (query, key) pairs. */
const productFlops = ({ batch, heads, time, head_width }: AttentionArgs) =>
  batch * heads * time * (time + 1) * head_width;
const pad4 = (n: number) => Math.ceil(n / 4) * 4;

/** A head of a sequence: the offsets of its queries, keys, values and results, and its ALiBi slope. */
interface Plane {
  readonly plane: number;
  readonly query: number;
  readonly key: number;
  readonly value: number;
  readonly out: number;
  readonly slope: number;
}

function eachPlane(a: AttentionArgs, visit: (plane: Plane) => void): void {
  const { batch, time, heads, kv_heads, head_width: D } = a;
  for (let b = 0; b < batch; b++) {
    const row = b * time * stride(a);
    for (let h = 0; h < heads; h++) {
      const group = Math.floor(h / (heads / kv_heads));
      visit({
        plane: b * heads + h,
        query: row + h * D,
        key: row + (heads + group) * D,
        value: row + (heads + kv_heads + group) * D,
        out: (b * time * heads + h) * D,
        slope: alibiSlope(a.alibi, h),
      });
    }
  }
}

/** Columns of qkv. */
const stride = ({ heads, kv_heads, head_width }: AttentionArgs) => (heads + 2 * kv_heads) * head_width;

function keep({ time, seed, threshold, keep_scale }: AttentionArgs, plane: number, q: number, k: number) {
  if (threshold === 0) return 1;
  return randomBits(seed, Math.imul(plane * time + q, time) + k) >= threshold ? keep_scale : 0;
}

export const attentionForward = kernel({
  name: "attention_forward",
  params,
  bindings: ["real in", "real out", "f32 out"],
  wgsl: forwardWgsl + commonWgsl + alibiWgsl,
  flops: (a) => 2 * productFlops(a),
  cpu: {
    name: "attention_forward",
    tasks: ({ batch, heads }) => batch * heads,
    scratch: ({ time }) => PACKING + QUERIES * (pad4(time) + 1) * 4,
  },
  workgroups: queryTiles,
  reference([qkv, out, lse], a) {
    const { time, head_width: D } = a;
    const weights = new Float64Array(time), row = stride(a), outRow = a.heads * D;
    eachPlane(a, ({ plane, query, key, value, out: to, slope }) => {
      for (let q = 0; q < time; q++) {
        let top = -Infinity, sum = 0;
        for (let k = 0; k <= q; k++) {
          let dot = 0;
          for (let d = 0; d < D; d++) dot += qkv[query + q * row + d] * qkv[key + k * row + d];
          weights[k] = dot / Math.sqrt(D) - slope * (q - k);
          top = Math.max(top, weights[k]);
        }
        for (let k = 0; k <= q; k++) sum += weights[k] = Math.exp(weights[k] - top);
        for (let k = 0; k <= q; k++) weights[k] *= keep(a, plane, q, k) / sum;
        lse[plane * time + q] = top + Math.log(sum);
        for (let d = 0; d < D; d++) {
          let mixed = 0;
          for (let k = 0; k <= q; k++) mixed += weights[k] * qkv[value + k * row + d];
          out[to + q * outRow + d] = mixed;
        }
      }
    });
  },
});

export const attentionBackward = kernel({
  name: "attention_backward_query",
  params,
  // The last but one is scratch memory that the shaders share.
  bindings: ["real in", "real in", "real in", "f32 in", "f32 out", "real inout"],
  wgsl: queryWgsl + backwardWgsl + commonWgsl + alibiWgsl,
  workgroups: queryTiles,
  flops: (a) => 5 * productFlops(a),
  shaders: [
    {
      name: "attention_backward_query",
      wgsl: queryWgsl + backwardWgsl + commonWgsl + alibiWgsl,
      workgroups: queryTiles,
    },
    {
      name: "attention_backward_key_value",
      wgsl: keyValueWgsl + backwardWgsl + commonWgsl + alibiWgsl,
      workgroups: keyTiles,
    },
  ],
  cpu: {
    name: "attention_backward",
    // Heads that share keys and values add to the same gradients, so they form one task.
    tasks: ({ batch, kv_heads }) => batch * kv_heads,
    scratch: ({ time }) => PACKING + 2 * QUERIES * pad4(time) * 4,
  },
  reference([qkv, out, dout, lse, _, dqkv], a) {
    const { time, head_width: D } = a;
    const row = stride(a), outRow = a.heads * D;
    dqkv.fill(0, 0, a.batch * time * row);
    eachPlane(a, ({ plane, query, key, value, out: from, slope }) => {
      for (let q = 0; q < time; q++) {
        const atQuery = query + q * row, atOut = from + q * outRow;
        let delta = 0;
        for (let d = 0; d < D; d++) delta += out[atOut + d] * dout[atOut + d];
        for (let k = 0; k <= q; k++) {
          const atKey = key + k * row, atValue = value + k * row;
          let dot = 0, dp = 0;
          for (let d = 0; d < D; d++) {
            dot += qkv[atQuery + d] * qkv[atKey + d];
            dp += dout[atOut + d] * qkv[atValue + d];
          }
          const weight = Math.exp(dot / Math.sqrt(D) - slope * (q - k) - lse[plane * time + q]);
          const kept = keep(a, plane, q, k);
          const ds = weight * (kept * dp - delta) / Math.sqrt(D);
          for (let d = 0; d < D; d++) {
            dqkv[atQuery + d] += ds * qkv[atKey + d];
            dqkv[atKey + d] += ds * qkv[atQuery + d];
            dqkv[atValue + d] += weight * kept * dout[atOut + d];
          }
        }
      }
    });
  },
});

export interface AttentionOptions {
  /** H, of queries. */
  readonly heads: number;
  /** G, of keys and values: a divisor of H; H by default. */
  readonly kvHeads?: number;
  readonly alibi?: boolean;
}

/** The width D of a head in qkv, (..., (H + 2G)·D). */
export function headWidth(qkv: Tensor, { heads, kvHeads = heads }: AttentionOptions): number {
  const width = qkv.width / (heads + 2 * kvHeads);
  if (heads % kvHeads !== 0 || !Number.isInteger(width)) {
    throw new Error(
      `attention: ${qkv.width} columns are no ${heads} heads of queries and ${kvHeads} of keys`,
    );
  }
  return width;
}

/**
 * @param qkv (B, T, (H + 2G)·D)
 * @param drop the probability of dropping an attention weight, and the seed of the mask
 * @returns (B, T, H·D)
 */
export function attention(qkv: Tensor, options: AttentionOptions, drop = { rate: 0, seed: 0 }): Tensor {
  const { device } = qkv;
  const { heads, kvHeads = heads, alibi = false } = options;
  const [batch, time] = qkv.shape;
  const head_width = headWidth(qkv, options);
  const { threshold, scale } = dropoutArgs(drop.rate);
  const args = {
    batch,
    time,
    heads,
    kv_heads: kvHeads,
    head_width,
    alibi: alibi ? alibiHeads(heads) : 0,
    seed: drop.seed,
    threshold,
    keep_scale: scale,
  };
  const out = empty(device, [batch, time, heads * head_width], qkv.dtype);
  const lse = empty(device, [batch, heads, time]);
  device.dispatch(attentionForward, [qkv.buffer, out.buffer, lse.buffer], args);
  return record({
    output: out,
    inputs: [qkv],
    saved: [qkv, out, lse],
    backward(dout) {
      const delta = empty(device, [batch, heads, time]);
      const dqkv = empty(device, qkv.shape, qkv.dtype);
      const buffers = [qkv, out, dout, lse, delta, dqkv].map((t) => t.buffer);
      device.dispatch(attentionBackward, buffers, args);
      return [dqkv];
    },
  });
}
