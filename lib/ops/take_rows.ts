/** Picks rows of a tensor, so that later ops compute only the rows that are needed. */
import { empty, type Tensor, upload } from "../tensor/tensor.ts";
import { embeddingForward } from "./embedding.ts";
import { poolBackward } from "./pool.ts";
import { record } from "./tape.ts";

/**
 * @param x (..., C)
 * @param rows numbers of rows, from 0, all different
 * @returns (n, C), in the order of `rows`
 */
export function takeRows(x: Tensor, rows: Uint32Array): Tensor {
  const { device, width, dtype } = x;
  const out = empty(device, [rows.length, width], dtype);
  const lookUp = (from: Tensor, ids: Uint32Array, to: Tensor) => {
    const index = upload(device, [ids.length], ids);
    device.dispatch(embeddingForward, [index.buffer, from.buffer, to.buffer], { rows: ids.length, width });
  };
  lookUp(x, rows, out);
  return record({
    output: out,
    inputs: [x],
    saved: [],
    backward(dout) {
      // Each row of dx is the gradient of the row that it became; rows that were not taken get any row times 0.
      const places = new Uint32Array(x.rows), taken = new Float32Array(x.rows);
      rows.forEach((row, i) => (places[row] = i, taken[row] = 1));
      const spread = empty(device, x.shape, dtype), dx = empty(device, x.shape, dtype);
      lookUp(dout, places, spread);
      const weights = upload(device, [x.rows], taken);
      const buffers = [spread, weights, dx].map(({ buffer }) => buffer);
      device.dispatch(poolBackward, buffers, { rows: x.rows, time: 1, width });
      return [dx];
    },
  });
}
