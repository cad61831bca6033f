/** Measures training steps, as a whole and kernel by kernel. */
import {
  type Args,
  type Binding,
  type Buffer,
  type Device,
  type Kernel,
  type Params,
  shadersOf,
  type Snapshot,
} from "../device/device.ts";
import { WebGpuDevice } from "../device/webgpu.ts";
import { type ModelConfig, modelConfig, type ModelOptions } from "../model/config.ts";
import { Decoder, initialValues, parameterSpecs } from "../model/decoder.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import { matmulNN } from "../ops/linear.ts";
import { differentiate } from "../ops/tape.ts";
import { deriveSeed, randomBits } from "../tensor/random.ts";
import { scope } from "../tensor/tensor.ts";
import { Flight } from "./flight.ts";
import { Optimizer, type OptimizerOptions } from "./optimizer.ts";
import { Teachers } from "./teachers.ts";

/** A measurement on a GPU takes at least this long, in milliseconds. */
const LEAST_MS = 500;

/** The model that is measured: its sizes, and any options that differ from GPT-2's. */
export type Shape = ModelOptions & { readonly batch: number };

/** `L4 H4 C128 T64 B12 V65`, and the options that differ from GPT-2's. */
export function shapeName(shape: Shape): string {
  const { layers, heads, width, context, vocab } = shape;
  const config = configOf(shape), usual = modelConfig({ layers, heads, width, context, vocab });
  const keys = Object.keys(usual) as (keyof ModelConfig)[];
  const options = keys.filter((key) => config[key] !== usual[key] && key !== "dropout")
    .map((key) => ` ${key}=${config[key]}`);
  return `L${layers} H${heads} C${width} T${context} B${shape.batch} V${vocab}${options.join("")}`;
}

export function configOf({ batch: _, ...options }: Shape): ModelConfig {
  return modelConfig(options);
}

/** Operations of one step: 6 per parameter and token, plus attention's (Kaplan et al., arXiv:2001.08361). */
export function stepFlops(shape: Shape, parameters: number): number {
  const { layers, heads, headWidth, context } = configOf(shape), tokens = shape.batch * context;
  return 6 * parameters * tokens + 12 * layers * heads * headWidth * context * tokens;
}

/** The number of a model's parameters. */
export function parameterCount(config: ModelConfig): number {
  return parameterSpecs(config).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** How a benchmark trains. */
export interface Training {
  readonly mixed?: boolean;
  /** A teacher model to distil from, beside the text. */
  readonly teacher?: ModelConfig | undefined;
  readonly algorithm?: OptimizerOptions["algorithm"];
  /** Decay of the moving average of the weights; 0 for none. */
  readonly ema?: number;
}

/** A model on random tokens. Its `step` is one training step with clipping and an update, AdamW's by default. */
export function benchmarkModel(
  device: Device,
  shape: Shape,
  { mixed = false, algorithm = "adamw", ema = 0, teacher }: Training = {},
) {
  const model = new Decoder(device, configOf(shape));
  model.initialize(1);
  if (mixed) model.parameters.addFloat16Copies();
  const optimizer = new Optimizer(model.parameters, {
    algorithm,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0.1,
    clip: 1,
    ema,
  });
  const teachers = teacher && randomTeacher(device, teacher, mixed);
  const { batch, context: time, vocab } = shape;
  const draw = (kind: string) =>
    Uint32Array.from({ length: batch * time }, (_, i) => randomBits(deriveSeed(1, kind), i) % vocab);
  const tokens = { ids: draw("ids"), batch, time }, targets = draw("targets");
  let t = 0;
  /** Hands a step to the device. The result can fetch its loss later. */
  const submit = (): Snapshot => {
    const loss = scope(() => {
      optimizer.zeroGradients();
      const loss = differentiate(
        () => teachers ? teachers.loss(model, tokens, targets) : model.loss(tokens, targets),
        optimizer.lossGradient(1),
      );
      optimizer.step(++t, 1e-3);
      return device.snapshot(loss.buffer);
    });
    device.flush();
    return loss;
  };
  return { parameters: model.parameters.count, submit, step: async () => (await submit().data())[0] };
}

function randomTeacher(device: Device, config: ModelConfig, mixed: boolean): Teachers {
  const values = (spec: ParameterSpec) => initialValues(spec, 2);
  return new Teachers(
    device,
    [{ folder: "", config, head: null, values }],
    { temperature: 2, weight: 0.5 },
    mixed,
  );
}

/**
 * Milliseconds per step when the device works asynchronously, as in the training loop: the next steps are submitted
 * while the results of earlier ones are being fetched.
 */
async function pipelined({ submit }: ReturnType<typeof benchmarkModel>, steps: number): Promise<number> {
  const flight = new Flight<Float32Array>();
  // Timed from when the first results arrive to when the last do, so that the time to fetch is not counted.
  let first = 0, last = 0, counted = 0;
  const arrived = (results: readonly unknown[]) => {
    if (results.length === 0) return;
    last = performance.now();
    if (first === 0) first = last;
    else counted += results.length;
  };
  while (counted < steps || last - first < LEAST_MS) {
    const step = submit();
    arrived(await flight.add(() => step.data()));
  }
  arrived(await flight.land());
  return (last - first) / counted;
}

/** Milliseconds of each step, waiting for each to finish. */
async function stepTimes(model: ReturnType<typeof benchmarkModel>, steps: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < steps; i++) {
    const started = performance.now();
    await model.step();
    times.push(performance.now() - started);
  }
  return times;
}

