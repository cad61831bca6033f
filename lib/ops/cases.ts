/**
 * One case per op, small and of awkward sizes: the conformance suite and `doctor` compare every device
 * with the oracle on them, and the oracle's gradients with finite differences.
 */
import type { Device, DType } from "../device/device.ts";
import type { OracleDevice } from "../device/oracle.ts";
import { deriveSeed, normals } from "../tensor/random.ts";
import { Parameter, scope, Tensor, upload } from "../tensor/tensor.ts";
import { adamwKernel } from "./adamw.ts";
import { add } from "./add.ts";
import { attention } from "./attention.ts";
import { crossEntropy, IGNORED } from "./cross_entropy.ts";
import { dropout } from "./dropout.ts";
import { embedding } from "./embedding.ts";
import { fill } from "./fill.ts";
import { halved } from "./halve.ts";
import { prepareHeads, rotaryTable } from "./heads.ts";
import { addNorm, type Norm, norm } from "./norm.ts";
import { linear } from "./linear.ts";
import { type Activation, mlp } from "./mlp.ts";
import { pool } from "./pool.ts";
import { softcap } from "./softcap.ts";
import { squaredNorm } from "./sum.ts";
import { differentiate } from "./tape.ts";
import { SCALING, updateScaling } from "./update_scaling.ts";

export interface Case {
  readonly name: string;
  /** Shapes of the activations and of the parameters it takes. */
  readonly inputs: readonly (readonly number[])[];
  readonly weights: readonly (readonly number[])[];
  run(x: Tensor[], w: Parameter[]): Tensor;
}

const layer = (gamma: Parameter, beta: Parameter | null = null): Norm => {
  return { kind: "layer", gamma, beta, epsilon: 1e-5 };
};
const rms = (gamma: Parameter): Norm => ({ kind: "rms", gamma, beta: null, epsilon: 1e-6 });

const layersOf = (activation: Activation, [up, upBias, down, downBias]: Parameter[]) => {
  return { activation, up, upBias, down, downBias };
};

/** RoPE for rows of heads of width D, at positions that do not start at 0. */
const rotary = ({ device, rows }: Tensor, D: number) => ({
  table: upload(device, [rows + 5, D], rotaryTable(rows + 5, D, 100)),
  positions: upload(device, [rows], Uint32Array.from({ length: rows }, (_, i) => rows + 4 - i)),
});

const ids = (n: number, classes: number) => Uint32Array.from({ length: n }, (_, i) => (i * i + 3) % classes);

