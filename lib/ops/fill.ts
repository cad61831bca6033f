/** Setting a tensor to one value: gradients are zeroed before every step. */
import { elementwise, kernel, linearGroups } from "../device/device.ts";
import type { Tensor } from "../tensor/tensor.ts";
import wgsl from "../../kernels/fill.wgsl" with { type: "text" };

export const fillKernel = kernel({
  name: "fill",
  params: { n: "u32", value: "f32" },
  bindings: ["real out"],
  wgsl,
  cpu: elementwise("fill"),
  workgroups: ({ n }) => linearGroups(n),
  reference([out], { n, value }) {
    out.fill(value, 0, n);
  },
});

export function fill(x: Tensor, value: number): void {
  x.device.dispatch(fillKernel, [x.buffer], { n: x.size, value });
}
