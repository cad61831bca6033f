/** How the conformance suite and `doctor` run the cases of cases.ts and compare the results. */
import type { Device, DType } from "../device/device.ts";
import type { OracleDevice } from "../device/oracle.ts";
import { deriveSeed, normals } from "../tensor/random.ts";
import { Parameter, scope, Tensor, upload } from "../tensor/tensor.ts";
import { adamwKernel } from "./adamw.ts";
import { swapWeights, updateAverage } from "./average.ts";
import type { Case } from "./cases.ts";
import { fill } from "./fill.ts";
import { halved } from "./halve.ts";
import { muonStep } from "./muon.ts";
import { squaredNorm } from "./sum.ts";
import { differentiate } from "./tape.ts";
import { SCALING, updateScaling } from "./update_scaling.ts";

/** A case's inputs and parameters, drawn from a seed; in float32, so that every device gets the same numbers. */
export function draw(test: Case): { inputs: Float32Array[]; weights: Float32Array[] } {
  const values = (kind: string) => (shape: readonly number[], i: number) =>
    normals(deriveSeed(1, test.name, kind, i), shape.reduce((a, b) => a * b, 1), 1);
  return { inputs: test.inputs.map(values("input")), weights: test.weights.map(values("weight")) };
}

export interface Outcome {
  /** `y` and then a gradient per input (`dx0`...) and parameter (`dw0`...). */
  readonly values: Record<string, Float32Array>;
}

/**
 * Runs a case forward and backward with a seeded output gradient.
 * @param dtype of the activations and of the parameters' copies
 */
export async function runCase(
  device: Device,
  test: Case,
  { inputs, weights } = draw(test),
  dtype: DType = "f32",
): Promise<Outcome["values"]> {
  const reads: Record<string, Promise<Float32Array>> = {};
  scope(() => {
    const x = inputs.map((data, i) => {
      const full = upload(device, test.inputs[i], data);
      return dtype === "f16" ? halved(full) : full;
    });
    const w = weights.map((data, i) => {
      const shape = test.weights[i];
      const parameter = new Parameter(`w${i}`, device, shape, upload(device, shape, data).buffer);
      parameter.grad = upload(device, shape, new Float32Array(data.length));
      parameter.needsGrad = true;
      if (dtype === "f16") parameter.copy = halved(parameter);
      return parameter;
    });
    x.forEach((t) => t.needsGrad = true);
    const size = scope(() => test.run(x, w)).size;
    const y = differentiate(
      () => test.run(x, w),
      normals(deriveSeed(2, test.name), size, 1),
      { leaf: (leaf, gradient) => reads[`dx${x.indexOf(leaf)}`] = device.read(gradient.buffer) },
    );
    reads.y = device.read(y.buffer);
    w.forEach((p, i) => reads[`dw${i}`] = device.read(p.grad!.buffer));
  });
  const values: Record<string, Float32Array> = {};
  for (const [name, read] of Object.entries(reads)) values[name] = await read;
  return values;
}

/** The reductions that training uses besides the ops above: Σx² over several runs, and a fill. */
export async function runReductions(device: Device): Promise<{ norm: number; filled: Float32Array }> {
  const [norm, filled] = scope(() => {
    const x = upload(device, [9001], normals(3, 9001, 1));
    const total = squaredNorm(x);
    const y = upload(device, [70], new Float32Array(70));
    fill(y, 2.5);
    return [device.read(total.buffer), device.read(y.buffer)];
  });
  return { norm: (await norm)[0], filled: await filled };
}

/** The largest difference, relative to the largest expected magnitude. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let scale = 1e-6, worst = 0;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]));
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]) / scale;
    if (!(error <= worst)) worst = error; // NaN counts as an error
  }
  return actual.length === expected.length ? worst : Infinity;
}

/** A case's output on the oracle, in float64. */
function forward(
  oracle: OracleDevice,
  test: Case,
  inputs: Float64Array[],
  weights: Float64Array[],
): Float64Array {
  return scope(() => {
    const place = (shape: readonly number[], data: Float64Array) => {
      const buffer = oracle.alloc(data.length * 4);
      oracle.write(buffer, data);
      return [oracle, shape, buffer] as const;
    };
    const x = inputs.map((data, i) => new Tensor(...place(test.inputs[i], data)));
    const w = weights.map((data, i) => new Parameter(`w${i}`, ...place(test.weights[i], data)));
    return oracle.values(test.run(x, w).buffer);
  });
}

/**
 * The largest relative difference between a case's gradients on the oracle and central differences of its
 * output, over about forty elements of each input and parameter.
 */
