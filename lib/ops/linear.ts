/**
 * Linear layers. Weights are stored (in, out), as in GPT-2's checkpoints; a head tied to the embedding table (V, C)
 * uses it transposed. One matrix product serves y, dx and dW.
 *
 * What follows a product is computed while its sums are in registers: an activation's values and slopes, or a
 * gradient times those slopes. The gradient of a bias is computed with that of its weight. mlp.ts combines these.
 */
import { COLUMNS } from "../../kernels/cpu/assembly/constants.ts";
import { type Floats, kernel, linearGroups, type Shader } from "../device/device.ts";
import { empty, type Parameter, type Tensor } from "../tensor/tensor.ts";
import { fill } from "./fill.ts";
import { flops, onCpu, rowsOrColumns, type Sizes } from "./product_tasks.ts";
import { type Activation, activations } from "./activation.ts";
import { applyQuantised, numbersOfQuantised } from "./quantised.ts";
import { record } from "./tape.ts";
import anySizes from "../../kernels/matmul.wgsl" with { type: "text" };
import blocks from "../../kernels/matmul_blocks.wgsl" with { type: "text" };
import plainEnd from "../../kernels/matmul_end.wgsl" with { type: "text" };
import activatedEnd from "../../kernels/activated_end.wgsl" with { type: "text" };
import slopeEnd from "../../kernels/slope_end.wgsl" with { type: "text" };
import gradientEnd from "../../kernels/gradient_end.wgsl" with { type: "text" };
import vectorLoads from "../../kernels/matmul_vectors.wgsl" with { type: "text" };
import scalarLoads from "../../kernels/matmul_scalars.wgsl" with { type: "text" };
import plainParts from "../../kernels/matmul_parts.wgsl" with { type: "text" };
import gradientParts from "../../kernels/gradient_parts.wgsl" with { type: "text" };

const params = { m: "u32", n: "u32", k: "u32", has_bias: "u32", accumulate: "u32" } as const;
type Arguments = Sizes & { readonly has_bias: number };
type MatmulShader = Shader<typeof params>;

/** Workgroups that keep a GPU busy: about two for each of its processors. */
const ENOUGH = 256;
/** Rows and columns of a tile in matmul.wgsl, and in matmul_blocks.wgsl; a test checks that they agree. */
export const TILE = 64;
export const LARGE_TILE = 128;
/** With fewer large tiles than this, most of a GPU would be idle, so small tiles are used. */
const FEW = 64;
/** The fewest values of k that are worth a workgroup of their own. */
const PART = 256;

/** Parts that k is split into: a small c, such as dW, has too few tiles to keep a GPU busy. */
function splits({ m, n, k }: Sizes, tile: number): number {
  const groups = tiles(m, n, tile);
  return Math.max(1, Math.min(Math.floor(k / PART), Math.floor(ENOUGH / groups)));
}

const tiles = (m: number, n: number, tile: number) => Math.ceil(m / tile) * Math.ceil(n / tile);

interface Product {
  readonly name: string;
  /** Whether op(a) is aᵀ, and op(b) bᵀ. */
  readonly ta?: boolean;
  readonly tb?: boolean;
  /** WGSL that defines what is done with a tile's sums. */
  readonly end: string;
  /** The shader that adds up the parts' sums; without it, k is not split. */
  readonly parts?: string;
  /** Whether the column sums of op(b) are an extra row after the last if there is a bias. */
  readonly sums?: boolean;
}

/** The shaders of a product, and the plan that picks among them by the sizes. */
function matmulShaders({ name, ta = false, tb = false, end, parts, sums = false }: Product) {
  const constants = { TRANSPOSE_A: Number(ta), TRANSPOSE_B: Number(tb), SUMS: Number(sums) };
  const variant = (suffix: string, text: string, tile: number) => {
    const bytes = (a: Arguments) => splits(a, tile) * (a.m + (sums ? a.has_bias : 0)) * a.n * 4;
    const groups = ({ m, n }: Sizes) => [Math.ceil(n / tile), Math.ceil(m / tile)] as const;
    const whole: MatmulShader = {
      name: name + suffix,
      wgsl: text + end,
      constants,
      workgroups: groups,
    };
    const split: MatmulShader[] = !parts ? [] : [
      {
        ...whole,
        name: `${name}${suffix}_split`,
        wgsl: text + end.replace("alias result = real", "alias result = f32"),
        constants: { ...constants, SPLIT: 1 },
        workgroups: (a) => [...groups(a), splits(a, tile)],
        scratch: { at: 3, bytes },
      },
      {
        name: `${name}${suffix}_parts`,
        wgsl: parts,
        workgroups: (a) => linearGroups(bytes(a) / splits(a, tile) / 4),
        scratch: { at: 0, bytes },
      },
    ];
    const shares = (a: Arguments) => parts ? splits(a, tile) : 1;
    return { whole: [whole], split, shares };
  };
  const small = variant("", anySizes, TILE);
  const vectors = variant("_vectors", blocks + vectorLoads, LARGE_TILE);
  const scalars = variant("_scalars", blocks + scalarLoads, LARGE_TILE);
  return {
    ...small.whole[0],
    shaders: [small, vectors, scalars].flatMap(({ whole, split }) => [...whole, ...split]),
    plan(a: Arguments): readonly MatmulShader[] {
      const { m, n, k } = a;
      const fours = (ta ? m : k) % 4 === 0 && (tb ? k : n) % 4 === 0;
      const large = tiles(m, n, LARGE_TILE) * vectors.shares(a) >= FEW;
      const { whole, split, shares } = !large ? small : fours ? vectors : scalars;
      return shares(a) > 1 ? split : whole;
    },
  };
}

