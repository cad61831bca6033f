/** Layer normalisation over the last dimension (Ba, Kiros and Hinton, arXiv:1607.06450). */
import { byColumns, byRows, kernel } from "../device/device.ts";
import { empty, type Parameter, type Tensor } from "../tensor/tensor.ts";
import { addColumnSums } from "./column_sum.ts";
import { record } from "./tape.ts";
import forwardWgsl from "../../kernels/layer_norm_forward.wgsl" with { type: "text" };
import backwardWgsl from "../../kernels/layer_norm_backward.wgsl" with { type: "text" };
import gammaWgsl from "../../kernels/layer_norm_gamma.wgsl" with { type: "text" };

const EPSILON = 1e-5; // GPT-2's

export const layerNormForward = kernel({
  name: "layer_norm_forward",
  params: { rows: "u32", width: "u32", has_beta: "u32" },
  bindings: ["f32 in", "f32 in", "f32 in", "f32 out", "f32 out"],
  wgsl: forwardWgsl,
  cpu: byRows("layer_norm_forward"),
  workgroups: ({ rows }) => [rows],
  reference([x, gamma, beta, y, stats], { rows, width, has_beta }) {
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
  },
});

export const layerNormBackward = kernel({
  name: "layer_norm_backward",
  params: { rows: "u32", width: "u32" },
  bindings: ["f32 in", "f32 in", "f32 in", "f32 in", "f32 out"],
  wgsl: backwardWgsl,
  cpu: byRows("layer_norm_backward"),
  workgroups: ({ rows }) => [rows],
  reference([x, gamma, stats, dy, dx], { rows, width }) {
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
        dx[row + c] = inverse * (dy[row + c] * gamma[c] - sum / width - normal * dot / width);
      }
    }
  },
});

export const layerNormGamma = kernel({
  name: "layer_norm_gamma",
  params: { rows: "u32", width: "u32" },
  bindings: ["f32 in", "f32 in", "f32 in", "f32 inout"],
  wgsl: gammaWgsl,
  cpu: byColumns("layer_norm_gamma"),
  workgroups: ({ width }) => [Math.ceil(width / 16)],
  reference([x, stats, dy, dgamma], { rows, width }) {
    for (let c = 0; c < width; c++) {
      let sum = 0;
      for (let r = 0; r < rows; r++) {
        const i = r * width + c;
        sum += dy[i] * (x[i] - stats[2 * r]) * stats[2 * r + 1];
      }
      dgamma[c] += sum;
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
  const y = empty(device, x.shape);
  const stats = empty(device, [rows, 2]);
  device.dispatch(
    layerNormForward,
    [x.buffer, gamma.buffer, (beta ?? gamma).buffer, y.buffer, stats.buffer],
    { rows, width, has_beta: beta ? 1 : 0 },
  );
  return record({
    output: y,
    inputs: beta ? [x, gamma, beta] : [x, gamma],
    saved: [x, stats],
    backward(dy) {
      if (gamma.grad) {
        const buffers = [x.buffer, stats.buffer, dy.buffer, gamma.grad.buffer];
        device.dispatch(layerNormGamma, buffers, { rows, width });
      }
      if (beta?.grad) addColumnSums(dy, beta.grad);
      if (!x.needsGrad) return [null];
      const dx = empty(device, x.shape);
      const buffers = [x.buffer, gamma.buffer, stats.buffer, dy.buffer, dx.buffer];
      device.dispatch(layerNormBackward, buffers, { rows, width });
      return [dx];
    },
  });
}
