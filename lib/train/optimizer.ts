/**
 * The optimizer over a model's arena: gradient norm, clipping, the update, and optionally a moving average of the
 * weights. Updates by AdamW, or by Muon for the matrices of blocks and AdamW for everything else.
 */
import type { Buffer } from "../device/device.ts";
import type { Shard } from "./ranks/shard.ts";
import type { OptimizerState } from "../checkpoint/checkpoint.ts";
import type { Weights } from "../checkpoint/safetensors.ts";
import { arena, type Parameters, type ParameterSpec } from "../model/parameters.ts";
import { adamwKernel } from "../ops/adamw.ts";
import { newestShare, swapWeights, updateAverage } from "../ops/average.ts";
import { fill } from "../ops/fill.ts";
import { type MuonStep, muonStep } from "../ops/muon.ts";
import { scaled, squaredNorm } from "../ops/sum.ts";
import { SCALING, updateScaling } from "../ops/update_scaling.ts";
import { scope, Tensor, upload } from "../tensor/tensor.ts";

/** The initial loss scale, its upper bound, and after how many steps without an overflow it is doubled. */
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
  /** Applies to everything except vectors. */
  readonly weightDecay: number;
  /** A larger global gradient norm is scaled down to this; 0 for no clipping. */
  readonly clip: number;
  /** Decay of the exponential moving average of the weights, which takes one more arena; 0, the default, for none. */
  readonly ema?: number;
  /** Overrides for the parameters of a role. */
  readonly roles?: { readonly [R in Role]?: RoleOptions | undefined };
}

/** A range of the arena whose parameters are all updated in the same way. */
interface Group {
  readonly algorithm: OptimizerOptions["algorithm"];
  /** Factor of the learning rate. */
  readonly rate: number;
  readonly decay: number;
  readonly specs: readonly ParameterSpec[];
  readonly start: number;
  readonly end: number;
}

/** The trained parameters, in as few groups as possible. */
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

/** The part of a group that lies in a shard; may be empty. */
function within(group: Group, parameters: Parameters, shard: Shard | null): Group {
  if (!shard) return group;
  const start = Math.max(group.start, shard.start), end = Math.max(start, Math.min(group.end, shard.end));
  const specs = group.specs.filter((spec) => {
    const range = parameters.range(spec);
    return range.start < end && range.end > start;
  });
  return { ...group, specs, start, end };
}

/** The parts of the state that ranks may split. */
const MOMENTS: readonly string[] = ["m", "v"];

export class Optimizer {
  readonly #parameters: Parameters;
  readonly #options: OptimizerOptions;
  readonly #groups: readonly Group[];
  /** The part of the arena that this rank updates. */
  readonly #shard: Shard | null;
  /**
   * First and second moments, laid out like the gradients, or like the shard that this rank updates. Muon uses only the
   * first, as its momentum.
   */
  readonly m: Tensor;
  readonly v: Tensor;
  /** With mixed precision: the scaling of the updates, laid out as in `SCALING`. */
  readonly scaling: Tensor | null = null;
  /** The moving average of the trained parameters, if one is kept. */
  readonly average: Tensor | null = null;