export const cases: readonly Case[] = [
  { name: "add", inputs: [[3, 67], [3, 67]], weights: [], run: ([a, b]) => add(a, b) },
  { name: "a tensor used three times", inputs: [[5, 5]], weights: [], run: ([x]) => add(add(x, x), x) },
  ...(["gelu", "relu2"] as const).flatMap((activation): Case[] => [
    {
      name: `MLP with ${activation}`,
      inputs: [[7, 31]],
      weights: [[31, 41], [41], [41, 9], [9]],
      run: ([x], w) => mlp(x, layersOf(activation, w)),
    },
    {
      name: `MLP of one row with ${activation}, without biases`,
      inputs: [[1, 3]],
      weights: [[3, 22], [22, 5]],
      run: ([x], [up, down]) => mlp(x, { activation, up, upBias: null, down, downBias: null }),
    },
  ]),
  {
    name: "MLP with swiglu",
    inputs: [[7, 31]],
    weights: [[31, 2 * 41], [2 * 41], [41, 9], [9]],
    run: ([x], w) => mlp(x, layersOf("swiglu", w)),
  },
  { name: "soft-capped logits", inputs: [[3, 67]], weights: [], run: ([x]) => softcap(x, 1.5) },
  { name: "dropout", inputs: [[11, 13]], weights: [], run: ([x]) => dropout(x, 0.3, 77) },
  {
    name: "embedding",
    inputs: [],
    weights: [[9, 37]],
    run: (_, [w]) => embedding(w, ids(2 * 7, 9), [2, 7], w.copy ? "f16" : "f32"),
  },
  {
    name: "layer norm",
    inputs: [[2, 3, 35]],
    weights: [[35], [35]],
    run: ([x], [g, b]) => norm(x, layer(g, b)),
  },
  {
    name: "layer norm without shift",
    inputs: [[70, 5]],
    weights: [[5]],
    run: ([x], [g]) => norm(x, layer(g)),
  },
  {
    name: "a residual connection and its norm",
    inputs: [[5, 70], [5, 70]],
    weights: [[70], [70]],
    // As in a block: the sum goes on past the norm.
    run: ([a, b], [g, shift]) => {
      const [x, y] = addNorm(a, b, layer(g, shift));
      return add(x, y);
    },
  },
  {
    name: "a residual connection whose norm has no shift",
    inputs: [[3, 5], [3, 5]],
    weights: [[5]],
    run: ([a, b], [g]) => addNorm(a, b, layer(g))[1],
  },
  { name: "RMS norm", inputs: [[2, 3, 35]], weights: [[35]], run: ([x], [g]) => norm(x, rms(g)) },
  {
    name: "a residual connection and its RMS norm",
    inputs: [[5, 70], [5, 70]],
    weights: [[70]],
    run: ([a, b], [g]) => {
      const [x, y] = addNorm(a, b, rms(g));
      return add(x, y);
    },
  },
  { name: "linear", inputs: [[2, 9, 23]], weights: [[23, 70], [70]], run: ([x], [w, b]) => linear(x, w, b) },
  { name: "linear of one row", inputs: [[1, 3]], weights: [[3, 2]], run: ([x], [w]) => linear(x, w, null) },
  {
    name: "linear over many tiles",
    inputs: [[130, 67]],
    weights: [[67, 129], [129]],
    run: ([x], [w, b]) => linear(x, w, b),
  },
  {
    name: "linear, transposed",
    inputs: [[71, 18]],
    weights: [[65, 18]],
    run: ([x], [w]) => linear(x, w, null, true),
  },
  {
    name: "linear, transposed, with a bias",
    inputs: [[3, 5, 18]],
    weights: [[7, 18], [7]],
    run: ([x], [w, b]) => linear(x, w, b, true),
  },
  { name: "attention", inputs: [[2, 19, 3 * 12]], weights: [], run: ([qkv]) => attention(qkv, { heads: 3 }) },
  {
    name: "attention of one position",
    inputs: [[1, 1, 3 * 5]],
    weights: [],
    run: ([qkv]) => attention(qkv, { heads: 1 }),
  },
  {
    name: "attention over long rows",
    inputs: [[1, 67, 3 * 16]],
    weights: [],
    run: ([qkv]) => attention(qkv, { heads: 2 }),
  },
  {
    name: "attention with wide heads",
    inputs: [[1, 18, 3 * 70]],
    weights: [],
    run: ([qkv]) => attention(qkv, { heads: 1 }),
  },
  {
    name: "attention with dropout",
    inputs: [[2, 18, 3 * 8]],
    weights: [],
    run: ([qkv]) => attention(qkv, { heads: 2 }, { rate: 0.25, seed: 5 }),
  },
  {
    name: "attention whose heads share keys and values",
    inputs: [[2, 51, (6 + 2 * 2) * 5]],
    weights: [],
    run: ([qkv]) => attention(qkv, { heads: 6, kvHeads: 2 }),
  },
  {
    name: "attention of one key-value head, with dropout",
    inputs: [[2, 18, (4 + 2) * 8]],
    weights: [],
    run: ([qkv]) => attention(qkv, { heads: 4, kvHeads: 1 }, { rate: 0.25, seed: 5 }),
  },
  {
    name: "attention with ALiBi",
    inputs: [[1, 67, 3 * 6 * 4]],
    weights: [],
    run: ([qkv]) => attention(qkv, { heads: 6, alibi: true }),
  },
  {
    name: "attention with ALiBi whose heads share keys and values",
    inputs: [[2, 20, (4 + 2 * 2) * 70]],
    weights: [],
    run: ([qkv]) => attention(qkv, { heads: 4, kvHeads: 2, alibi: true }),
  },
  {
    name: "RoPE",
    inputs: [[2, 9, (3 + 2) * 10]],
    weights: [],
    run: ([qkv]) => prepareHeads(qkv, { heads: 3, kvHeads: 1, rotary: rotary(qkv, 10) }),
  },
  {
    name: "QK-norm of heads of odd width",
    inputs: [[5, (2 + 2) * 7]],
    weights: [[14]],
    run: ([qkv], [gamma]) => prepareHeads(qkv, { heads: 2, kvHeads: 1, norm: { gamma, epsilon: 1e-6 } }),
  },
  {
    name: "QK-norm and RoPE",
    inputs: [[3, 23, (4 + 4) * 18]],
    weights: [[36]],
    run: ([qkv], [gamma]) =>
      prepareHeads(qkv, {
        heads: 4,
        kvHeads: 2,
        norm: { gamma, epsilon: 1e-6 },
        rotary: rotary(qkv, 18),
      }),
  },
  {
    name: "QK-norm and RoPE of many heads",
    inputs: [[3, (66 + 4) * 4]],
    weights: [[8]],
    run: ([qkv], [gamma]) =>
      prepareHeads(qkv, { heads: 66, kvHeads: 2, norm: { gamma, epsilon: 1e-6 }, rotary: rotary(qkv, 4) }),
  },
  {
    name: "cross-entropy with ignored targets",
    inputs: [[2, 5, 71]],
    weights: [],
    run: ([x]) => crossEntropy(x, ids(10, 71).map((t, i) => i % 3 ? t : IGNORED)),
  },
  {
    name: "cross-entropy with weights",
    inputs: [[10, 7]],
    weights: [],
    run: ([x]) =>
      crossEntropy(
        x,
        ids(10, 7).map((t, i) => i % 4 ? t : IGNORED),
        Float32Array.from({ length: 10 }, (_, i) => i / 4),
      ),
  },
  {
    name: "pooling over time",
    inputs: [[3, 9, 37]],
    weights: [],
    run: ([x]) => pool(x, Float32Array.from({ length: 27 }, (_, i) => i % 4 ? (i - 13) / 7 : 0)),
  },
  {
    name: "cross-entropy of nothing",
    inputs: [[2, 3]],
    weights: [],
    run: ([x]) => crossEntropy(x, Uint32Array.of(IGNORED, IGNORED)),
  },
];

