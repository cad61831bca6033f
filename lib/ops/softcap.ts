/** Soft-capped logits, as Gemma 2 has them (arXiv:2408.00118): cap·tanh(x / cap) stays within ±cap. */
import { elementwise, kernel, linearGroups } from "../device/device.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { record } from "./tape.ts";
import forwardWgsl from "../../kernels/softcap_forward.wgsl" with { type: "text" };
import backwardWgsl from "../../kernels/softcap_backward.wgsl" with { type: "text" };

export const softcapForward = kernel({
  name: "softcap_forward",
  params: { n: "u32", cap: "f32" },
  bindings: ["real in", "real out"],
  wgsl: forwardWgsl,
  cpu: elementwise("softcap_forward"),
  workgroups: ({ n }) => linearGroups(n),
  reference([x, y], { n, cap }) {
    for (let i = 0; i < n; i++) y[i] = cap * Math.tanh(x[i] / cap);
  },
});

export const softcapBackward = kernel({
  name: "softcap_backward",
  params: { n: "u32", cap: "f32" },
  bindings: ["real in", "real in", "real out"],
  wgsl: backwardWgsl,
  cpu: elementwise("softcap_backward"),
  workgroups: ({ n }) => linearGroups(n),
  reference([y, dy, dx], { n, cap }) {
    for (let i = 0; i < n; i++) dx[i] = dy[i] * (1 - (y[i] / cap) ** 2);
  },
});

/** cap·tanh(x / cap), element by element. */
export function softcap(x: Tensor, cap: number): Tensor {
  const { device, size: n } = x;
  const y = empty(device, x.shape, x.dtype);
  device.dispatch(softcapForward, [x.buffer, y.buffer], { n, cap });
  return record({
    output: y,
    inputs: [x],
    saved: [y],
    backward(dy) {
      const dx = empty(device, x.shape, x.dtype);
      device.dispatch(softcapBackward, [y.buffer, dy.buffer, dx.buffer], { n, cap });
      return [dx];
    },
  });
}
