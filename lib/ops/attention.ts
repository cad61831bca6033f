/**
 * Causal multi-head self-attention without the T×T matrix: online softmax forward, recomputation
 * backward (FlashAttention: Dao et al., arXiv:2205.14135).
 *
 * qkv is (B, T, 3C), queries, keys and values side by side, each of H heads of width D = C/H.
 * Planes are numbered b·H + h. Dropout of probabilities hashes (plane·T + query)·T + key.
 */
import { type Args, type Floats, kernel } from "../device/device.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { randomBits } from "../tensor/random.ts";
import { dropoutArgs } from "./dropout.ts";
import { PACKING } from "./linear.ts";
import { record } from "./tape.ts";
import commonWgsl from "../../kernels/attention.wgsl" with { type: "text" };
import forwardWgsl from "../../kernels/attention_forward.wgsl" with { type: "text" };
import backwardWgsl from "../../kernels/attention_backward.wgsl" with { type: "text" };
import queryWgsl from "../../kernels/attention_backward_query.wgsl" with { type: "text" };
import keyValueWgsl from "../../kernels/attention_backward_key_value.wgsl" with { type: "text" };

const params = {
  batch: "u32",
  time: "u32",
  heads: "u32",
  head_width: "u32",
  seed: "u32",
  threshold: "u32",
  keep_scale: "f32",
} as const;
type AttentionArgs = Args<typeof params>;

const tiles = ({ batch, time, heads, head_width }: AttentionArgs): [number, number, number] => [
  Math.ceil(time / 32),
  batch * heads,
  Math.ceil(head_width / 64),
];

const planes = ({ batch, heads }: { batch: number; heads: number }) => batch * heads;
/** Of one product over the visible half of the (query, key) pairs. */
const productFlops = ({ batch, heads, time, head_width }: AttentionArgs) =>
  batch * heads * time * (time + 1) * head_width;
const pad4 = (n: number) => Math.ceil(n / 4) * 4;

/** Calls `visit` for each plane with the offset of its first query and the width C of all heads. */
function eachPlane(
  { batch, time, heads, head_width }: AttentionArgs,
  visit: (plane: number, start: number, width: number) => void,
): void {
  const width = heads * head_width;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) visit(b * heads + h, b * time * 3 * width + h * head_width, width);
  }
}

function keep({ time, seed, threshold, keep_scale }: AttentionArgs, plane: number, q: number, k: number) {
  if (threshold === 0) return 1;
  return randomBits(seed, Math.imul(plane * time + q, time) + k) >= threshold ? keep_scale : 0;
}

export const attentionForward = kernel({
  name: "attention_forward",
  params,
  bindings: ["real in", "real out", "f32 out"],
  wgsl: forwardWgsl + commonWgsl,
  flops: (a) => 2 * productFlops(a),
  cpu: {
    name: "attention_forward",
    tasks: planes,
    scratch: ({ time }) => PACKING + 48 * pad4(time) * 4,
  },
  workgroups: tiles,
  reference([qkv, out, lse], a) {
    const { time, head_width: D } = a;
    const scores = new Float64Array(time);
    eachPlane(a, (plane, start, width) => {
      for (let q = 0; q < time; q++) {
        const query = start + q * 3 * width;
        let top = -Infinity, sum = 0;
        for (let k = 0; k <= q; k++) {
          const key = start + k * 3 * width + width;
          let dot = 0;
          for (let d = 0; d < D; d++) dot += qkv[query + d] * qkv[key + d];
          scores[k] = dot / Math.sqrt(D);
          top = Math.max(top, scores[k]);
        }
        for (let k = 0; k <= q; k++) sum += scores[k] = Math.exp(scores[k] - top);
        for (let k = 0; k <= q; k++) scores[k] *= keep(a, plane, q, k) / sum;
        lse[plane * time + q] = top + Math.log(sum);
        const to = (query - start) / 3 + startOfOutput(a, plane);
        for (let d = 0; d < D; d++) {
          let value = 0;
          for (let k = 0; k <= q; k++) value += scores[k] * qkv[start + k * 3 * width + 2 * width + d];
          out[to + d] = value;
        }
      }
    });
  },
});

/** The offset of a plane's first row in (B, T, C). */
function startOfOutput({ time, heads, head_width }: AttentionArgs, plane: number): number {
  return Math.floor(plane / heads) * time * heads * head_width + plane % heads * head_width;
}

/** Calls `visit` for each visible pair of a plane with its dropped-out probability and its dS. */
function eachPair(
  [qkv, out, dout, lse]: readonly Floats[],
  a: AttentionArgs,
  visit: (query: number, key: number, toOut: number, width: number, weight: number, slope: number) => void,
): void {
  const { time, head_width: D } = a;
  eachPlane(a, (plane, start, width) => {
    for (let q = 0; q < time; q++) {
      const query = start + q * 3 * width;
      const to = startOfOutput(a, plane) + q * width;
      let delta = 0;
      for (let d = 0; d < D; d++) delta += out[to + d] * dout[to + d];
      for (let k = 0; k <= q; k++) {
        const key = start + k * 3 * width + width;
        let score = 0, dp = 0;
        for (let d = 0; d < D; d++) {
          score += qkv[query + d] * qkv[key + d];
          dp += dout[to + d] * qkv[key + width + d];
        }
        const weight = Math.exp(score / Math.sqrt(D) - lse[plane * time + q]);
        const kept = keep(a, plane, q, k);
        const slope = weight * (kept * dp - delta) / Math.sqrt(D);
        visit(query, key, to, width, weight * kept, slope);
      }
    }
  });
}

export const attentionBackward = kernel({
  name: "attention_backward_query",
  params,
  // The last but one is memory that the shaders share.
  bindings: ["real in", "real in", "real in", "f32 in", "f32 out", "real inout"],
  wgsl: queryWgsl + backwardWgsl + commonWgsl,
  workgroups: tiles,
  flops: (a) => 5 * productFlops(a),
  shaders: [
    { name: "attention_backward_query", wgsl: queryWgsl + backwardWgsl + commonWgsl, workgroups: tiles },
    {
      name: "attention_backward_key_value",
      wgsl: keyValueWgsl + backwardWgsl + commonWgsl,
      workgroups: tiles,
    },
  ],
  cpu: {
    name: "attention_backward",
    tasks: planes,
    scratch: ({ time }) => PACKING + 2 * 48 * pad4(time) * 4,
  },
  reference([qkv, out, dout, lse, _, dqkv], a) {
    const D = a.head_width;
    dqkv.fill(0, 0, a.batch * a.time * 3 * a.heads * D);
    eachPair([qkv, out, dout, lse], a, (query, key, to, width, weight, slope) => {
      for (let d = 0; d < D; d++) {
        dqkv[query + d] += slope * qkv[key + d];
        dqkv[key + d] += slope * qkv[query + d];
        dqkv[key + width + d] += weight * dout[to + d];
      }
    });
  },
});

/**
 * @param qkv (B, T, 3C)
 * @param rate probability of dropping an attention weight; its mask follows from `seed`
 * @returns (B, T, C)
 */
export function attention(qkv: Tensor, heads: number, rate = 0, seed = 0): Tensor {
  const { device } = qkv;
  const [batch, time, width3] = qkv.shape;
  const width = width3 / 3;
  const head_width = width / heads;
  const { threshold, scale } = dropoutArgs(rate);
  const args = { batch, time, heads, head_width, seed, threshold, keep_scale: scale };
  const out = empty(device, [batch, time, width], qkv.dtype);
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
