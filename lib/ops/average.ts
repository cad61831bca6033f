/** A moving average of weights, and its exchange with them. */
import { elementwise, kernel, linearGroups } from "../device/device.ts";
import type { Tensor } from "../tensor/tensor.ts";
import averageWgsl from "../../kernels/average.wgsl" with { type: "text" };
import swapWgsl from "../../kernels/swap.wgsl" with { type: "text" };

/** As a step towards the weight, so that an average that equals it stays exactly so. */
export const averageKernel = kernel({
  name: "average",
  params: { n: "u32", share: "f32" },
  bindings: ["f32 in", "f32 inout"],
  wgsl: averageWgsl,
  cpu: elementwise("average"),
  workgroups: ({ n }) => linearGroups(n),
  reference([weight, average], { n, share }) {
    for (let i = 0; i < n; i++) average[i] += share * (weight[i] - average[i]);
  },
});

export const swapKernel = kernel({
  name: "swap",
  params: { n: "u32" },
  bindings: ["f32 inout", "f32 inout"],
  wgsl: swapWgsl,
  cpu: elementwise("swap"),
  workgroups: ({ n }) => linearGroups(n),
  reference([a, b], { n }) {
    for (let i = 0; i < n; i++) [a[i], b[i]] = [b[i], a[i]];
  },
});

/**
 * The share of the newest weights in an exponential moving average (Polyak and Juditsky, 1992, average all steps alike).
 * The decay starts low and rises to `decay`, so that the random start is soon forgotten: min(decay, (1 + t) / (10 + t)),
 * as TensorFlow's `tf.train.ExponentialMovingAverage` has it with `num_updates`.
 * @param t the number of this update, from 1
 */
export function newestShare(decay: number, t: number): number {
  return 1 - Math.min(decay, (1 + t) / (10 + t));
}

/** average ← (1 - share)·average + share·weight, over the numbers that the average has. */
export function updateAverage(average: Tensor, weights: Tensor, share: number): void {
  const { device, size: n } = average;
  device.dispatch(averageKernel, [device.slice(weights.buffer, 0, 4 * n), average.buffer], { n, share });
}

/** Exchanges the average and the weights that it is of, exactly. */
export function swapWeights(average: Tensor, weights: Tensor): void {
  const { device, size: n } = average;
  device.dispatch(swapKernel, [device.slice(weights.buffer, 0, 4 * n), average.buffer], { n });
}
