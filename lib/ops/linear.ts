/**
 * Linear layers. Weights are stored (in, out), as in GPT-2's checkpoints; a head tied to the embedding
 * table (V, C) uses it transposed. One matrix product serves y, dx and dW.
 *
 * A layer can end in GELU, in its tanh form (Hendrycks and Gimpel, arXiv:1606.08415), as the first half of
 * GPT-2's MLP does: the product then leaves GELU's values and slopes instead of its own.
 */
import { elementwise, kernel, linearGroups, type Shader } from "../device/device.ts";
import { empty, type Parameter, type Tensor } from "../tensor/tensor.ts";
import { addColumnSums } from "./column_sum.ts";
import { record } from "./tape.ts";
import anySizes from "../../kernels/matmul.wgsl" with { type: "text" };
import blocks from "../../kernels/matmul_blocks.wgsl" with { type: "text" };
import plainEnd from "../../kernels/matmul_end.wgsl" with { type: "text" };
import geluEnd from "../../kernels/gelu_end.wgsl" with { type: "text" };
import vectorLoads from "../../kernels/matmul_vectors.wgsl" with { type: "text" };
import scalarLoads from "../../kernels/matmul_scalars.wgsl" with { type: "text" };
import parts from "../../kernels/matmul_parts.wgsl" with { type: "text" };
import multiplyWgsl from "../../kernels/multiply.wgsl" with { type: "text" };

/** Bytes that a product packs a in on the cpu device: 32 panels of 6 rows, 256 deep. */
export const PACKING = 32 * 256 * 6 * 4;

/** Bytes of the operand that a thread's calls share, packed: all of a if tasks are columns, else all of b. */
function sharedBytes({ m, n, k }: { m: number; n: number; k: number }): number {
  const panels = Math.ceil(m / 6) * 24, blocks = Math.ceil(n / 16) * 64;
  return 32 * Math.ceil(k / 32) * (n > m ? panels : blocks);
}

/** Up to so many bytes it is packed once for all calls; matmul.ts in kernels/cpu has the same. */
const KEPT = 2 ** 19;

const params = { m: "u32", n: "u32", k: "u32", has_bias: "u32", accumulate: "u32" } as const;
type Sizes = { readonly m: number; readonly n: number; readonly k: number };
type MatmulShader = Shader<typeof params>;

/** Workgroups that keep a GPU busy: some two for each of its processors. */
const ENOUGH = 256;
/** So few large tiles leave most of it idle. */
const FEW = 64;
/** Values of k that are worth a workgroup of their own. */
const PART = 256;

/** Parts that k is split into, so that few tiles of a small c, such as dW's, keep a GPU busy. */
function splits({ m, n, k }: Sizes, tile: number): number {
  const groups = tiles(m, n, tile);
  return Math.max(1, Math.min(Math.floor(k / PART), Math.floor(ENOUGH / groups)));
}

const tiles = (m: number, n: number, tile: number) => Math.ceil(m / tile) * Math.ceil(n / tile);

/** A text whose results stay in float32 with mixed precision too. */
const toFloat32 = (end: string) => end.replace("alias result = real", "alias result = f32");