/** One row of op(a)·op(b), in float64. */
function product(
  [a, b]: readonly Floats[],
  { m, n, k }: Sizes,
  { ta, tb }: { readonly ta?: boolean; readonly tb?: boolean },
  row: number,
): Float64Array {
  const sums = new Float64Array(n);
  for (let d = 0; d < k; d++) {
    const x = a[ta ? d * m + row : row * k + d];
    for (let j = 0; j < n; j++) sums[j] += x * b[tb ? j * k + d : d * n + j];
  }
  return sums;
}

function matmulKernel(name: string, tb: boolean) {
  return kernel({
    ...matmulShaders({ name, tb, end: plainEnd, parts: plainParts }),
    params,
    bindings: ["real in", "real in", "f32 in", "real inout"],
    cpu: onCpu(name),
    flops,
    reference([a, b, bias, c], sizes) {
      const { m, n, has_bias, accumulate } = sizes;
      for (let i = 0; i < m; i++) {
        product([a, b], sizes, { tb }, i).forEach((sum, j) => {
          c[i * n + j] = sum + (has_bias ? bias[j] : 0) + (accumulate ? c[i * n + j] : 0);
        });
      }
    },
  });
}

/** c = a·b and c = a·bᵀ, plus an optional bias row; added to c if `accumulate` is set. */
export const matmulNN = matmulKernel("matmul_nn", false);
export const matmulNT = matmulKernel("matmul_nt", true);

/** Gradients of a weight, c = aᵀ·b, and of the bias if there is one, the column sums of b; optionally accumulated. */
export const linearGradient = kernel({
  ...matmulShaders({
    name: "linear_gradient",
    ta: true,
    end: gradientEnd,
    parts: gradientParts,
    sums: true,
  }),
  params,
  bindings: ["real in", "real in", "f32 inout", "f32 inout"],
  cpu: {
    ...onCpu("linear_gradient"),
    // The product's tasks, then those of the column sums, of 16 columns each.
    tasks: (a) => rowsOrColumns(a) + a.has_bias * Math.ceil(a.n / COLUMNS),
  },
  flops,
  reference([a, b, sums, c], sizes) {
    const { m, n, k, has_bias, accumulate } = sizes;
    for (let i = 0; i < m; i++) {
      product([a, b], sizes, { ta: true }, i).forEach((sum, j) => {
        c[i * n + j] = sum + (accumulate ? c[i * n + j] : 0);
      });
    }
    for (let j = 0; has_bias && j < n; j++) {
      let sum = accumulate ? sums[j] : 0;
      for (let d = 0; d < k; d++) sum += b[d * n + j];
      sums[j] = sum;
    }
  },
});

/** y = f(u) and slope = f'(u) for an activation f, where u = a·b + bias. */
function activatedProduct(name: string, { wgsl, value }: Activation) {
  return kernel({
    ...matmulShaders({ name, end: wgsl + activatedEnd }),
    params,
    bindings: ["real in", "real in", "f32 in", "real out", "real out"],
    cpu: onCpu(name),
    flops,
    reference([a, b, bias, y, slope], sizes) {
      const { m, n, has_bias } = sizes;
      for (let i = 0; i < m; i++) {
        product([a, b], sizes, {}, i).forEach((sum, j) => {
          [y[i * n + j], slope[i * n + j]] = value(sum + (has_bias ? bias[j] : 0));
        });
      }
    },
  });
}

