/** The AdamW optimizer over a model's arena: moments, gradient norm, clipping and the update. */
import type { OptimizerState } from "../checkpoint/checkpoint.ts";
import type { Weights } from "../checkpoint/safetensors.ts";
import type { Parameters } from "../model/parameters.ts";
import { arena } from "../model/parameters.ts";
import { adamwKernel } from "../ops/adamw.ts";
import { fill } from "../ops/fill.ts";
import { scaled, squaredNorm } from "../ops/sum.ts";
import { SCALING, updateScaling } from "../ops/update_scaling.ts";
import { type Tensor, upload } from "../tensor/tensor.ts";

/** The loss scale at the start, its bound, and the steps without an overflow after which it is doubled. */
const LOSS_SCALE = { start: 2 ** 16, highest: 2 ** 24, patience: 1000 };

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
  /** With mixed precision: what scales the updates, as `SCALING` lays it out. */
  readonly scaling: Tensor | null = null;

  /** @param parameters of a model that is mixed already, if it is to be trained with mixed precision */
  constructor(parameters: Parameters, options: AdamWOptions) {
    this.#parameters = parameters;
    this.#options = options;
    this.m = arena(parameters.device, parameters.trainedEnd);
    this.v = arena(parameters.device, parameters.trainedEnd);
    if (!parameters.mixed) return;
    this.scaling = arena(parameters.device, SCALING.size);
    this.scaling.device.write(this.scaling.buffer, this.#scaling(0, LOSS_SCALE.start));
  }

  /** What training goes on from, by the names that checkpoints give it. */
  get state(): OptimizerState {
    return [["m", this.m], ["v", this.v], ...this.scaling ? [["scaling", this.scaling] as const] : []];
  }

  /**
   * Goes on from a state that was saved after `t` updates. One without a scaling, as a run in float32 leaves it, has
   * that begin at its start.
   */
  restore(saved: Weights, t: number): void {
    for (const [name, { device, buffer }] of this.state) {
      const values = saved.get(name)?.data;
      if (values) device.write(buffer, values);
      else if (name === "scaling") device.write(buffer, this.#scaling(t, LOSS_SCALE.start));
    }
  }

  #scaling(t: number, scale: number): Float32Array {
    const { beta1, beta2 } = this.#options;
    const values = new Float32Array(SCALING.size);
    values[SCALING.next] = values[SCALING.current] = scale;
    values[SCALING.correction1] = 1 - beta1 ** t;
    values[SCALING.correction2] = 1 - beta2 ** t;
    return values;
  }

  /**
   * The gradient that a loss starts back-propagation with: its share in the step's loss, times the loss scale. Must
   * be called inside a scope.
   */
  lossGradient(share: number): Tensor {
    if (this.scaling) return scaled(this.scaling, share);
    return upload(this.#parameters.device, [1], Float32Array.of(share));
  }

  zeroGradients(): void {
    fill(this.#parameters.gradients, 0);
  }

  /**
   * One update from the gradients in the arena. Must be called inside a scope.
   * @param t the number of this update, from 1; with mixed precision those that were made are counted instead
   * @returns the squared norm of the gradients, multiplied by the loss scale as they are: a tensor of one element;
   * where it is not finite, no weight has changed
   */
  step(t: number, lr: number): Tensor {
    const { device, gradients, weights, decayEnd, trainedEnd } = this.#parameters;
    const { beta1, beta2, epsilon, weightDecay: decay, clip } = this.#options;
    const norm = squaredNorm(gradients);
    const scaling = this.scaling ?? upload(device, [SCALING.size], this.#scaling(t, 1));
    if (this.scaling) {
      const { patience, highest } = LOSS_SCALE;
      device.dispatch(updateScaling, [norm.buffer, scaling.buffer], { beta1, beta2, patience, highest });
    }
    const buffers = [gradients, norm, scaling, weights, this.m, this.v].map((tensor) => tensor.buffer);
    const options = { n: trainedEnd, decay_end: decayEnd, lr, beta1, beta2, epsilon, decay, clip };
    device.dispatch(adamwKernel, buffers, options);
    this.#parameters.refreshCopies();
    return norm;
  }
}
