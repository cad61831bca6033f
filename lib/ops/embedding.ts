/** Table look-up: token and position embeddings. */
import { byRows, type DType, kernel, linearGroups } from "../device/device.ts";
import { empty, type Parameter, type Tensor, upload } from "../tensor/tensor.ts";
import { lookUpQuantised } from "./quantised.ts";
import { record } from "./tape.ts";
import forwardWgsl from "../../kernels/embedding_forward.wgsl" with { type: "text" };
import backwardWgsl from "../../kernels/embedding_backward.wgsl" with { type: "text" };

export const embeddingForward = kernel({
  name: "embedding_forward",
  params: { rows: "u32", width: "u32" },
  bindings: ["u32 in", "real in", "real out"],
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
  bindings: ["u32 in", "real in", "f32 inout"],
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
 * Sorts the rows by the id that they looked up, so that each id's gradient is summed by one task, in a fixed order.
 * Returns all rows, then the start of each distinct id's run (and the end of the last), then the distinct ids.
 */
export function scatterPlan(ids: Uint32Array, vocab: number) {
  // A counting sort is stable, so the rows of an id stay in order.
  const ends = new Uint32Array(vocab + 1);
  for (const id of ids) ends[id + 1]++;
  let distinct = 0;
  for (let id = 0; id < vocab; id++) {
    if (ends[id + 1] > 0) distinct++;
    ends[id + 1] += ends[id];
  }
  const rows = ids.length;
  const places = new Uint32Array(rows + 2 * distinct + 1);
  for (let id = 0, u = 0; id < vocab; id++) {
    if (ends[id + 1] === ends[id]) continue;
    places[rows + u] = ends[id];
    places[rows + distinct + 1 + u++] = id;
  }
  places[rows + distinct] = rows;
  for (let row = 0; row < rows; row++) places[ends[ids[row]]++] = row;
  return { places, args: { distinct, starts: rows, ids: rows + distinct + 1 } };
}

/**
 * Looks up rows of `weight` (V, C), which may be quantised.
 * @param ids row numbers below V, as many as the product of `shape`; ids in a tensor are on the device already, and
 *   have no gradient
 * @param dtype of the result; f16 reads the weight's copy
 * @returns (...shape, C)
 */
export function embedding(
  weight: Parameter,
  ids: Uint32Array | Tensor,
  shape: readonly number[],
  dtype: DType = "f32",
): Tensor {
  const { device, width } = weight;
  const index = ids instanceof Uint32Array ? upload(device, [ids.length], ids) : ids;
  const out = empty(device, [...shape, width], dtype);
  if (weight.blocks) {
    lookUpQuantised(weight, index, out);
    return out;
  }
  const buffers = [index.buffer, weight.like(out).buffer, out.buffer];
  device.dispatch(embeddingForward, buffers, { rows: index.size, width });
  return record({
    output: out,
    inputs: [weight],
    saved: [],
    backward(dout) {
      if (weight.grad) {
        if (!(ids instanceof Uint32Array)) throw new Error("ids on the device cannot be learned from");
        const { places, args } = scatterPlan(ids, weight.shape[0]);
        const plan = upload(device, [places.length], places);
        device.dispatch(embeddingBackward, [plan.buffer, dout.buffer, weight.grad.buffer], {
          width,
          ...args,
        });
      }
      return [null];
    },
  });
}