/**
 * Products so large that on the cpu device threads take several turns at them, with the operand that turns
 * share packed once, or each time, and that GPUs do in large tiles or in parts. Too many numbers for finite
 * differences.
 */
export const largeCases: readonly Case[] = [
  {
    name: "a norm of many rows",
    inputs: [[300, 100], [300, 100]],
    weights: [[100], [100]],
    run: ([a, b], [g, shift]) => addNorm(a, b, layer(g, shift))[1],
  },
  {
    name: "linear of many rows",
    inputs: [[605, 72]],
    weights: [[72, 100], [100]],
    run: ([x], [w, b]) => linear(x, w, b),
  },
  {
    name: "linear of a large weight",
    inputs: [[140, 1100]],
    weights: [[1100, 130], [130]],
    run: ([x], [w, b]) => linear(x, w, b),
  },
  ...[1032, 1030].map((size) => ({
    name: `linear of ${size} rows and columns`,
    inputs: [[size, 36]],
    weights: [[36, size], [size]],
    run: ([x]: Tensor[], [w, b]: Parameter[]) => linear(x, w, b),
  })),
  {
    name: "MLP of many rows",
    inputs: [[605, 36]],
    weights: [[36, 144], [144], [144, 36], [36]],
    run: ([x], w) => mlp(x, layersOf("gelu", w)),
  },
  {
    name: "linear of few long rows",
    inputs: [[66, 2000]],
    weights: [[2000, 70], [70]],
    run: ([x], [w, b]) => linear(x, w, b),
  },
];

/** A case's inputs and parameters, drawn from a seed; as float32 so that every device gets the same. */
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
 * @param dtype of activations, and of the copies of parameters that they are computed with
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
      (leaf, gradient) => reads[`dx${x.indexOf(leaf)}`] = device.read(gradient.buffer),
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

/** A case's output on the oracle, with all of float64's digits. */
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
 * output, over some forty elements of each input and parameter.
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

/** One AdamW update of drawn values, of which the first 128 decay. */
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
      decay_end: 128,
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

/** The scaling after each of some steps, by the squared norms of their gradients. */
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
