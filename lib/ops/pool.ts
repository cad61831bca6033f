/** Pools the states of a sequence's tokens into one, for classification and embeddings. */
import { byRows, kernel, linearGroups } from "../device/device.ts";
import { empty, type Tensor, upload } from "../tensor/tensor.ts";
import { record } from "./tape.ts";
import forwardWgsl from "../../kernels/pool_forward.wgsl" with { type: "text" };
import backwardWgsl from "../../kernels/pool_backward.wgsl" with { type: "text" };

export const poolForward = kernel({
  name: "pool_forward",
  params: { rows: "u32", time: "u32", width: "u32" },
  bindings: ["real in", "f32 in", "real out"],
  wgsl: forwardWgsl,
  cpu: byRows("pool_forward"),
  workgroups: ({ rows, width }) => linearGroups(rows * width),
  reference([x, weights, out], { rows, time, width }) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < width; c++) {
        let sum = 0;
        for (let t = 0; t < time; t++) sum += weights[r * time + t] * x[(r * time + t) * width + c];
        out[r * width + c] = sum;
      }
    }
  },
});

export const poolBackward = kernel({
  name: "pool_backward",
  params: { rows: "u32", time: "u32", width: "u32" },
  bindings: ["real in", "f32 in", "real out"],
  wgsl: backwardWgsl,
  cpu: byRows("pool_backward"),
  workgroups: ({ rows, width }) => linearGroups(rows * width),
  reference([dout, weights, dx], { rows, time, width }) {
    for (let r = 0; r < rows; r++) {
      const from = Math.floor(r / time) * width;
      for (let c = 0; c < width; c++) dx[r * width + c] = weights[r] * dout[from + c];
    }
  },
});

/**
 * out[b] = Σ_t weights[b, t] · x[b, t]. A single weight of 1 picks one position; equal weights take the mean.
 * @param x (B, T, C)
 * @param weights B·T constants
 * @returns (B, C)
 */
export function pool(x: Tensor, weights: Float32Array): Tensor {
  const { device, shape: [batch, time, width] } = x;
  const w = upload(device, [batch, time], weights);
  const out = empty(device, [batch, width], x.dtype);
  device.dispatch(poolForward, [x.buffer, w.buffer, out.buffer], { rows: batch, time, width });
  return record({
    output: out,
    inputs: [x],
    saved: [w],
    backward(dout) {
      const dx = empty(device, x.shape, x.dtype);
      device.dispatch(poolBackward, [dout.buffer, w.buffer, dx.buffer], { rows: batch * time, time, width });
      return [dx];
    },
  });
}
