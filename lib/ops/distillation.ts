/**
 * Learning from a teacher's distribution and the text at once (Hinton et al., arXiv:1503.02531). A row's loss is
 *
 *   (1 - w)·CE(text) + w·τ²·KL(q ‖ softmax(z / τ))
 *
 * where z are the student's logits, and q is the mean of softmax(t / τ) over the teachers' logits t. τ² makes the
 * gradients of both parts equally large at any temperature. The student's probabilities are never stored.
 */
import { IGNORED, RUN } from "../../kernels/cpu/assembly/constants.ts";
import { byRows, kernel, linearGroups } from "../device/device.ts";
import { empty, scope, type Tensor, upload } from "../tensor/tensor.ts";
import { ownOrCopy } from "./cross_entropy.ts";
import { sumKernel } from "./sum.ts";
import { record } from "./tape.ts";
import softTargetsWgsl from "../../kernels/soft_targets.wgsl" with { type: "text" };
import forwardWgsl from "../../kernels/distillation_forward.wgsl" with { type: "text" };
import backwardWgsl from "../../kernels/distillation_backward.wgsl" with { type: "text" };

/** Writes share·softmax(logits / temperature), or adds it; rows without a target are left unchanged. */
export const softTargetsKernel = kernel({
  name: "soft_targets",
  params: { rows: "u32", classes: "u32", accumulate: "u32", temperature: "f32", share: "f32" },
  bindings: ["real in", "u32 in", "real inout"],
  wgsl: softTargetsWgsl,
  constants: { IGNORED },
  cpu: { ...byRows("soft_targets"), scratch: () => RUN * 4 },
  workgroups: ({ rows }) => [rows],
  reference([logits, targets, soft], { rows, classes, accumulate, temperature, share }) {
    for (let r = 0; r < rows; r++) {
      if (targets[r] === IGNORED) continue;
      const row = logits.subarray(r * classes, (r + 1) * classes);
      const lse = logSumExp(row, temperature);
      for (let c = 0; c < classes; c++) {
        const i = r * classes + c;
        soft[i] = (accumulate ? soft[i] : 0) + share * Math.exp(row[c] / temperature - lse);
      }
    }
  },
});

/** Computes each row's loss, and log Σ exp(z) and log Σ exp(z / temperature) for the backward pass. */
export const distillationForward = kernel({
  name: "distillation_forward",
  params: { rows: "u32", classes: "u32", temperature: "f32", weight: "f32" },
  bindings: ["real in", "real in", "u32 in", "f32 out", "f32 out"],
  wgsl: forwardWgsl,
  constants: { IGNORED },
  cpu: { ...byRows("distillation_forward"), scratch: () => RUN * 4 },
  workgroups: ({ rows }) => [rows],
  reference([logits, soft, targets, losses, lses], { rows, classes, temperature, weight }) {
    for (let r = 0; r < rows; r++) {
      losses[r] = lses[2 * r] = lses[2 * r + 1] = 0;
      if (targets[r] === IGNORED) continue;
      const row = logits.subarray(r * classes, (r + 1) * classes);
      const plain = lses[2 * r] = logSumExp(row, 1), soften = lses[2 * r + 1] = logSumExp(row, temperature);
      let divergence = 0;
      for (let c = 0; c < classes; c++) {
        const q = soft[r * classes + c];
        if (q > 0) divergence += q * (Math.log(q) - (row[c] / temperature - soften));
      }
      losses[r] = (1 - weight) * (plain - row[targets[r]]) + weight * temperature ** 2 * divergence;
    }
  },
});

/** Replaces logits by their gradients, in place. */
export const distillationBackward = kernel({
  name: "distillation_backward",
  params: { rows: "u32", classes: "u32", temperature: "f32", weight: "f32", scale: "f32" },
  bindings: ["real inout", "real in", "u32 in", "f32 in", "f32 in"],
  wgsl: backwardWgsl,
  constants: { IGNORED },
  cpu: byRows("distillation_backward"),
  workgroups: ({ rows, classes }) => linearGroups(rows * classes),
  reference([logits, soft, targets, lses, dloss], { rows, classes, temperature, weight, scale }) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < classes; c++) {
        const i = r * classes + c, z = logits[i];
        logits[i] = 0;
        if (targets[r] === IGNORED) continue;
        const text = Math.exp(z - lses[2 * r]) - Number(targets[r] === c);
        const teacher = Math.exp(z / temperature - lses[2 * r + 1]) - soft[i];
        logits[i] = ((1 - weight) * text + weight * temperature * teacher) * scale * dloss[0];
      }
    }
  },
});

/** log Σ exp(x / temperature) */
function logSumExp(x: Float32Array | Float64Array, temperature: number): number {
  let top = -Infinity, sum = 0;
  for (const value of x) top = Math.max(top, value);
  for (const value of x) sum += Math.exp((value - top) / temperature);
  return top / temperature + Math.log(sum);
}

/**
 * The mean of the teachers' distributions at a temperature.
 * @param teachers each computes its logits (..., V), which are freed before the next teacher's are computed
 * @param targets one class per row, or IGNORED: the result's row is then undefined
 * @returns (..., V)
 */
export function softTargets(
  teachers: readonly (() => Tensor)[],
  targets: Uint32Array,
  temperature: number,
): Tensor {
  let soft: Tensor | undefined;
  for (const teacher of teachers) {
    soft = scope(() => {
      const logits = teacher();
      const { device, rows, width: classes } = logits;
      const sum = soft ?? empty(device, logits.shape, logits.dtype);
      const buffers = [logits, upload(device, [rows], targets), sum].map((t) => t.buffer);
      const [accumulate, share] = [Number(soft !== undefined), 1 / teachers.length];
      device.dispatch(softTargetsKernel, buffers, { rows, classes, accumulate, temperature, share });
      return sum;
    });
  }
  return soft!;
}

export interface DistillationOptions {
  /** τ, which softens both distributions. */
  readonly temperature: number;
  /** w, the teacher's share of the loss: from 0, the text alone, to 1, the teacher alone. */
  readonly weight: number;
}

/**
 * The mean loss over the rows that have a target.
 * @param logits (..., V), the student's
 * @param targets one class per row, or IGNORED
 * @param soft (..., V), the result of `softTargets` at the same temperature
 * @returns the mean, a tensor of one element; 0 when every target is ignored
 */
export function distillation(
  logits: Tensor,
  targets: Uint32Array,
  soft: Tensor,
  { temperature, weight }: DistillationOptions,
): Tensor {
  const { device, rows, width: classes } = logits;
  const wanted = upload(device, [rows], targets);
  const losses = empty(device, [rows]);
  const lses = empty(device, [rows, 2]);
  const loss = empty(device, [1]);
  const counted = targets.reduce((n, t) => n + Number(t !== IGNORED), 0);
  const scale = counted > 0 ? 1 / counted : 0;
  const args = { rows, classes, temperature, weight };
  const buffers = [logits, soft, wanted, losses, lses].map((t) => t.buffer);
  device.dispatch(distillationForward, buffers, args);
  device.dispatch(sumKernel, [losses.buffer, loss.buffer], { n: rows, scale });
  return record({
    output: loss,
    inputs: [logits],
    saved: [logits, soft, wanted, lses],
    backward(dloss) {
      const d = ownOrCopy(logits);
      const buffers = [d, soft, wanted, lses, dloss].map((t) => t.buffer);
      device.dispatch(distillationBackward, buffers, { ...args, scale });
      return [d];
    },
  });
}
