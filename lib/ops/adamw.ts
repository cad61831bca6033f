/** AdamW (Loshchilov and Hutter, arXiv:1711.05101) over a range of a parameter arena. */
import { elementwise, kernel, linearGroups } from "../device/device.ts";
import { SCALING, scalingWgsl } from "./update_scaling.ts";
import adamwWgsl from "../../kernels/adamw.wgsl" with { type: "text" };

export const adamwKernel = kernel({
  name: "adamw",
  params: {
    n: "u32",
    lr: "f32",
    beta1: "f32",
    beta2: "f32",
    epsilon: "f32",
    decay: "f32",
    clip: "f32",
  },
  bindings: ["f32 in", "f32 in", "f32 in", "f32 inout", "f32 inout", "f32 inout"],
  wgsl: adamwWgsl + scalingWgsl,
  cpu: elementwise("adamw"),
  workgroups: ({ n }) => linearGroups(n),
  reference([gradient, squaredNorm, scaling, weight, m, v], a) {
    const gradientScale = scaling[SCALING.current];
    const [correction1, correction2] = [scaling[SCALING.correction1], scaling[SCALING.correction2]];
    const norm = Math.sqrt(squaredNorm[0]) / gradientScale;
    if (!(norm < 3e38)) return;
    const scale = (a.clip > 0 ? Math.min(1, a.clip / (norm + 1e-6)) : 1) / gradientScale;
    for (let i = 0; i < a.n; i++) {
      const g = gradient[i] * scale;
      m[i] = a.beta1 * m[i] + (1 - a.beta1) * g;
      v[i] = a.beta2 * v[i] + (1 - a.beta2) * g * g;
      const step = (m[i] / correction1) / (Math.sqrt(v[i] / correction2) + a.epsilon);
      weight[i] -= a.lr * (step + a.decay * weight[i]);
    }
  },
});