export const matmulGelu = activatedProduct("matmul_gelu", activations.gelu);
export const matmulRelu2 = activatedProduct("matmul_relu2", activations.relu2);

/** c = (a·bᵀ) ⊙ slope */
export const matmulSlope = kernel({
  ...matmulShaders({ name: "matmul_slope", tb: true, end: slopeEnd }),
  params,
  bindings: ["real in", "real in", "real in", "real out"],
  cpu: onCpu("matmul_slope"),
  flops,
  reference([a, b, slope, c], sizes) {
    const { m, n } = sizes;
    for (let i = 0; i < m; i++) {
      product([a, b], sizes, { tb: true }, i).forEach((sum, j) => c[i * n + j] = sum * slope[i * n + j]);
    }
  },
});

/**
 * y = x·W + b
 * @param x (..., in)
 * @param weight (in, out), or (out, in) if `transposed`; a quantised weight gets no gradient
 * @param bias (out), or null
 * @returns (..., out)
 */
export function linear(x: Tensor, weight: Parameter, bias: Parameter | null, transposed = false): Tensor {
  const output = apply(x, weight, bias, transposed);
  return record({
    output,
    inputs: bias ? [x, weight, bias] : [x, weight],
    saved: [x],
    backward(dy) {
      addGradients(dy, x, weight, bias, transposed);
      return [x.needsGrad ? inputGradient(dy, x, weight, transposed) : null];
    },
  });
}

export function forwardSizes(x: Tensor, weight: Parameter, bias: Parameter | null, transposed: boolean) {
  const n = weight.shape[transposed ? 0 : 1];
  if (weight.shape[transposed ? 1 : 0] !== x.width) {
    throw new Error(`linear: x is (..., ${x.width}), ${weight.name} is [${weight.shape}]`);
  }
  return { m: x.rows, n, k: x.width, has_bias: bias ? 1 : 0, accumulate: 0 };
}

/** x·W + b */
export function apply(x: Tensor, weight: Parameter, bias: Parameter | null, transposed: boolean): Tensor {
  const sizes = forwardSizes(x, weight, bias, transposed);
  if (weight.blocks) return applyQuantised(x, weight, bias, sizes.n);
  const y = empty(x.device, [...x.shape.slice(0, -1), sizes.n], x.dtype);
  const buffers = [x, weight.like(x), bias ?? weight, y].map((t) => t.buffer);
  x.device.dispatch(transposed ? matmulNT : matmulNN, buffers, sizes);
  return y;
}

/** Adds to the gradients of the weight and the bias; either both are trained or neither is. */
export function addGradients(
  dy: Tensor,
  x: Tensor,
  weight: Parameter,
  bias: Parameter | null,
  transposed: boolean,
): void {
  if (!weight.grad) return;
  if (!transposed) return addProduct(x, dy, weight.grad, bias?.grad);
  addProduct(dy, x, weight.grad);
  if (!bias?.grad) return;
  // A bias is a weight whose input is always 1, so its gradient is the same product with ones.
  const ones = empty(x.device, [...x.shape.slice(0, -1), 1], x.dtype);
  fill(ones, 1);
  addProduct(ones, dy, bias.grad);
}

/** to += leftᵀ·right, and if given, sums += the column sums of right. */
export function addProduct(left: Tensor, right: Tensor, to: Tensor, sums?: Tensor | null): void {
  left.device.dispatch(
    linearGradient,
    [left, right, sums ?? empty(left.device, [1]), to].map((t) => t.buffer),
    { m: left.width, n: right.width, k: left.rows, has_bias: sums ? 1 : 0, accumulate: 1 },
  );
}

/** dy·Wᵀ, the gradient of a layer's input; times the slope of the activation that made the input, if given. */
export function inputGradient(
  dy: Tensor,
  x: Tensor,
  weight: Parameter,
  transposed: boolean,
  slope?: Tensor,
): Tensor {
  const { device } = x;
  const dx = empty(device, x.shape, x.dtype);
  const numbers = weight.blocks ? numbersOfQuantised(weight, [dy.width, x.width], x.dtype) : weight.like(x);
  const [d, w, out] = [dy, numbers, dx].map((t) => t.buffer);
  const sizes = { m: x.rows, n: x.width, k: dy.width, has_bias: 0, accumulate: 0 };
  if (slope) device.dispatch(matmulSlope, [d, w, slope.buffer, out], sizes);
  // A quantised matrix is stored as (out, in), and so are its dequantised numbers.
  else device.dispatch(transposed || weight.blocks ? matmulNN : matmulNT, [d, w, d, out], sizes);
  return dx;
}