export async function gradientError(oracle: OracleDevice, test: Case): Promise<number> {
  const drawn = draw(test);
  const analytic = await runCase(oracle, test, drawn);
  const inputs = drawn.inputs.map((x) => Float64Array.from(x));
  const weights = drawn.weights.map((x) => Float64Array.from(x));
  const seed = normals(deriveSeed(2, test.name), analytic.y.length, 1);
  const loss = () => forward(oracle, test, inputs, weights).reduce((sum, y, i) => sum + y * seed[i], 0);
  const h = 1e-5;
  let worst = 0;
  for (const [prefix, group] of [["dx", inputs], ["dw", weights]] as const) {
    group.forEach((values, at) => {
      const stride = Math.max(1, Math.floor(values.length / 40));
      const numeric: number[] = [], expected: number[] = [];
      for (let i = 0; i < values.length; i += stride) {
        const before = values[i];
        values[i] = before + h;
        const above = loss();
        values[i] = before - h;
        numeric.push((above - loss()) / (2 * h));
        values[i] = before;
        expected.push(analytic[`${prefix}${at}`][i]);
      }
      const error = relativeError(expected, numeric);
      if (!(error <= worst)) worst = error;
    });
  }
  return worst;
}

/** One AdamW update of drawn values. */
export async function runAdamW(
  device: Device,
  { clip, lr = 0.01, gradientScale = 1, lossScale = 1 }: {
    clip: number;
    lr?: number;
    gradientScale?: number;
    lossScale?: number;
  },
): Promise<Record<"weight" | "m" | "v", Float32Array>> {
  const n = 320;
  const reads = scope(() => {
    const make = (seed: number, change = (x: number) => x) =>
      upload(device, [n], normals(seed, n, 1).map(change));
    const gradient = make(1, (x) => x * gradientScale);
    const weight = make(2), m = make(3), v = make(4, (x) => x * x);
    const scaling = upload(
      device,
      [SCALING.size],
      Float32Array.of(1, lossScale, 1 - 0.9 ** 3, 1 - 0.95 ** 3, 0),
    );
    const buffers = [gradient, squaredNorm(gradient), scaling, weight, m, v].map((tensor) => tensor.buffer);
    device.dispatch(adamwKernel, buffers, {
      n,
      lr,
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-8,
      decay: lr === 0 ? 0 : 0.1,
      clip,
    });
    return { weight: device.read(weight.buffer), m: device.read(m.buffer), v: device.read(v.buffer) };
  });
  return { weight: await reads.weight, m: await reads.m, v: await reads.v };
}

/** One Muon update of a drawn matrix (rows, Σ parts). */
export async function runMuon(
  device: Device,
  rows: number,
  parts: readonly number[],
  gradientScale = 1,
): Promise<Record<"weight" | "momentum", Float32Array>> {
  const shape = [rows, parts.reduce((a, b) => a + b)], size = shape[0] * shape[1];
  const reads = scope(() => {
    const make = (seed: number, scale = 1) =>
      upload(device, shape, normals(seed, size, 1).map((x) => x * scale));
    const gradient = make(1, gradientScale), weight = make(2), momentum = make(3);
    const scaling = upload(device, [SCALING.size], Float32Array.of(1, 1, 1, 1, 0));
    const step = { lr: 0.01, decay: 0.1, clip: 1, norm: squaredNorm(gradient), scaling };
    muonStep(device, parts, { weight, gradient, momentum }, step);
    return { weight: device.read(weight.buffer), momentum: device.read(momentum.buffer) };
  });
  return { weight: await reads.weight, momentum: await reads.momentum };
}

/** Updates a moving average that is shorter than the weights, which are drawn; then swaps the two. */
export async function runAverage(
  device: Device,
  share: number,
): Promise<Record<"average" | "weights" | "swapped", Float32Array>> {
  const n = 4097 + 70;
  const reads = scope(() => {
    const weights = upload(device, [n + 50], normals(1, n + 50, 1));
    const average = upload(device, [n], normals(2, n, 1));
    updateAverage(average, weights, share);
    const updated = device.read(average.buffer);
    swapWeights(average, weights);
    return { average: updated, weights: device.read(weights.buffer), swapped: device.read(average.buffer) };
  });
  return { average: await reads.average, weights: await reads.weights, swapped: await reads.swapped };
}

/** The scaling after each of several steps, given the squared norms of their gradients. */
export async function runScaling(
  device: Device,
  start: number,
  squaredNorms: readonly number[],
): Promise<Float32Array[]> {
  const options = { beta1: 0.9, beta2: 0.95, patience: 3, highest: 4096 };
  const reads = scope(() => {
    const scaling = upload(device, [SCALING.size], Float32Array.of(start, start, 0, 0, 0));
    return squaredNorms.map((value) => {
      const norm = upload(device, [1], Float32Array.of(value));
      device.dispatch(updateScaling, [norm.buffer, scaling.buffer], options);
      return device.read(scaling.buffer);
    });
  });
  return await Promise.all(reads);
}
