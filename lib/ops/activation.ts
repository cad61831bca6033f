/**
 * Activations of MLPs, element by element, with their slopes: for products that they are not fused with, such as one
 * to which an adapter was added. linear.ts has the fused ones.
 */
import { elementwise, kernel, linearGroups } from "../device/device.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { record } from "./tape.ts";
import activateWgsl from "../../kernels/activate.wgsl" with { type: "text" };
import geluWgsl from "../../kernels/gelu.wgsl" with { type: "text" };
import multiplyWgsl from "../../kernels/multiply.wgsl" with { type: "text" };
import relu2Wgsl from "../../kernels/relu2.wgsl" with { type: "text" };

export interface Activation {
  /** Defines the WGSL function `activated`, which computes both. */
  readonly wgsl: string;
  value(u: number): [y: number, slope: number];
}

const A = Math.sqrt(2 / Math.PI), B = 0.044715;

export const activations = {
  /** GELU in its tanh form (Hendrycks and Gimpel, arXiv:1606.08415). */
  gelu: {
    wgsl: geluWgsl,
    value(u) {
      const t = Math.tanh(A * (u + B * u * u * u));
      return [0.5 * u * (1 + t), 0.5 * (1 + t) + 0.5 * u * (1 - t * t) * A * (1 + 3 * B * u * u)];
    },
  },
  /** ReLU², max(u, 0)² (So et al., arXiv:2109.08668). */
  relu2: { wgsl: relu2Wgsl, value: (u) => [Math.max(u, 0) ** 2, 2 * Math.max(u, 0)] },
} as const satisfies Record<string, Activation>;

function activateKernel(name: string, { wgsl, value }: Activation) {
  return kernel({
    name,
    params: { n: "u32" },
    bindings: ["real in", "real out", "real out"],
    wgsl: wgsl + activateWgsl,
    cpu: elementwise(name),
    workgroups: ({ n }) => linearGroups(n),
    reference([u, y, slope], { n }) {
      for (let i = 0; i < n; i++) [y[i], slope[i]] = value(u[i]);
    },
  });
}

export const activateGelu = activateKernel("activate_gelu", activations.gelu);
export const activateRelu2 = activateKernel("activate_relu2", activations.relu2);
const kernels = { gelu: activateGelu, relu2: activateRelu2 } as const;

/** out = a ⊙ b */
export const multiplyKernel = kernel({
  name: "multiply",
  params: { n: "u32" },
  bindings: ["real in", "real in", "real out"],
  wgsl: multiplyWgsl,
  cpu: elementwise("multiply"),
  workgroups: ({ n }) => linearGroups(n),
  reference([a, b, out], { n }) {
    for (let i = 0; i < n; i++) out[i] = a[i] * b[i];
  },
});

/** f(u), of the same shape. */
export function activate(u: Tensor, activation: keyof typeof activations): Tensor {
  const { device, shape, dtype, size: n } = u;
  const [y, slope] = [empty(device, shape, dtype), empty(device, shape, dtype)];
  device.dispatch(kernels[activation], [u.buffer, y.buffer, slope.buffer], { n });
  return record({
    output: y,
    inputs: [u],
    saved: [slope],
    backward(dy) {
      const du = empty(device, shape, dtype);
      device.dispatch(multiplyKernel, [dy.buffer, slope.buffer, du.buffer], { n });
      return [du];
    },
  });
}