/** The shaders of a product, and which of them its sizes ask for. */
function matmulShaders(name: string, ta: boolean, tb: boolean, end: string, sumUp = parts) {
  const transposed = { TRANSPOSE_A: Number(ta), TRANSPOSE_B: Number(tb) };
  const variant = (suffix: string, text: string, tile: number) => {
    const bytes = (a: Sizes) => splits(a, tile) * a.m * a.n * 4;
    const groups = ({ m, n }: Sizes) => [Math.ceil(n / tile), Math.ceil(m / tile)] as const;
    const whole: MatmulShader = {
      name: name + suffix,
      wgsl: text + end,
      constants: transposed,
      workgroups: groups,
    };
    const split: MatmulShader[] = [
      {
        ...whole,
        name: `${name}${suffix}_split`,
        wgsl: text + toFloat32(end),
        constants: { ...transposed, SPLIT: 1 },
        workgroups: (a) => [...groups(a), splits(a, tile)],
        scratch: { at: 3, bytes },
      },
      {
        name: `${name}${suffix}_parts`,
        wgsl: sumUp,
        workgroups: ({ m, n }) => linearGroups(m * n),
        scratch: { at: 0, bytes },
      },
    ];
    // GELU cannot be had of a part of a sum.
    return { tile, whole: [whole], split: end === geluEnd ? null : split };
  };
  const small = variant("", anySizes, 64);
  const vectors = variant("_vectors", blocks + vectorLoads, 128);
  const scalars = variant("_scalars", blocks + scalarLoads, 128);
  return {
    ...small.whole[0],
    shaders: [small, vectors, scalars].flatMap(({ whole, split }) => [...whole, ...split ?? []]),
    plan(a: Sizes): readonly MatmulShader[] {
      const { m, n, k } = a;
      const fours = (ta ? m : k) % 4 === 0 && (tb ? k : n) % 4 === 0;
      const large = tiles(m, n, 128) * splits(a, 128) >= FEW;
      const { tile, whole, split } = !large ? small : fours ? vectors : scalars;
      return split && splits(a, tile) > 1 ? split : whole;
    },
  };
}

/** How the cpu device splits a product: few rows and wide matrices by 16 columns, others by 6 rows. */
function onCpu(name: string, ta: boolean) {
  return {
    name,
    // As matmul.ts in kernels/cpu splits.
    tasks: ({ m, n }: Sizes) => n > m || (m < 6 && !ta) ? Math.ceil(n / 16) : Math.ceil(m / 6),
    // A call that has to pack the operand that tasks share must be worth that.
    grain: (a: Sizes) => sharedBytes(a) <= KEPT ? (a.n > a.m ? 4 : 16) : (a.n > a.m ? 16 : 32),
    scratch: (a: Sizes) => PACKING + (sharedBytes(a) <= KEPT ? sharedBytes(a) : 0),
  };
}

const flops = ({ m, n, k }: Sizes) => 2 * m * n * k;

function matmulKernel<C extends "real" | "f32">(name: string, ta: boolean, tb: boolean, result: C) {
  const [end, sumUp] = result === "f32" ? [toFloat32(plainEnd), toFloat32(parts)] : [plainEnd, parts];
  return kernel({
    ...matmulShaders(name, ta, tb, end, sumUp),
    params,
    bindings: ["real in", "real in", "f32 in", `${result} inout`],
    cpu: onCpu(name, ta),
    flops,
    reference([a, b, bias, c], { m, n, k, has_bias, accumulate }) {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = (has_bias ? bias[j] : 0) + (accumulate ? c[i * n + j] : 0);
          for (let d = 0; d < k; d++) {
            sum += a[ta ? d * m + i : i * k + d] * b[tb ? j * k + d : d * n + j];
          }
          c[i * n + j] = sum;
        }
      }
    },
  });
}

/** c = a·b, c = a·bᵀ and c = aᵀ·b, with an optional bias row, or added to c. The last is for weights' gradients. */
export const matmulNN = matmulKernel("matmul_nn", false, false, "real");
export const matmulNT = matmulKernel("matmul_nt", false, true, "real");
export const matmulTN = matmulKernel("matmul_tn", true, false, "f32");

const A = Math.sqrt(2 / Math.PI), B = 0.044715;
/** With u = a·b + bias: y = GELU(u) and slope = GELU'(u). */
export const matmulGelu = kernel({
  ...matmulShaders("matmul_gelu", false, false, geluEnd),
  params,
  bindings: ["real in", "real in", "f32 in", "real out", "real out"],
  cpu: onCpu("matmul_gelu", false),
  flops,
  reference([a, b, bias, y, slope], { m, n, k, has_bias }) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let u = has_bias ? bias[j] : 0;
        for (let d = 0; d < k; d++) u += a[i * k + d] * b[d * n + j];
        const t = Math.tanh(A * (u + B * u * u * u));
        y[i * n + j] = 0.5 * u * (1 + t);
        slope[i * n + j] = 0.5 * (1 + t) + 0.5 * u * (1 - t * t) * A * (1 + 3 * B * u * u);
      }
    }
  },
});

