/** AdamW (Loshchilov and Hutter, arXiv:1711.05101) over a parameter arena, one dispatch a step. */
import { elementwise, kernel, linearGroups } from "../device/device.ts";
import wgsl from "../../kernels/adamw.wgsl" with { type: "text" };

export const adamwKernel = kernel({
  name: "adamw",
  params: {
    n: "u32",
    decay_end: "u32",
    lr: "f32",
    beta1: "f32",
    beta2: "f32",
    epsilon: "f32",
    decay: "f32",
    clip: "f32",
    gradient_scale: "f32",
    correction1: "f32",
    correction2: "f32",
  },
  bindings: ["f32 in", "f32 in", "f32 inout", "f32 inout", "f32 inout"],
  wgsl,
  cpu: elementwise("adamw"),
  workgroups: ({ n }) => linearGroups(n),
  reference([gradient, squaredNorm, weight, m, v], a) {
    const norm = Math.sqrt(squaredNorm[0]) / a.gradient_scale;
    if (!(norm < 3e38)) return;
    const scale = (a.clip > 0 ? Math.min(1, a.clip / (norm + 1e-6)) : 1) / a.gradient_scale;
    for (let i = 0; i < a.n; i++) {
      const g = gradient[i] * scale;
      m[i] = a.beta1 * m[i] + (1 - a.beta1) * g;
      v[i] = a.beta2 * v[i] + (1 - a.beta2) * g * g;
      const step = (m[i] / a.correction1) / (Math.sqrt(v[i] / a.correction2) + a.epsilon);
      weight[i] -= a.lr * (step + (i < a.decay_end ? a.decay * weight[i] : 0));
    }
  },
});