  /**
   * @param parameters with their initial weights; to train with mixed precision, the model must be mixed
   *   already
   * @param shard this rank's part of the arena, if ranks split the state: on the cpu device only
   */
  constructor(parameters: Parameters, options: OptimizerOptions, shard: Shard | null = null) {
    this.#parameters = parameters;
    this.#options = options;
    this.#shard = shard;
    this.#groups = groupsOf(parameters, options).map((group) => within(group, parameters, shard))
      .filter(({ start, end }) => start < end);
    const { start, end } = shard ?? { start: 0, end: parameters.trainedEnd };
    this.m = arena(parameters.device, end - start);
    this.v = arena(parameters.device, end - start);
    if (options.ema) {
      this.average = arena(parameters.device, parameters.trainedEnd);
      updateAverage(this.average, parameters.weights, 1);
    }
    if (!parameters.mixed) return;
    this.scaling = arena(parameters.device, SCALING.size);
    this.scaling.device.write(this.scaling.buffer, this.#scaling(0, LOSS_SCALE.start));
  }

  /** The state needed to resume training, by its names in checkpoints. */
  get state(): readonly (readonly [name: string, tensor: Tensor])[] {
    const { m, v, scaling, average } = this;
    return Object.entries({ m, v, scaling, average }).flatMap(([name, tensor]) =>
      tensor ? [[name, tensor] as const] : []
    );
  }

  /** The part of the state that is the same on all ranks. */
  get sharedState(): Optimizer["state"] {
    return this.state.filter(([name]) => !this.#shard || !MOMENTS.includes(name));
  }

  /** The state as a checkpoint stores it. If ranks split it, all of them must call this, and rank 0 gets the whole. */
  async wholeState(): Promise<OptimizerState> {
    const shard = this.#shard;
    if (!shard) return this.state;
    const whole: [string, OptimizerState[number][1]][] = [];
    for (const [name, tensor] of this.state) {
      if (!MOMENTS.includes(name)) whole.push([name, tensor]);
      else {
        const data = shard.gather(await tensor.device.read(tensor.buffer)) ?? new Float32Array();
        whole.push([name, { shape: [data.length], data }]);
      }
    }
    return whole;
  }

  /**
   * Restores a state saved after `t` updates. If it has no scaling, as after a run in float32, the scaling starts from
   * its initial value.
   */
  restore(saved: Weights, t: number): void {
    for (const [name, { device, buffer }] of this.state) {
      const values = saved.get(name)?.data;
      const part = this.#shard && MOMENTS.includes(name) ? this.#shard : { start: 0, end: Infinity };
      if (values) device.write(buffer, values.subarray(part.start, part.end));
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
   * The gradient that back-propagation of a loss starts with: the loss's share in the step's loss, times the loss
   * scale. Must be called inside a scope.
   */
  lossGradient(share: number): Tensor {
    if (this.scaling) return scaled(this.scaling, share);
    return upload(this.#parameters.device, [1], Float32Array.of(share));
  }

  zeroGradients(): void {
    fill(this.#parameters.gradients, 0);
  }

  /**
   * Makes one update from the gradients in the arena. Must be called inside a scope.
   * @param t the number of this update, from 1; with mixed precision AdamW counts the updates it has made instead
   * @param decay factor of the weight decay
   * @returns the squared norm of the gradients, which are still multiplied by the loss scale: a tensor of one element.
   *   If it is not finite, no weight has changed
   */
  step(t: number, lr: number, decay = 1): Tensor {
    const { device, gradients } = this.#parameters;
    const { beta1, beta2, epsilon, clip, ema } = this.#options;
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
    const { weights } = this.#parameters;
    this.#shard?.exchange(device.view(weights.buffer)!);
    this.#parameters.refreshCopies();
    if (this.average && ema) updateAverage(this.average, weights, newestShare(ema, t));
    return norm;
  }

  /**
   * Runs `fn` while the model has the averaged weights. Afterwards the model has its own weights again, bit for bit,
   * and float16 copies of them; `fn` must not train.
   */
  async withAverage<T>(fn: () => Promise<T>): Promise<T> {
    if (!this.average) throw new Error("no average is kept");
    const { average } = this;
    const swap = () => {
      swapWeights(average, this.#parameters.weights);
      this.#parameters.refreshCopies();
    };
    swap();
    try {
      return await fn();
    } finally {
      swap();
    }
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

  /** Buffers of the gradients, weights and moments in a range. */
  #ranges({ start, end }: { start: number; end: number }): Buffer[] {
    const { device, gradients, weights } = this.#parameters;
    const first = this.#shard?.start ?? 0;
    const at = [[gradients, 0], [weights, 0], [this.m, first], [this.v, first]] as const;
    return at.map(([{ buffer }, before]) => device.slice(buffer, (start - before) * 4, (end - start) * 4));
  }
}
