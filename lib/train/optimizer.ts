/**
 * The optimizer over a model's arena: gradient norm, clipping and the update, by AdamW, or by Muon for the matrices of
 * blocks and AdamW for the rest.
 */
import type { Buffer } from "../device/device.ts";
import type { OptimizerState } from "../checkpoint/checkpoint.ts";
import type { Weights } from "../checkpoint/safetensors.ts";
import { arena, type Parameters, type ParameterSpec } from "../model/parameters.ts";
import { adamwKernel } from "../ops/adamw.ts";
import { fill } from "../ops/fill.ts";
import { type MuonStep, muonStep } from "../ops/muon.ts";
import { scaled, squaredNorm } from "../ops/sum.ts";
import { SCALING, updateScaling } from "../ops/update_scaling.ts";
import { scope, Tensor, upload } from "../tensor/tensor.ts";

/** The loss scale at the start, its bound, and the steps without an overflow after which it is doubled. */
const LOSS_SCALE = { start: 2 ** 16, highest: 2 ** 24, patience: 1000 };

export type Role = ParameterSpec["role"];

export interface RoleOptions {
  /** Factor of the learning rate. */
  readonly lr?: number | undefined;
  readonly weight_decay?: number | undefined;
}

export interface OptimizerOptions {
  readonly algorithm: "adamw" | "muon";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Applies to all but vectors. */
  readonly weightDecay: number;
  /** The global gradient norm is scaled down to this; 0 for no clipping. */
  readonly clip: number;
  /** What is other for parameters of a role. */
  readonly roles?: { readonly [R in Role]?: RoleOptions | undefined };
}

/** A range of the arena whose parameters are updated alike. */
interface Group {
  readonly algorithm: OptimizerOptions["algorithm"];
  /** Factor of the learning rate. */
  readonly rate: number;
  readonly decay: number;
  readonly specs: readonly ParameterSpec[];
  readonly start: number;
  readonly end: number;
}

/** What is trained, cut into as few groups as can be. */
function groupsOf(parameters: Parameters, { algorithm, weightDecay, roles = {} }: OptimizerOptions): Group[] {
  const groups: Group[] = [];
  for (const spec of parameters.specs) {
    const { start, end } = parameters.range(spec);
    if (start >= parameters.trainedEnd) break;
    const { role } = spec;
    const own = {
      algorithm: role === "matrix" ? algorithm : "adamw",
      rate: roles[role]?.lr ?? 1,
      decay: roles[role]?.weight_decay ?? (role === "vector" ? 0 : weightDecay),
    } as const;
    const before = groups.at(-1);
    const alike = before?.algorithm === own.algorithm && before.rate === own.rate &&
      before.decay === own.decay;
    if (alike) groups[groups.length - 1] = { ...before, specs: [...before.specs, spec], end };
    else groups.push({ ...own, specs: [spec], start, end });
  }
  return groups;
}

export class Optimizer {
  readonly #parameters: Parameters;
  readonly #options: OptimizerOptions;
  readonly #groups: readonly Group[];
  /** First and second moments, laid out as the gradients. Muon has the first only, its momentum. */
  readonly m: Tensor;
  readonly v: Tensor;
  /** With mixed precision: what scales the updates, as `SCALING` lays it out. */
  readonly scaling: Tensor | null = null;

  /** @param parameters of a model that is mixed already, if it is to be trained with mixed precision */
  constructor(parameters: Parameters, options: OptimizerOptions) {
    this.#parameters = parameters;
    this.#options = options;
    this.#groups = groupsOf(parameters, options);
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
   * @param decay factor of the weight decay
   * @returns the squared norm of the gradients, multiplied by the loss scale as they are: a tensor of one element;
   * where it is not finite, no weight has changed
   */
  step(t: number, lr: number, decay = 1): Tensor {
    const { device, gradients } = this.#parameters;
    const { beta1, beta2, epsilon, clip } = this.#options;
    const norm = squaredNorm(gradients);
    const scaling = this.scaling ?? upload(device, [SCALING.size], this.#scaling(t, 1));
    if (this.scaling) {
      const { patience, highest } = LOSS_SCALE;
      device.dispatch(updateScaling, [norm.buffer, scaling.buffer], { beta1, beta2, patience, highest });
    }
    for (const group of this.#groups) {
      const step = { lr: lr * group.rate, decay: decay * group.decay, clip };
      if (group.algorithm === "muon") this.#muon(group, { ...step, norm, scaling });
      else {
        const [gradient, weight, m, v] = this.#ranges(group);
        const buffers = [gradient, norm.buffer, scaling.buffer, weight, m, v];
        const options = { n: group.end - group.start, ...step, beta1, beta2, epsilon };
        device.dispatch(adamwKernel, buffers, options);
      }
    }
    this.#parameters.refreshCopies();
    return norm;
  }

  #muon({ specs }: Group, step: MuonStep): void {
    const { device } = this.#parameters;
    for (const spec of specs) {
      const { start, end } = this.#parameters.range(spec);
      const size = spec.shape.reduce((a, b) => a * b, 1);
      const [gradient, weight, momentum] = this.#ranges({ start, end: Math.min(end, start + size) })
        .map((buffer) => new Tensor(device, spec.shape, buffer, false));
      scope(() => muonStep(device, spec.parts ?? [spec.shape[1]], { weight, gradient, momentum }, step));
    }
  }

  /** A range of gradients, weights and moments. */
  #ranges({ start, end }: { start: number; end: number }): Buffer[] {
    const { device, gradients, weights } = this.#parameters;
    return [gradients, weights, this.m, this.v].map(({ buffer }) =>
      device.slice(buffer, start * 4, (end - start) * 4)
    );
  }
}
