/** The AdamW optimizer over a model's arena: moments, gradient norm, clipping and the update. */
import type { Parameters } from "../nn/parameters.ts";
import { arena } from "../nn/parameters.ts";
import { adamwKernel } from "../ops/adamw.ts";
import { fill } from "../ops/fill.ts";
import { squaredNorm } from "../ops/sum.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Applies to tensors of two dimensions, embeddings included. */
  readonly weightDecay: number;
  /** The global gradient norm is scaled down to this; 0 for no clipping. */
  readonly clip: number;
}

export class AdamW {
  readonly #parameters: Parameters;
  readonly #options: AdamWOptions;
  /** First and second moments, laid out as the gradients. */
  readonly m: Tensor;
  readonly v: Tensor;

  constructor(parameters: Parameters, options: AdamWOptions) {
    this.#parameters = parameters;
    this.#options = options;
    this.m = arena(parameters.device, parameters.trainedEnd);
    this.v = arena(parameters.device, parameters.trainedEnd);
  }

  zeroGradients(): void {
    fill(this.#parameters.gradients, 0);
  }

  /**
   * One update from the gradients in the arena. Must be called inside a scope.
   * @param t the number of this update, from 1
   * @param scale what the loss was multiplied by, and the gradients so are
   * @returns the squared norm of those gradients, a tensor of one element; where it is not finite, no weight
   * has changed
   */
  step(t: number, lr: number, scale = 1): Tensor {
    const { device, gradients, weights, decayEnd, trainedEnd } = this.#parameters;
    const { beta1, beta2, epsilon, weightDecay, clip } = this.#options;
    const norm = squaredNorm(gradients);
    const buffers = [gradients, norm, weights, this.m, this.v].map((tensor) => tensor.buffer);
    device.dispatch(adamwKernel, buffers, {
      n: trainedEnd,
      decay_end: decayEnd,
      lr,
      beta1,
      beta2,
      epsilon,
      decay: weightDecay,
      clip,
      gradient_scale: scale,
      correction1: 1 - beta1 ** t,
      correction2: 1 - beta2 ** t,
    });
    this.#parameters.refreshCopies();
    return norm;
  }
}
