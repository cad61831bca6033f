/** Inverted dropout (Srivastava et al., 2014) with a counter-based mask: the same bits on every device. */
import { elementwise, kernel, linearGroups } from "../device/device.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { randomBits } from "../tensor/random.ts";
import { record } from "./tape.ts";
import wgsl from "../../kernels/dropout.wgsl" with { type: "text" };

export const dropoutKernel = kernel({
  name: "dropout",
  params: { n: "u32", seed: "u32", threshold: "u32", scale: "f32" },
  bindings: ["real in", "real out"],
  wgsl,
  cpu: elementwise("dropout"),
  workgroups: ({ n }) => linearGroups(n),
  reference([x, y], { n, seed, threshold, scale }) {
    for (let i = 0; i < n; i++) y[i] = randomBits(seed, i) >= threshold ? x[i] * scale : 0;
  },
});

/** An element is dropped if its random bits are below `threshold`; kept elements are multiplied by `scale`. */
export function dropoutArgs(rate: number): { threshold: number; scale: number } {
  return { threshold: Math.min(2 ** 32 - 1, Math.floor(rate * 2 ** 32)), scale: 1 / (1 - rate) };
}

/** @param rate the probability of dropping, in [0, 1) */
export function dropout(x: Tensor, rate: number, seed: number): Tensor {
  if (rate === 0) return x;
  const { device } = x;
  const args = { n: x.size, seed, ...dropoutArgs(rate) };
  const mask = (from: Tensor) => {
    const to = empty(device, x.shape, x.dtype);
    device.dispatch(dropoutKernel, [from.buffer, to.buffer], args);
    return to;
  };
  return record({ output: mask(x), inputs: [x], saved: [], backward: (dy) => [mask(dy)] });
}