/** out = a ⊙ b */
export const multiplyKernel = kernel({
  name: "multiply",
  params: { n: "u32" },
  bindings: ["real in", "real in", "real out"],
  wgsl: multiplyWgsl,
  cpu: elementwise("multiply"),
  workgroups: ({ n }) => linearGroups(n),
  reference([a, b, out], { n }) {
    for (let i = 0; i < n; i++) out[i] = a[i] * b[i];
  },
});

/**
 * y = x·W + b
 * @param x (..., in)
 * @param weight (in, out), or (out, in) if `transposed`
 * @param bias (out), or null
 * @returns (..., out)
 */
export function linear(x: Tensor, weight: Parameter, bias: Parameter | null, transposed = false): Tensor {
  const { device } = x;
  const args = sizes(x, weight, bias, transposed);
  const y = empty(device, [...x.shape.slice(0, -1), args.n], x.half);
  const buffers = [x.buffer, weight.like(x).buffer, (bias ?? weight).buffer, y.buffer];
  device.dispatch(transposed ? matmulNT : matmulNN, buffers, args);
  return record({
    output: y,
    inputs: bias ? [x, weight, bias] : [x, weight],
    saved: [x],
    backward: (dy) => [linearBackward(dy, x, weight, bias, transposed)],
  });
}

/**
 * y = GELU(x·W + b)
 * @param x (..., in)
 * @param weight (in, out)
 * @param bias (out), or null
 * @returns (..., out)
 */
export function linearGelu(x: Tensor, weight: Parameter, bias: Parameter | null): Tensor {
  const { device } = x;
  const args = sizes(x, weight, bias, false);
  const y = empty(device, [...x.shape.slice(0, -1), args.n], x.half);
  const slope = empty(device, y.shape, x.half);
  const buffers = [x.buffer, weight.like(x).buffer, (bias ?? weight).buffer, y.buffer, slope.buffer];
  device.dispatch(matmulGelu, buffers, args);
  return record({
    output: y,
    inputs: bias ? [x, weight, bias] : [x, weight],
    saved: [x, slope],
    backward(dy) {
      const du = empty(device, y.shape, x.half);
      device.dispatch(multiplyKernel, [dy.buffer, slope.buffer, du.buffer], { n: du.size });
      return [linearBackward(du, x, weight, bias, false)];
    },
  });
}

function sizes(x: Tensor, weight: Parameter, bias: Parameter | null, transposed: boolean) {
  const n = weight.shape[transposed ? 0 : 1];
  if (weight.shape[transposed ? 1 : 0] !== x.width) {
    throw new Error(`linear: x is (..., ${x.width}), ${weight.name} is [${weight.shape}]`);
  }
  return { m: x.rows, n, k: x.width, has_bias: bias ? 1 : 0, accumulate: 0 };
}

/** Adds to the gradients of the weight and the bias; returns dx, or null if nobody asks for it. */
function linearBackward(
  dy: Tensor,
  x: Tensor,
  weight: Parameter,
  bias: Parameter | null,
  transposed: boolean,
): Tensor | null {
  const { device } = x;
  if (weight.grad) {
    // dW = xᵀ·dy (in, out), or dyᵀ·x (out, in)
    const [left, right] = transposed ? [dy, x] : [x, dy];
    device.dispatch(
      matmulTN,
      [left.buffer, right.buffer, left.buffer, weight.grad.buffer],
      { m: left.width, n: right.width, k: x.rows, has_bias: 0, accumulate: 1 },
    );
  }
  if (bias?.grad) addColumnSums(dy, bias.grad);
  if (!x.needsGrad) return null;
  const dx = empty(device, x.shape, x.half);
  device.dispatch(
    transposed ? matmulNN : matmulNT,
    [dy.buffer, weight.like(x).buffer, weight.buffer, dx.buffer],
    { m: x.rows, n: x.width, k: dy.width, has_bias: 0, accumulate: 0 },
  );
  return dx;
}
