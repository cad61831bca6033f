/** Sums over a whole tensor, in a fixed order. */
import { RUN } from "../../kernels/cpu/assembly/constants.ts";
import { elementwise, kernel } from "../device/device.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import sumWgsl from "../../kernels/sum.wgsl" with { type: "text" };
import sumSquaresWgsl from "../../kernels/sum_squares.wgsl" with { type: "text" };

export const sumKernel = kernel({
  name: "sum",
  params: { n: "u32", scale: "f32" },
  bindings: ["f32 in", "f32 out"],
  wgsl: sumWgsl,
  cpu: { name: "sum", tasks: () => 1 },
  workgroups: () => [1],
  reference([x, out], { n, scale }) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += x[i];
    out[0] = sum * scale;
  },
});

export const sumSquares = kernel({
  name: "sum_squares",
  params: { n: "u32" },
  bindings: ["f32 in", "f32 out"],
  wgsl: sumSquaresWgsl,
  constants: { RUN },
  cpu: elementwise("sum_squares"),
  workgroups: ({ n }) => [Math.ceil(n / RUN)],
  reference([x, out], { n }) {
    for (let run = 0; run * RUN < n; run++) {
      let sum = 0;
      for (let i = run * RUN; i < Math.min(n, (run + 1) * RUN); i++) sum += x[i] * x[i];
      out[run] = sum;
    }
  },
});

/** Σ x², a tensor of one element. */
export function squaredNorm(x: Tensor): Tensor {
  const { device, size: n } = x;
  const runs = Math.ceil(n / RUN);
  const partial = empty(device, [runs]);
  const out = empty(device, [1]);
  device.dispatch(sumSquares, [x.buffer, partial.buffer], { n });
  device.dispatch(sumKernel, [partial.buffer, out.buffer], { n: runs, scale: 1 });
  return out;
}

/** The first element, times a factor: a tensor of one element. */
export function scaled({ device, buffer }: Tensor, factor: number): Tensor {
  const out = empty(device, [1]);
  device.dispatch(sumKernel, [buffer, out.buffer], { n: 1, scale: factor });
  return out;
}
