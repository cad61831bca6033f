/** Sums over rows: the gradient of everything that was broadcast over rows, such as a bias. */
import { byColumns, kernel } from "../device/device.ts";
import type { Tensor } from "../tensor/tensor.ts";
import wgsl from "../../kernels/column_sum.wgsl" with { type: "text" };

export const columnSum = kernel({
  name: "column_sum",
  params: { rows: "u32", width: "u32" },
  bindings: ["f32 in", "f32 inout"],
  wgsl,
  cpu: byColumns("column_sum"),
  workgroups: ({ width }) => [Math.ceil(width / 16)],
  reference([x, out], { rows, width }) {
    for (let c = 0; c < width; c++) {
      let sum = 0;
      for (let r = 0; r < rows; r++) sum += x[r * width + c];
      out[c] += sum;
    }
  },
});

/** out[c] += Σ_r x[r, c] */
export function addColumnSums(x: Tensor, out: Tensor): void {
  x.device.dispatch(columnSum, [x.buffer, out.buffer], { rows: x.rows, width: x.width });
}
