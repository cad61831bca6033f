/** Float16 copies of float32 tensors, for mixed precision. */
import { kernel, linearGroups } from "../device/device.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import wgsl from "../../kernels/halve.wgsl" with { type: "text" };

export const halveKernel = kernel({
  name: "halve",
  params: { n: "u32" },
  bindings: ["f32 in", "real out"],
  wgsl,
  workgroups: ({ n }) => linearGroups(n),
  reference([x, out], { n }) {
    for (let i = 0; i < n; i++) out[i] = x[i];
  },
});

/** out = x, rounded to the dtype of `out`. */
export function halve(x: Tensor, out: Tensor): void {
  x.device.dispatch(halveKernel, [x.buffer, out.buffer], { n: x.size });
}

/** A float16 copy. */
export function halved(x: Tensor): Tensor {
  const out = empty(x.device, x.shape, "f16");
  halve(x, out);
  return out;
}
