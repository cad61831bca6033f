/** Layer normalisation over the last dimension (Ba, Kiros and Hinton, arXiv:1607.06450). */
import { byColumns, byRows, type Floats, kernel, linearGroups } from "../device/device.ts";
import { empty, type Parameter, type Tensor } from "../tensor/tensor.ts";
import { record, recordAdd } from "./tape.ts";
import addNormWgsl from "../../kernels/add_norm_forward.wgsl" with { type: "text" };
import normWgsl from "../../kernels/layer_norm.wgsl" with { type: "text" };
import forwardWgsl from "../../kernels/layer_norm_forward.wgsl" with { type: "text" };
import backwardWgsl from "../../kernels/layer_norm_backward.wgsl" with { type: "text" };
import gradientWgsl from "../../kernels/layer_norm_gradient.wgsl" with { type: "text" };
import partsWgsl from "../../kernels/layer_norm_parts.wgsl" with { type: "text" };

const EPSILON = 1e-5; // GPT-2's

interface NormSizes {
  readonly rows: number;
  readonly width: number;
  readonly has_beta: number;
}

/** The reference of a norm of rows that are there already. */
function normalise(
  [x, gamma, beta, y, stats]: readonly Floats[],
  { rows, width, has_beta }: NormSizes,
): void {
  for (let r = 0; r < rows; r++) {
    const row = r * width;
    let mean = 0, variance = 0;
    for (let c = 0; c < width; c++) mean += x[row + c] / width;
    for (let c = 0; c < width; c++) variance += (x[row + c] - mean) ** 2 / width;
    const inverse = 1 / Math.sqrt(variance + EPSILON);
    for (let c = 0; c < width; c++) {
      y[row + c] = (x[row + c] - mean) * inverse * gamma[c] + (has_beta ? beta[c] : 0);
    }
    stats[2 * r] = mean;
    stats[2 * r + 1] = inverse;
  }
}

export const layerNormForward = kernel({
  name: "layer_norm_forward",
  params: { rows: "u32", width: "u32", has_beta: "u32" },
  bindings: ["real in", "f32 in", "f32 in", "real out", "f32 out"],
  wgsl: forwardWgsl + normWgsl,
  cpu: byRows("layer_norm_forward"),
  workgroups: ({ rows }) => [rows],
  reference: normalise,
});

/** x = a + b, and its norm. */
export const addNormForward = kernel({
  name: "add_norm_forward",
  params: { rows: "u32", width: "u32", has_beta: "u32" },
  bindings: ["real in", "real in", "f32 in", "f32 in", "real out", "real out", "f32 out"],
  wgsl: addNormWgsl + normWgsl,
  cpu: byRows("add_norm_forward"),
  workgroups: ({ rows }) => [rows],
  reference([a, b, gamma, beta, x, y, stats], sizes) {
    for (let i = 0; i < sizes.rows * sizes.width; i++) x[i] = a[i] + b[i];
    normalise([x, gamma, beta, y, stats], sizes);
  },
});

export const layerNormBackward = kernel({
  name: "layer_norm_backward",
  params: { rows: "u32", width: "u32", accumulate: "u32" },
  bindings: ["real in", "f32 in", "f32 in", "real in", "real inout"],
  wgsl: backwardWgsl,
  cpu: byRows("layer_norm_backward"),
  workgroups: ({ rows }) => [rows],
  reference([x, gamma, stats, dy, dx], { rows, width, accumulate }) {
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
        const d = inverse * (dy[row + c] * gamma[c] - sum / width - normal * dot / width);
        dx[row + c] = accumulate ? dx[row + c] + d : d;
      }
    }
  },
});

/** Workgroups that keep a GPU busy with sums over rows: about two for each of its processors. */
const ENOUGH = 256;
/** Rows that are worth a workgroup of their own. */
const PART = 64;