export interface Measurement {
  readonly parameters: number;
  readonly ms_per_step: number;
  readonly tokens_per_s: number;
  readonly gflops: number;
  readonly memory_mib: number;
}

/** The median of `steps` steps, after three uncounted ones. On webgpu the mean, of more steps if they are short. */
export async function measureSteps(
  device: Device,
  shape: Shape,
  steps: number,
  training: Training = {},
): Promise<Measurement> {
  const model = benchmarkModel(device, shape, training);
  for (let i = 0; i < 3; i++) await model.step();
  const ms = device.name === "webgpu" ? await pipelined(model, steps) : median(await stepTimes(model, steps));
  return {
    parameters: model.parameters,
    ms_per_step: Math.round(ms * 100) / 100,
    tokens_per_s: Math.round(shape.batch * shape.context / ms * 1000),
    gflops: Math.round(stepFlops(shape, model.parameters) / ms / 1e5) / 10,
    memory_mib: Math.round(device.memory().peak / 2 ** 20),
  };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

export interface KernelTime {
  readonly name: string;
  calls: number;
  ms: number;
  flops: number;
  bytes: number;
}

export interface Profile {
  readonly ms_per_step: number;
  /** Totals over all steps, slowest first. */
  readonly kernels: readonly KernelTime[];
  /** The most that the device reaches: in a large matrix product, and in a copy. Measured on webgpu only. */
  readonly ceilings: { readonly gflops: number; readonly gb_per_s: number } | null;
  /** Host time to record a dispatch, in µs, in the median step; 0 on devices that run dispatches at once. */
  readonly recording_us: number;
}

/** Times every kernel of some steps: on webgpu by the GPU's clock, elsewhere around each dispatch. */
export async function profileSteps(
  device: Device,
  shape: Shape,
  steps: number,
  training: Training = {},
): Promise<Profile> {
  const webgpu = device instanceof WebGpuDevice ? device : null;
  const ceilings = webgpu && await measureCeilings(webgpu);
  const { device: counted, kernels, owners } = counting(device);
  const model = benchmarkModel(counted, shape, training);
  for (let i = 0; i < 3; i++) await model.step();
  kernels.clear();
  const dispatched: number[] = [];
  const sum = (what: "ms" | "calls") => [...kernels.values()].reduce((n, kernel) => n + kernel[what], 0);
  const started = performance.now();
  for (let i = 0; i < steps; i++) {
    const [ms, calls] = [sum("ms"), sum("calls")];
    await model.step();
    dispatched.push(1000 * (sum("ms") - ms) / (sum("calls") - calls));
  }
  const ms_per_step = webgpu ? await pipelined(model, steps) : (performance.now() - started) / steps;
  const recording_us = webgpu ? median(dispatched) : 0;
  if (webgpu) {
    // Not in the steps that were timed as a whole: a pass per dispatch is slower.
    kernels.clear();
    const clock = webgpu.startClock();
    for (let i = 0; i < steps; i++) await model.step();
    webgpu.stopClock();
    await clock.settled();
    for (const kernel of kernels.values()) kernel.ms = 0;
    for (const [shader, { ms }] of clock.times) kernels.get(owners.get(shader)!)!.ms += ms;
  }
  const sorted = [...kernels.values()].sort((a, b) => b.ms - a.ms);
  return { ms_per_step, kernels: sorted, ceilings, recording_us };
}

/** Wraps a device, and counts and times what is dispatched on it. */
function counting(device: Device) {
  const kernels = new Map<string, KernelTime>(), owners = new Map<string, string>();
  const dispatch = <P extends Params, B extends readonly Binding[]>(
    k: Kernel<P, B>,
    b: Buffer[],
    a: Args<P>,
  ) => {
    const started = performance.now();
    device.dispatch(k, b, a);
    const ms = performance.now() - started;
    const entry = kernels.get(k.name) ?? { name: k.name, calls: 0, ms: 0, flops: 0, bytes: 0 };
    entry.calls++;
    entry.ms += ms;
    entry.flops += k.flops?.(a) ?? 0;
    entry.bytes += b.reduce((sum, buffer) => sum + buffer.bytes, 0);
    kernels.set(k.name, entry);
    for (const shader of shadersOf(k)) owners.set(shader.name, k.name);
  };
  const wrapper = new Proxy(device, {
    get(target, key) {
      if (key === "dispatch") return dispatch;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { device: wrapper, kernels, owners };
}

/** Times a copy of 64 MiB, and the largest square matrix product up to 4096 that takes less than about a second. */
async function measureCeilings(device: WebGpuDevice): Promise<NonNullable<Profile["ceilings"]>> {
  const bytes = 2 ** 26, gb_per_s = 2 * bytes / 1e6 / await device.timeCopy(bytes);
  let gflops = 0;
  for (let n = 256, ms = 0; n <= 4096 && ms < 100; n *= 2) {
    const [a, b, c] = [0, 1, 2].map(() => device.alloc(4 * n * n));
    const args = { m: n, n, k: n, has_bias: 0, accumulate: 0 };
    device.dispatch(matmulNN, [a, b, a, c], args); // compiles
    await device.read(device.slice(c, 0, 4));
    const clock = device.startClock();
    for (let i = 0; i < 3; i++) device.dispatch(matmulNN, [a, b, a, c], args);
    device.stopClock();
    await clock.settled();
    ms = [...clock.times.values()].reduce((sum, time) => sum + time.ms, 0) / 3;
    gflops = Math.max(gflops, 2 * n ** 3 / ms / 1e6);
    for (const buffer of [a, b, c]) device.release(buffer);
  }
  return { gflops, gb_per_s };
}
