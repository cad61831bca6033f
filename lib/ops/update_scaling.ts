/**
 * The scaling of an update: AdamW's corrections for moments that start at zero, and the loss scale of mixed precision.
 * It is kept on the device, so that no step has to wait for the outcome of the step before.
 *
 * The loss is multiplied by the loss scale so that small gradients do not vanish in float16, whose smallest positive
 * number is 6e-8: Micikevicius et al., "Mixed Precision Training", arXiv:1710.03740, section 3.2. The scale is kept as
 * large as possible: when a gradient overflows, it is halved, and that step changes nothing and is not counted; after
 * a while without overflow, it is doubled.
 */
import { kernel } from "../device/device.ts";
import scalingWgsl from "../../kernels/scaling.wgsl" with { type: "text" };
import updateWgsl from "../../kernels/update_scaling.wgsl" with { type: "text" };

/** Indices of a scaling's floats. Scales are powers of two, which do not round gradients that stay in range. */
export const SCALING = {
  /** The factor of the next step's loss. It comes first, so that it can be read as a tensor of one element. */
  next: 0,
  /** The factor that this step's gradients were multiplied by. */
  current: 1,
  /** 1 - β1^t and 1 - β2^t, where t is the number of updates made. */
  correction1: 2,
  correction2: 3,
  /** Steps without overflow since the scale last changed. */
  sound: 4,
  size: 5,
} as const;

export { scalingWgsl };

export const updateScaling = kernel({
  name: "update_scaling",
  params: { beta1: "f32", beta2: "f32", patience: "f32", highest: "f32" },
  bindings: ["f32 in", "f32 inout"],
  wgsl: updateWgsl + scalingWgsl,
  workgroups: () => [1],
  reference([squaredNorm, scaling], { beta1, beta2, patience, highest }) {
    const { next, current, correction1, correction2, sound } = SCALING;
    const scale = scaling[current] = scaling[next];
    if (!(Math.sqrt(squaredNorm[0]) / scale < 3e38)) {
      scaling[next] = Math.max(1, scale / 2);
      scaling[sound] = 0;
      return;
    }
    // A moving average of ones, with the same decay as the moments: it gives 1 - β^t.
    scaling[correction1] = beta1 * scaling[correction1] + (1 - beta1);
    scaling[correction2] = beta2 * scaling[correction2] + (1 - beta2);
    if (++scaling[sound] < patience) return;
    scaling[next] = Math.min(highest, 2 * scale);
    scaling[sound] = 0;
  },
});
