/** GELU, tanh form (Hendrycks and Gimpel, arXiv:1606.08415): the activation of GPT-2's MLP. */
import { elementwise, kernel, linearGroups } from "../device/device.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { record } from "./tape.ts";
import forwardWgsl from "../../kernels/gelu_forward.wgsl" with { type: "text" };
import backwardWgsl from "../../kernels/gelu_backward.wgsl" with { type: "text" };

const A = Math.sqrt(2 / Math.PI);
const B = 0.044715;

export const geluForward = kernel({
  name: "gelu_forward",
  params: { n: "u32" },
  bindings: ["f32 in", "f32 out"],
  wgsl: forwardWgsl,
  cpu: elementwise("gelu_forward"),
  workgroups: ({ n }) => linearGroups(n),
  reference([x, y], { n }) {
    for (let i = 0; i < n; i++) {
      const v = x[i];
      y[i] = 0.5 * v * (1 + Math.tanh(A * (v + B * v * v * v)));
    }
  },
});

export const geluBackward = kernel({
  name: "gelu_backward",
  params: { n: "u32" },
  bindings: ["f32 in", "f32 in", "f32 out"],
  wgsl: backwardWgsl,
  cpu: elementwise("gelu_backward"),
  workgroups: ({ n }) => linearGroups(n),
  reference([x, dy, dx], { n }) {
    for (let i = 0; i < n; i++) {
      const v = x[i];
      const t = Math.tanh(A * (v + B * v * v * v));
      dx[i] = dy[i] * (0.5 * (1 + t) + 0.5 * v * (1 - t * t) * A * (1 + 3 * B * v * v));
    }
  },
});

export function gelu(x: Tensor): Tensor {
  const { device, size: n } = x;
  const y = empty(device, x.shape);
  device.dispatch(geluForward, [x.buffer, y.buffer], { n });
  return record({
    output: y,
    inputs: [x],
    saved: [x],
    backward(dy) {
      const dx = empty(device, x.shape);
      device.dispatch(geluBackward, [x.buffer, dy.buffer, dx.buffer], { n });
      return [dx];
    },
  });
}
