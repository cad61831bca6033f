/** Sums over rows: the gradient of everything that was broadcast over rows, such as a bias. */
import { byColumns, kernel, linearGroups } from "../device/device.ts";
import type { Tensor } from "../tensor/tensor.ts";
import parts from "../../kernels/column_parts.wgsl" with { type: "text" };
import wgsl from "../../kernels/column_sum.wgsl" with { type: "text" };

type Sizes = { readonly rows: number; readonly width: number };

/** Workgroups that a GPU should have for a sum: about two for each of its processors. */
const ENOUGH = 256;
/** Rows that are worth a workgroup of their own. */
const PART = 64;

/** Parts that the rows are split into, so that few columns keep a GPU busy. */
function splits({ rows, width }: Sizes): number {
  return Math.max(1, Math.min(Math.ceil(rows / PART), Math.floor(ENOUGH / Math.ceil(width / 64))));
}

/**
 * The shaders of a kernel that adds sums over rows to its second buffer, and which of them its sizes ask for.
 * `text` writes the sums of one part of the rows to that buffer's place if its override SPLIT is set.
 */
export function columnShaders(name: string, text: string) {
  const bytes = (a: Sizes) => splits(a) * a.width * 4;
  const whole = [{ name, wgsl: text, workgroups: ({ width }: Sizes): [number] => [Math.ceil(width / 64)] }];
  const split = [
    {
      name: `${name}_split`,
      wgsl: text,
      constants: { SPLIT: 1 },
      workgroups: (a: Sizes): [number, number] => [Math.ceil(a.width / 64), splits(a)],
      scratch: { at: 1, bytes },
    },
    {
      name: `${name}_parts`,
      wgsl: parts,
      workgroups: ({ width }: Sizes) => linearGroups(width),
      scratch: { at: 0, bytes },
    },
  ];
  return {
    ...whole[0],
    shaders: [...whole, ...split],
    plan: (a: Sizes) => splits(a) > 1 ? split : whole,
  };
}

export const columnSum = kernel({
  ...columnShaders("column_sum", wgsl),
  params: { rows: "u32", width: "u32" },
  bindings: ["real in", "f32 inout"],
  cpu: byColumns("column_sum"),
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
