/** Table look-up: token and position embeddings. */
import { byRows, kernel, linearGroups } from "../device/device.ts";
import { empty, type Parameter, type Tensor, upload } from "../tensor/tensor.ts";
import { record } from "./tape.ts";
import forwardWgsl from "../../kernels/embedding_forward.wgsl" with { type: "text" };
import backwardWgsl from "../../kernels/embedding_backward.wgsl" with { type: "text" };

export const embeddingForward = kernel({
  name: "embedding_forward",
  params: { rows: "u32", width: "u32" },
  bindings: ["u32 in", "f32 in", "f32 out"],
  wgsl: forwardWgsl,
  cpu: byRows("embedding_forward"),
  workgroups: ({ rows, width }) => linearGroups(rows * width),
  reference([ids, weight, out], { rows, width }) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < width; c++) out[r * width + c] = weight[ids[r] * width + c];
    }
  },
});

export const embeddingBackward = kernel({
  name: "embedding_backward",
  params: { distinct: "u32", width: "u32", ids: "u32", starts: "u32" },
  bindings: ["u32 in", "f32 in", "f32 inout"],
  wgsl: backwardWgsl,
  cpu: { name: "embedding_backward", tasks: ({ distinct }) => distinct },
  workgroups: ({ distinct, width }) => linearGroups(distinct * width),
  reference([places, dout, dweight], { distinct, width, ids, starts }) {
    for (let u = 0; u < distinct; u++) {
      const target = places[ids + u] * width;
      for (let c = 0; c < width; c++) {
        let sum = 0;
        for (let at = places[starts + u]; at < places[starts + u + 1]; at++) {
          sum += dout[places[at] * width + c];
        }
        dweight[target + c] += sum;
      }
    }
  },
});

/**
 * The rows sorted by the id they used, so that each id's gradient is summed by one owner in one order:
 * all rows, then the start of each distinct id's run (and the end of the last), then the distinct ids.
 */
export function scatterPlan(ids: Uint32Array) {
  const rows = Uint32Array.from(ids.keys()).sort((a, b) => ids[a] - ids[b] || a - b);
  const runs: number[] = [], distinct: number[] = [];
  rows.forEach((row, at) => {
    if (at === 0 || ids[row] !== distinct.at(-1)) {
      runs.push(at);
      distinct.push(ids[row]);
    }
  });
  runs.push(rows.length);
  const places = new Uint32Array(rows.length + runs.length + distinct.length);
  places.set(rows);
  places.set(runs, rows.length);
  places.set(distinct, rows.length + runs.length);
  return {
    places,
    args: { distinct: distinct.length, starts: rows.length, ids: rows.length + runs.length },
  };
}

/**
 * Looks up rows of `weight` (V, C).
 * @param ids row numbers below V, as many as the product of `shape`
 * @returns (...shape, C)
 */
export function embedding(weight: Parameter, ids: Uint32Array, shape: readonly number[]): Tensor {
  const { device, width } = weight;
  const index = upload(device, [ids.length], ids);
  const out = empty(device, [...shape, width]);
  device.dispatch(embeddingForward, [index.buffer, weight.buffer, out.buffer], { rows: ids.length, width });
  return record({
    output: out,
    inputs: [weight],
    saved: [],
    backward(dout) {
      if (!weight.grad) return [null];
      const { places, args } = scatterPlan(ids);
      const plan = upload(device, [places.length], places);
      device.dispatch(embeddingBackward, [plan.buffer, dout.buffer, weight.grad.buffer], { width, ...args });
      return [null];
    },
  });
}
