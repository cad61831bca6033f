/** Softmax and cross-entropy in one kernel, which never stores probabilities. */
import { IGNORED } from "../../kernels/cpu/assembly/constants.ts";
import { RUN } from "../../kernels/cpu/assembly/constants.ts";
import { byRows, kernel, linearGroups } from "../device/device.ts";
import { empty, type Tensor, upload } from "../tensor/tensor.ts";
import { fill } from "./fill.ts";
import { sumKernel } from "./sum.ts";
import { record, sum } from "./tape.ts";
import forwardWgsl from "../../kernels/cross_entropy_forward.wgsl" with { type: "text" };
import backwardWgsl from "../../kernels/cross_entropy_backward.wgsl" with { type: "text" };

export { IGNORED };

export const crossEntropyForward = kernel({
  name: "cross_entropy_forward",
  params: { rows: "u32", classes: "u32", weighted: "u32" },
  bindings: ["real in", "u32 in", "f32 in", "f32 out", "f32 out"],
  wgsl: forwardWgsl,
  constants: { IGNORED },
  cpu: { ...byRows("cross_entropy_forward"), scratch: () => RUN * 4 },
  workgroups: ({ rows }) => [rows],
  reference([logits, targets, weights, losses, lses], { rows, classes, weighted }) {
    for (let r = 0; r < rows; r++) {
      let top = -Infinity, sum = 0;
      for (let c = 0; c < classes; c++) top = Math.max(top, logits[r * classes + c]);
      for (let c = 0; c < classes; c++) sum += Math.exp(logits[r * classes + c] - top);
      lses[r] = top + Math.log(sum);
      const loss = targets[r] === IGNORED ? 0 : lses[r] - logits[r * classes + targets[r]];
      losses[r] = weighted ? weights[r] * loss : loss;
    }
  },
});

/** Replaces logits by their gradients, in place. */
export const crossEntropyBackward = kernel({
  name: "cross_entropy_backward",
  params: { rows: "u32", classes: "u32", weighted: "u32", scale: "f32" },
  bindings: ["real inout", "u32 in", "f32 in", "f32 in", "f32 in"],
  wgsl: backwardWgsl,
  constants: { IGNORED },
  cpu: byRows("cross_entropy_backward"),
  workgroups: ({ rows, classes }) => linearGroups(rows * classes),
  reference([logits, targets, weights, lses, dloss], { rows, classes, weighted, scale }) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < classes; c++) {
        const i = r * classes + c;
        const d = targets[r] === IGNORED ? 0 : Math.exp(logits[i] - lses[r]) - Number(targets[r] === c);
        logits[i] = d * scale * dloss[0] * (weighted ? weights[r] : 1);
      }
    }
  },
});

/**
 * -log softmax(logits)[target] of every row, 0 where the target is IGNORED.
 * @param logits (..., V)
 * @returns one loss per row, in float32
 */
export function tokenLosses(logits: Tensor, targets: Uint32Array): Tensor {
  const { device, rows, width: classes } = logits;
  const wanted = upload(device, [rows], targets);
  const losses = empty(device, [rows]);
  const lses = empty(device, [rows]);
  const buffers = [logits, wanted, wanted, losses, lses].map((t) => t.buffer);
  device.dispatch(crossEntropyForward, buffers, { rows, classes, weighted: 0 });
  return record({
    output: losses,
    inputs: [logits],
    saved: [logits, wanted, lses],
    backward(dlosses) {
      const d = ownOrCopy(logits), one = upload(device, [1], Float32Array.of(1));
      const buffers = [d, wanted, dlosses, lses, one].map((t) => t.buffer);
      device.dispatch(crossEntropyBackward, buffers, { rows, classes, weighted: 1, scale: 1 });
      return [d];
    },
  });
}

/**
 * The mean of -log softmax(logits)[target] over the rows that have a target, weighted if asked for.
 * @param logits (..., V)
 * @param targets one class per row, or IGNORED
 * @param weights one per row; the mean is then Σ weight·loss / Σ weight
 * @returns the mean, a tensor of one element; 0 when every target is ignored
 */
export function crossEntropy(logits: Tensor, targets: Uint32Array, weights?: Float32Array): Tensor {
  const { device, rows, width: classes } = logits;
  const wanted = upload(device, [rows], targets);
  // Without weights the kernels do not read that binding.
  const weight = weights ? upload(device, [rows], weights) : wanted;
  const weighted = weights ? 1 : 0;
  const losses = empty(device, [rows]);
  const lses = empty(device, [rows]);
  const loss = empty(device, [1]);
  const counted = targets.reduce((n, t, i) => n + (t === IGNORED ? 0 : weights?.[i] ?? 1), 0);
  const scale = counted > 0 ? 1 / counted : 0;
  const buffers = [logits, wanted, weight, losses, lses].map((t) => t.buffer);
  device.dispatch(crossEntropyForward, buffers, { rows, classes, weighted });
  device.dispatch(sumKernel, [losses.buffer, loss.buffer], { n: rows, scale });
  return record({
    output: loss,
    inputs: [logits],
    saved: [logits, wanted, weight, lses],
    backward(dloss) {
      const d = ownOrCopy(logits);
      const buffers = [d, wanted, weight, lses, dloss].map((t) => t.buffer);
      device.dispatch(crossEntropyBackward, buffers, { rows, classes, weighted, scale });
      return [d];
    },
  });
}

/**
 * The tensor that the gradients of x may be written to: x itself, or a copy if something else still holds x. With a
 * large vocabulary, logits are the largest tensor of all, so a copy is avoided.
 */
export function ownOrCopy(x: Tensor): Tensor {
  if (x.refs === 1) return x;
  const zeros = empty(x.device, x.shape, x.dtype);
  fill(zeros, 0);
  return sum(x, zeros);
}
