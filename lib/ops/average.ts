/** A moving average of the weights, and swapping the two. */
import { elementwise, kernel, linearGroups } from "../device/device.ts";
import type { Tensor } from "../tensor/tensor.ts";
import averageWgsl from "../../kernels/average.wgsl" with { type: "text" };
import swapWgsl from "../../kernels/swap.wgsl" with { type: "text" };

/** Written as a step towards the weight, so that an average that equals the weight does not change at all. */
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
 * The share of the newest weights in an exponential moving average (Polyak and Juditsky, 1992, weigh all steps alike).
 * The decay is min(decay, (1 + t) / (10 + t)): it starts low, so that the random start is soon forgotten, as in
 * TensorFlow's `tf.train.ExponentialMovingAverage` with `num_updates`.
 * @param t the number of this update, from 1
 */
export function newestShare(decay: number, t: number): number {
  return 1 - Math.min(decay, (1 + t) / (10 + t));
}

/** average ← (1 - share)·average + share·weight; weights beyond the average's size are not read. */
export function updateAverage(average: Tensor, weights: Tensor, share: number): void {
  const { device, size: n } = average;
  device.dispatch(averageKernel, [device.slice(weights.buffer, 0, 4 * n), average.buffer], { n, share });
}

/** Swaps the average and the weights, bit for bit. */
export function swapWeights(average: Tensor, weights: Tensor): void {
  const { device, size: n } = average;
  device.dispatch(swapKernel, [device.slice(weights.buffer, 0, 4 * n), average.buffer], { n });
}
