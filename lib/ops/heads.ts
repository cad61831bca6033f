/**
 * QK-norm and RoPE, which prepare each head's queries and keys between projection and attention.
 * QK-norm comes first: an RMS norm whose scale all heads share (Henry et al., arXiv:2010.04245, in Qwen3's form). RoPE
 * rotates by an angle that grows with the position (Su et al., arXiv:2104.09864); it pairs column d of a head with
 * column d + D/2, as Hugging Face's Llama does. Values are left unchanged.
 *
 * qkv is (rows, (H + 2G)·D), as attention.ts has it.
 */
import { type Args, kernel, linearGroups } from "../device/device.ts";
import { empty, type Parameter, type Tensor } from "../tensor/tensor.ts";
import { type AttentionOptions, headWidth } from "./attention.ts";
import { addProduct } from "./linear.ts";
import { fill } from "./fill.ts";
import { record } from "./tape.ts";
import forwardWgsl from "../../kernels/heads_forward.wgsl" with { type: "text" };
import backwardWgsl from "../../kernels/heads_backward.wgsl" with { type: "text" };
import gradientWgsl from "../../kernels/heads_gradient.wgsl" with { type: "text" };
import rotationWgsl from "../../kernels/rotation.wgsl" with { type: "text" };

const params = {
  rows: "u32",
  heads: "u32",
  kv_heads: "u32",
  head_width: "u32",
  normed: "u32",
  rotated: "u32",
} as const;
type HeadSizes = Args<typeof params>;

/** Columns of qkv. */
const stride = ({ heads, kv_heads, head_width }: HeadSizes) => (heads + 2 * kv_heads) * head_width;

/** Calls `visit` for every head of queries and of keys of every row; `at` is where the head starts. */
function eachHead(
  a: HeadSizes,
  visit: (at: number, row: number, head: number, isKey: boolean) => void,
): void {
  for (let r = 0; r < a.rows; r++) {
    for (let h = 0; h < a.heads + a.kv_heads; h++) {
      visit(r * stride(a) + h * a.head_width, r, h, h >= a.heads);
    }
  }
}

/** Rotates the pairs of a head by its position's angles; back with `sign` -1. */
function rotate(x: Float64Array, table: ArrayLike<number>, position: number, sign: 1 | -1): void {
  const D = x.length, half = D / 2;
  for (let d = 0; d < half; d++) {
    const cos = table[position * D + d], sin = sign * table[position * D + half + d];
    [x[d], x[d + half]] = [x[d] * cos - x[d + half] * sin, x[d + half] * cos + x[d] * sin];
  }
}

export const headsForward = kernel({
  name: "heads_forward",
  params: { ...params, epsilon: "f32" },
  bindings: ["real in", "f32 in", "f32 in", "u32 in", "real out", "f32 out"],
  wgsl: forwardWgsl + rotationWgsl,
  cpu: { name: "heads_forward", tasks: ({ rows }) => rows, grain: () => 4 },
  workgroups: ({ rows }) => [rows],
  reference([qkv, gamma, table, positions, out, inverses], a) {
    const { rows, head_width: D, normed, rotated, epsilon } = a;
    for (let i = 0; i < rows * stride(a); i++) out[i] = qkv[i];
    eachHead(a, (at, row, head, isKey) => {
      const x = Float64Array.from({ length: D }, (_, d) => qkv[at + d]);
      if (normed) {
        const inverse = 1 / Math.sqrt(x.reduce((sum, v) => sum + v * v / D, 0) + epsilon);
        inverses[row * (a.heads + a.kv_heads) + head] = inverse;
        x.forEach((v, d) => x[d] = v * inverse * gamma[(isKey ? D : 0) + d]);
      }
      if (rotated) rotate(x, table, positions[row], 1);
      x.forEach((v, d) => out[at + d] = v);
    });
  },
});

export const headsBackward = kernel({
  name: "heads_backward",
  params,
  bindings: ["real in", "f32 in", "f32 in", "u32 in", "f32 in", "real in", "real out"],
  wgsl: backwardWgsl + rotationWgsl,
  cpu: { name: "heads_backward", tasks: ({ rows }) => rows, grain: () => 4 },
  workgroups: ({ rows }) => [rows],
  reference([qkv, gamma, table, positions, inverses, dy, dx], a) {
    const { rows, head_width: D, normed, rotated } = a;
    for (let i = 0; i < rows * stride(a); i++) dx[i] = dy[i];
    eachHead(a, (at, row, head, isKey) => {
      const g = Float64Array.from({ length: D }, (_, d) => dy[at + d]);
      if (rotated) rotate(g, table, positions[row], -1);
      if (normed) {
        const inverse = inverses[row * (a.heads + a.kv_heads) + head];
        const normal = g.map((_, d) => qkv[at + d] * inverse);
        g.forEach((v, d) => g[d] = v * gamma[(isKey ? D : 0) + d]);
        const dot = g.reduce((sum, v, d) => sum + v * normal[d] / D, 0);
        g.forEach((v, d) => g[d] = inverse * (v - normal[d] * dot));
      }
      g.forEach((v, d) => dx[at + d] = v);
    });
  },
});