/** Parts that the rows are split into, so that few columns keep a GPU busy. */
function splits({ rows, width }: NormSizes): number {
  return Math.max(1, Math.min(Math.ceil(rows / PART), Math.floor(ENOUGH / Math.ceil(width / 64))));
}

const partBytes = (a: NormSizes) => splits(a) * 2 * a.width * 4;

const wholeSum = [{
  name: "layer_norm_gradient",
  wgsl: gradientWgsl,
  workgroups: ({ width }: NormSizes): [number] => [Math.ceil(width / 64)],
}];
const splitSum = [
  {
    name: "layer_norm_gradient_split",
    wgsl: gradientWgsl,
    constants: { SPLIT: 1 },
    workgroups: (a: NormSizes): [number, number] => [Math.ceil(a.width / 64), splits(a)],
    scratch: { at: 3, bytes: partBytes },
  },
  {
    name: "layer_norm_parts",
    wgsl: partsWgsl,
    workgroups: ({ width }: NormSizes) => linearGroups(width),
    scratch: { at: 0, bytes: partBytes },
  },
];

/** The gradients of the scale and the shift, added to what is there. */
export const layerNormGradient = kernel({
  ...wholeSum[0],
  shaders: [...wholeSum, ...splitSum],
  plan: (a: NormSizes) => splits(a) > 1 ? splitSum : wholeSum,
  params: { rows: "u32", width: "u32", has_beta: "u32" },
  bindings: ["real in", "f32 in", "real in", "f32 inout", "f32 inout"],
  cpu: byColumns("layer_norm_gradient"),
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

/**
 * @param x (..., C)
 * @param gamma (C), the scale
 * @param beta (C), the shift; null for none
 */
export function layerNorm(x: Tensor, gamma: Parameter, beta: Parameter | null): Tensor {
  const { device, rows, width } = x;
  const y = empty(device, x.shape, x.dtype);
  const stats = empty(device, [rows, 2]);
  const buffers = [x, gamma, beta ?? gamma, y, stats].map((t) => t.buffer);
  device.dispatch(layerNormForward, buffers, { rows, width, has_beta: beta ? 1 : 0 });
  return recordNorm(x, gamma, beta, y, stats);
}

/**
 * A residual connection and the norm that follows it, in one pass over memory.
 * @param a (..., C)
 * @param b (..., C)
 * @returns a + b, and its norm
 */
export function addNorm(a: Tensor, b: Tensor, gamma: Parameter, beta: Parameter | null): [Tensor, Tensor] {
  const { device, rows, width } = a;
  const x = empty(device, a.shape, a.dtype);
  const y = empty(device, a.shape, a.dtype);
  const stats = empty(device, [rows, 2]);
  const buffers = [a, b, gamma, beta ?? gamma, x, y, stats].map((t) => t.buffer);
  device.dispatch(addNormForward, buffers, { rows, width, has_beta: beta ? 1 : 0 });
  recordAdd(x, a, b);
  return [x, recordNorm(x, gamma, beta, y, stats)];
}

function recordNorm(x: Tensor, gamma: Parameter, beta: Parameter | null, y: Tensor, stats: Tensor): Tensor {
  const { device, rows, width } = x;
  return record({
    output: y,
    inputs: beta ? [x, gamma, beta] : [x, gamma],
    saved: [x, stats],
    backward(dy, [before]) {
      if (gamma.grad) {
        const dbeta = beta?.grad ?? empty(device, [1]);
        const buffers = [x, stats, dy, gamma.grad, dbeta].map((t) => t.buffer);
        device.dispatch(layerNormGradient, buffers, { rows, width, has_beta: beta ? 1 : 0 });
      }
      if (!x.needsGrad) return [null];
      // What came past the norm, along the residual stream, is there to be added to.
      const dx = before ?? empty(device, x.shape, x.dtype);
      const buffers = [x, gamma, stats, dy, dx].map((t) => t.buffer);
      device.dispatch(layerNormBackward, buffers, { rows, width, accumulate: before ? 1 : 0 });
      return [dx];
    },
  });
}
