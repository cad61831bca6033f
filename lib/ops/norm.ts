/**
 * Normalisation over the last dimension: layer norm (Ba, Kiros and Hinton, arXiv:1607.06450), and RMS norm
 * (Zhang and Sennrich, arXiv:1910.07467), which does not subtract the mean.
 */
import { type Args, byColumns, byRows, type Floats, kernel, linearGroups } from "../device/device.ts";
import { empty, type Parameter, type Tensor } from "../tensor/tensor.ts";
import { record, recordAdd } from "./tape.ts";
import addNormWgsl from "../../kernels/add_norm_forward.wgsl" with { type: "text" };
import normWgsl from "../../kernels/norm.wgsl" with { type: "text" };
import forwardWgsl from "../../kernels/norm_forward.wgsl" with { type: "text" };
import backwardWgsl from "../../kernels/norm_backward.wgsl" with { type: "text" };
import gradientWgsl from "../../kernels/norm_gradient.wgsl" with { type: "text" };
import partsWgsl from "../../kernels/norm_parts.wgsl" with { type: "text" };

/** A norm of rows of C values. */
export interface Norm {
  readonly kind: "layer" | "rms";
  /** The scale, (C). */
  readonly gamma: Parameter;
  /** The shift, (C), or null for none. */
  readonly beta: Parameter | null;
  /** Added to the variance, to keep its root away from zero. */
  readonly epsilon: number;
}

const forwardParams = { rows: "u32", width: "u32", has_beta: "u32", centred: "u32", epsilon: "f32" } as const;

interface NormSizes {
  readonly rows: number;
  readonly width: number;
}

/** The reference for the norm of the rows of x. */
function normalise(
  [x, gamma, beta, y, stats]: readonly Floats[],
  { rows, width, has_beta, centred, epsilon }: Args<typeof forwardParams>,
): void {
  for (let r = 0; r < rows; r++) {
    const row = r * width;
    let mean = 0, variance = 0;
    for (let c = 0; centred && c < width; c++) mean += x[row + c] / width;
    for (let c = 0; c < width; c++) variance += (x[row + c] - mean) ** 2 / width;
    const inverse = 1 / Math.sqrt(variance + epsilon);
    for (let c = 0; c < width; c++) {
      y[row + c] = (x[row + c] - mean) * inverse * gamma[c] + (has_beta ? beta[c] : 0);
    }
    stats[2 * r] = mean;
    stats[2 * r + 1] = inverse;
  }
}

export const normForward = kernel({
  name: "norm_forward",
  params: forwardParams,
  bindings: ["real in", "f32 in", "f32 in", "real out", "f32 out"],
  wgsl: forwardWgsl + normWgsl,
  cpu: byRows("norm_forward"),
  workgroups: ({ rows }) => [rows],
  reference: normalise,
});

/** x = a + b, and its norm. */
export const addNormForward = kernel({
  name: "add_norm_forward",
  params: forwardParams,
  bindings: ["real in", "real in", "f32 in", "f32 in", "real out", "real out", "f32 out"],
  wgsl: addNormWgsl + normWgsl,
  cpu: byRows("add_norm_forward"),
  workgroups: ({ rows }) => [rows],
  reference([a, b, gamma, beta, x, y, stats], sizes) {
    for (let i = 0; i < sizes.rows * sizes.width; i++) x[i] = a[i] + b[i];
    normalise([x, gamma, beta, y, stats], sizes);
  },
});

export const normBackward = kernel({
  name: "norm_backward",
  params: { rows: "u32", width: "u32", centred: "u32", accumulate: "u32" },
  bindings: ["real in", "f32 in", "f32 in", "real in", "real inout"],
  wgsl: backwardWgsl,
  cpu: byRows("norm_backward"),
  workgroups: ({ rows }) => [rows],
  reference([x, gamma, stats, dy, dx], { rows, width, centred, accumulate }) {
    for (let r = 0; r < rows; r++) {
      const row = r * width;
      const mean = stats[2 * r], inverse = stats[2 * r + 1];
      let sum = 0, dot = 0;
      for (let c = 0; c < width; c++) {
        const g = dy[row + c] * gamma[c];
        sum += g;
        dot += g * (x[row + c] - mean) * inverse;
      }
      for (let c = 0; c < width; c++) {
        const normal = (x[row + c] - mean) * inverse;
        const d = inverse * (dy[row + c] * gamma[c] - (centred ? sum / width : 0) - normal * dot / width);
        dx[row + c] = accumulate ? dx[row + c] + d : d;
      }
    }
  },
});