/** Rows whose contributions to a scale's gradient are summed together. */
const PART = 32;

/** The gradients of the scales of queries and keys, (parts, 2D): a sum for each part of the rows. */
export const headsGradient = kernel({
  name: "heads_gradient",
  params: { ...params, part: "u32" },
  bindings: ["real in", "f32 in", "u32 in", "f32 in", "real in", "f32 out"],
  wgsl: gradientWgsl + rotationWgsl,
  cpu: { name: "heads_gradient", tasks: ({ rows, part }) => Math.ceil(rows / part) },
  workgroups: ({ rows, part }) => linearGroups(rows, part),
  reference([qkv, table, positions, inverses, dy, parts], a) {
    const { rows, head_width: D, rotated, part } = a;
    parts.fill(0, 0, Math.ceil(rows / part) * 2 * D);
    eachHead(a, (at, row, head, isKey) => {
      const g = Float64Array.from({ length: D }, (_, d) => dy[at + d]);
      if (rotated) rotate(g, table, positions[row], -1);
      const inverse = inverses[row * (a.heads + a.kv_heads) + head];
      const to = (Math.floor(row / part) * 2 + Number(isKey)) * D;
      g.forEach((v, d) => parts[to + d] += v * qkv[at + d] * inverse);
    });
  },
});

/** Cosines, then sines, of the angles of positions 0 to `count` - 1: (count, D). */
export function rotaryTable(count: number, headWidth: number, theta: number): Float32Array {
  const half = headWidth / 2;
  return Float32Array.from({ length: count * headWidth }, (_, i) => {
    const position = Math.floor(i / headWidth), d = i % headWidth;
    const angle = position * theta ** (-2 * (d % half) / headWidth);
    return d < half ? Math.cos(angle) : Math.sin(angle);
  });
}

export interface HeadOptions extends AttentionOptions {
  /** QK-norm: the scale of queries, then the scale of keys, (2D). */
  readonly norm?: { readonly gamma: Parameter; readonly epsilon: number } | undefined;
  /** RoPE: a `rotaryTable` as a tensor, and each row's position in it. */
  readonly rotary?: { readonly table: Tensor; readonly positions: Tensor } | undefined;
}

/**
 * @param qkv (..., (H + 2G)·D), as projected
 * @returns the same shape, ready for attention; `qkv` itself if there is nothing to do
 */
export function prepareHeads(qkv: Tensor, options: HeadOptions): Tensor {
  const { norm, rotary, heads, kvHeads = heads } = options;
  if (!norm && !rotary) return qkv;
  const { device, rows } = qkv;
  const head_width = headWidth(qkv, options);
  const sizes = {
    rows,
    heads,
    kv_heads: kvHeads,
    head_width,
    normed: norm ? 1 : 0,
    rotated: rotary ? 1 : 0,
  };
  const out = empty(device, qkv.shape, qkv.dtype);
  const inverses = empty(device, [norm ? rows : 1, heads + kvHeads]);
  // Placeholders for bindings that the kernel does not read.
  const gamma = norm?.gamma ?? rotary!.table;
  const table = rotary?.table ?? gamma;
  const positions = rotary?.positions ?? gamma;
  device.dispatch(
    headsForward,
    [qkv, gamma, table, positions, out, inverses].map((t) => t.buffer),
    { ...sizes, epsilon: norm?.epsilon ?? 0 },
  );
  return record({
    output: out,
    inputs: norm ? [qkv, norm.gamma] : [qkv],
    // Without a norm the backward pass does not read qkv.
    saved: [...norm ? [qkv, inverses] : [], ...rotary ? [rotary.table, rotary.positions] : []],
    backward(dy) {
      const raw = norm ? qkv : dy, scales = norm ? inverses : gamma;
      const dx = empty(device, qkv.shape, qkv.dtype);
      const buffers = [raw, gamma, table, positions, scales, dy, dx].map((t) => t.buffer);
      device.dispatch(headsBackward, buffers, sizes);
      if (norm?.gamma.grad) {
        const parts = empty(device, [Math.ceil(rows / PART), 2 * head_width]);
        const buffers = [qkv, table, positions, inverses, dy, parts].map((t) => t.buffer);
        device.dispatch(headsGradient, buffers, { ...sizes, part: PART });
        const ones = empty(device, [parts.rows, 1]);
        fill(ones, 1);
        addProduct(ones, parts, norm.gamma.grad);
      }
      return [dx];
    },
  });
}
