/**
 * What scales an update, kept on the device, so that no step has to wait for what became of the one before:
 * AdamW's corrections for moments that start at zero, and with mixed precision the loss scale.
 *
 * The loss is multiplied by the scale so that small gradients do not vanish in float16, whose least number is
 * 6e-8: Micikevicius et al., "Mixed Precision Training", arXiv:1710.03740, section 3.2. The scale is as large as
 * gradients allow: halved when one overflows, whose step then changes nothing and counts for nothing, and
 * doubled after a while without that.
 */
import { kernel } from "../device/device.ts";
import scalingWgsl from "../../kernels/scaling.wgsl" with { type: "text" };
import updateWgsl from "../../kernels/update_scaling.wgsl" with { type: "text" };

/** The floats of a scaling, by place. The scales are powers of two, which change no digit of a gradient that fits. */
export const SCALING = {
  /** What the next step's loss is multiplied by. First, so that it is read as a tensor of one element. */
  next: 0,
  /** What the gradients of this step were multiplied by. */
  current: 1,
  /** 1 - β1^t and 1 - β2^t, where t counts the updates that were made. */
  correction1: 2,
  correction2: 3,
  /** Steps since the scale changed. */
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
    // The moving average of ones, as the moments are those of gradients.
    scaling[correction1] = beta1 * scaling[correction1] + (1 - beta1);
    scaling[correction2] = beta2 * scaling[correction2] + (1 - beta2);
    if (++scaling[sound] < patience) return;
    scaling[next] = Math.min(highest, 2 * scale);
    scaling[sound] = 0;
  },
});