/** Workgroups that keep a GPU busy with sums over rows: about two for each of its processors. */
const ENOUGH = 256;
/** The fewest rows that are worth a workgroup of their own. */
const PART = 64;

/** Parts that the rows are split into: few columns alone would not keep a GPU busy. */
function splits({ rows, width }: NormSizes): number {
  return Math.max(1, Math.min(Math.ceil(rows / PART), Math.floor(ENOUGH / Math.ceil(width / 64))));
}

const partBytes = (a: NormSizes) => splits(a) * 2 * a.width * 4;

const wholeSum = [{
  name: "norm_gradient",
  wgsl: gradientWgsl,
  workgroups: ({ width }: NormSizes): [number] => [Math.ceil(width / 64)],
}];
const splitSum = [
  {
    name: "norm_gradient_split",
    wgsl: gradientWgsl,
    constants: { SPLIT: 1 },
    workgroups: (a: NormSizes): [number, number] => [Math.ceil(a.width / 64), splits(a)],
    scratch: { at: 3, bytes: partBytes },
  },
  {
    name: "norm_parts",
    wgsl: partsWgsl,
    workgroups: ({ width }: NormSizes) => linearGroups(width),
    scratch: { at: 0, bytes: partBytes },
  },
];

/** The gradients of the scale and the shift, added to what is there. */
export const normGradient = kernel({
  ...wholeSum[0],
  shaders: [...wholeSum, ...splitSum],
  plan: (a: NormSizes) => splits(a) > 1 ? splitSum : wholeSum,
  params: { rows: "u32", width: "u32", has_beta: "u32" },
  bindings: ["real in", "f32 in", "real in", "f32 inout", "f32 inout"],
  cpu: byColumns("norm_gradient"),
  reference([x, stats, dy, dgamma, dbeta], { rows, width, has_beta }) {
    for (let c = 0; c < width; c++) {
      let scaled = 0, sum = 0;
      for (let r = 0; r < rows; r++) {
        const i = r * width + c;
        scaled += dy[i] * (x[i] - stats[2 * r]) * stats[2 * r + 1];
        sum += dy[i];
      }
      dgamma[c] += scaled;
      if (has_beta) dbeta[c] += sum;
    }
  },
});

const argsOf = ({ kind, beta, epsilon }: Norm, { rows, width }: Tensor) => {
  return { rows, width, has_beta: beta ? 1 : 0, centred: kind === "layer" ? 1 : 0, epsilon };
};

/** The norm of x, (..., C). */
export function norm(x: Tensor, n: Norm): Tensor {
  const { device, rows } = x;
  const y = empty(device, x.shape, x.dtype);
  const stats = empty(device, [rows, 2]);
  const buffers = [x, n.gamma, n.beta ?? n.gamma, y, stats].map((t) => t.buffer);
  device.dispatch(normForward, buffers, argsOf(n, x));
  return recordNorm(x, n, y, stats);
}

/**
 * A residual connection and the norm that follows it, in one pass over memory.
 * @param a (..., C)
 * @param b (..., C)
 * @returns a + b, and its norm
 */
export function addNorm(a: Tensor, b: Tensor, n: Norm): [Tensor, Tensor] {
  const { device, rows } = a;
  const x = empty(device, a.shape, a.dtype);
  const y = empty(device, a.shape, a.dtype);
  const stats = empty(device, [rows, 2]);
  const buffers = [a, b, n.gamma, n.beta ?? n.gamma, x, y, stats].map((t) => t.buffer);
  device.dispatch(addNormForward, buffers, argsOf(n, a));
  recordAdd(x, a, b);
  return [x, recordNorm(x, n, y, stats)];
}

function recordNorm(x: Tensor, n: Norm, y: Tensor, stats: Tensor): Tensor {
  const { device } = x;
  const { gamma, beta } = n;
  const { rows, width, has_beta, centred } = argsOf(n, x);
  return record({
    output: y,
    inputs: beta ? [x, gamma, beta] : [x, gamma],
    saved: [x, stats],
    backward(dy, [before]) {
      if (gamma.grad) {
        const dbeta = beta?.grad ?? empty(device, [1]);
        const buffers = [x, stats, dy, gamma.grad, dbeta].map((t) => t.buffer);
        device.dispatch(normGradient, buffers, { rows, width, has_beta });
      }
      if (!x.needsGrad) return [null];
      // `before` is the gradient that came along the residual stream: add to it in place.
      const dx = before ?? empty(device, x.shape, x.dtype);
      const buffers = [x, gamma, stats, dy, dx].map((t) => t.buffer);
      device.dispatch(normBackward, buffers, { rows, width, centred, accumulate: before ? 1 : 0 });
      return [dx];
    },
  });
}
