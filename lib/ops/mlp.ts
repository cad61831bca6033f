/**
 * The MLP of a block: a projection up to a hidden layer, an activation, and a projection down.
 *   gelu, relu2   y = f(x·W₁ + b₁)·W₂ + b₂
 *   swiglu        y = (silu(g) ⊙ u)·W₂ + b₂ with [g | u] = x·W₁ + b₁ (Shazeer, arXiv:2002.05202)
 */
import { byRows, kernel, linearGroups } from "../device/device.ts";
import { empty, type Parameter, type Tensor } from "../tensor/tensor.ts";
import { activate } from "./activation.ts";
import {
  addGradients,
  apply,
  forwardSizes,
  inputGradient,
  linear,
  matmulGelu,
  matmulRelu2,
} from "./linear.ts";
import { applyQuantised } from "./quantised.ts";
import { record } from "./tape.ts";
import forwardWgsl from "../../kernels/swiglu_forward.wgsl" with { type: "text" };
import backwardWgsl from "../../kernels/swiglu_backward.wgsl" with { type: "text" };

/** Products with the activation fused in, so that the hidden layer is written once. */
const fused = { gelu: matmulGelu, relu2: matmulRelu2 } as const;

export type Activation = keyof typeof fused | "swiglu";

export interface Mlp {
  readonly activation: Activation;
  /** W₁ (in, hidden); for swiglu (in, 2·hidden), the gate's columns first. */
  readonly up: Parameter;
  readonly upBias: Parameter | null;
  /** W₂ (hidden, out). */
  readonly down: Parameter;
  readonly downBias: Parameter | null;
}

const silu = (g: number) => g / (1 + Math.exp(-g));

export const swigluForward = kernel({
  name: "swiglu_forward",
  params: { rows: "u32", width: "u32" },
  bindings: ["real in", "real out"],
  wgsl: forwardWgsl,
  cpu: byRows("swiglu_forward"),
  workgroups: ({ rows, width }) => linearGroups(rows * width),
  reference([x, y], { rows, width }) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < width; c++) {
        y[r * width + c] = silu(x[2 * r * width + c]) * x[(2 * r + 1) * width + c];
      }
    }
  },
});

export const swigluBackward = kernel({
  name: "swiglu_backward",
  params: { rows: "u32", width: "u32" },
  bindings: ["real in", "real in", "real out"],
  wgsl: backwardWgsl,
  cpu: byRows("swiglu_backward"),
  workgroups: ({ rows, width }) => linearGroups(rows * width),
  reference([x, dy, dx], { rows, width }) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < width; c++) {
        const gate = 2 * r * width + c, up = gate + width, d = dy[r * width + c];
        const g = x[gate], sigmoid = 1 / (1 + Math.exp(-g));
        dx[gate] = d * x[up] * sigmoid * (1 + g * (1 - sigmoid));
        dx[up] = d * g * sigmoid;
      }
    }
  },
});

/** silu(g) ⊙ u of x = [g | u], (..., 2F): (..., F). */
export function swiglu(x: Tensor): Tensor {
  const { device, rows } = x;
  const width = x.width / 2;
  const y = empty(device, [...x.shape.slice(0, -1), width], x.dtype);
  device.dispatch(swigluForward, [x.buffer, y.buffer], { rows, width });
  return record({
    output: y,
    inputs: [x],
    saved: [x],
    backward(dy) {
      const dx = empty(device, x.shape, x.dtype);
      device.dispatch(swigluBackward, [x.buffer, dy.buffer, dx.buffer], { rows, width });
      return [dx];
    },
  });
}

/** The activation: from the output of W₁ to the input of W₂. */
export function activated(u: Tensor, activation: Activation): Tensor {
  return activation === "swiglu" ? swiglu(u) : activate(u, activation);
}

/** (..., in) to (..., out). */
export function mlp(x: Tensor, layers: Mlp): Tensor {
  const { activation, up, upBias, down, downBias } = layers;
  const { device } = x;
  const sizes = forwardSizes(x, up, upBias, false);
  // The fused kernel for quantised weights keeps no slopes, and none multiplies a quantised product by them.
  if (activation === "swiglu" || (up.blocks || down.blocks) && x.needsGrad) {
    return linear(activated(linear(x, up, upBias), activation), down, downBias);
  }
  if (up.blocks) return linear(applyQuantised(x, up, upBias, sizes.n, activation), down, downBias);
  const hidden = empty(device, [...x.shape.slice(0, -1), sizes.n], x.dtype);
  const slope = empty(device, hidden.shape, x.dtype);
  const buffers = [x, up.like(x), upBias ?? up, hidden, slope].map((t) => t.buffer);
  device.dispatch(fused[activation], buffers, sizes);
  const parameters = [up, upBias, down, downBias].filter((p) => p !== null);
  return record({
    output: apply(hidden, down, downBias, false),
    inputs: [x, ...parameters],
    saved: [x, hidden, slope],
    backward(dy) {
      addGradients(dy, hidden, down, downBias, false);
      if (!up.grad && !x.needsGrad) return [null];
      const du = inputGradient(dy, hidden, down, false, slope);
      addGradients(du, x, up, upBias, false);
      return [x.needsGrad ? inputGradient(du, x, up, false) : null];
    },
  });
}
