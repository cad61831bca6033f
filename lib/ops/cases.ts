/**
 * One case per op, small and of awkward sizes. On these, the conformance suite and `doctor` compare every device
 * with the oracle, and the oracle's gradients with finite differences.
 */
import { type Parameter, type Tensor, upload } from "../tensor/tensor.ts";
import { activate } from "./activation.ts";
import { add } from "./add.ts";
import { attention } from "./attention.ts";
import { dropout } from "./dropout.ts";
import { embedding } from "./embedding.ts";
import { halved } from "./halve.ts";
import { prepareHeads, rotaryTable } from "./heads.ts";
import { linear } from "./linear.ts";
import { addLowRank } from "./low_rank.ts";
import { ids, largeLossCases, lossCases } from "./loss_cases.ts";
import { type Activation, mlp } from "./mlp.ts";
import { addNorm, type Norm, norm } from "./norm.ts";
import { pool } from "./pool.ts";
import { softcap } from "./softcap.ts";
import { takeRows } from "./take_rows.ts";

export interface Case {
  readonly name: string;
  /** Shapes of the activations and of the parameters that `run` takes. */
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

/** (rows, rank): each row has one of the factors, in turn. */
function scales(x: Tensor, rank: number, factors: readonly number[]): Tensor {
  const all = Float32Array.from({ length: x.rows * rank }, (_, i) => {
    return factors[Math.floor(i / rank) % factors.length];
  });
  const full = upload(x.device, [x.rows, rank], all);
  return x.dtype === "f16" ? halved(full) : full;
}

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
  ...(["gelu", "relu2"] as const).map((kind): Case => ({
    name: `${kind}, element by element`,
    inputs: [[3, 1501]],
    weights: [],
    run: ([x]) => activate(x, kind),
  })),
  {
    name: "linear with an adapter",
    inputs: [[2, 9, 23]],
    weights: [[23, 70], [70], [5, 23], [5, 70]],
    run: ([x], [w, bias, a, b]) => addLowRank(linear(x, w, bias), x, { a, b, scales: scales(x, 5, [0.7]) }),
  },
  {
    name: "linear with two adapters, each of some rows",
    inputs: [[6, 17]],
    weights: [[17, 19], [3, 17], [3, 19], [8, 17], [8, 19]],
    run: ([x], [w, a, b, a2, b2]) => {
      const y = addLowRank(linear(x, w, null), x, { a, b, scales: scales(x, 3, [2, 0, 0]) });
      return addLowRank(y, x, { a: a2, b: b2, scales: scales(x, 8, [0, 0.5, 0]) });
    },
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
    // As in a block, where the sum goes on beside its norm.
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
  ...lossCases,
  {
    name: "pooling over time",
    inputs: [[3, 9, 37]],
    weights: [],
    run: ([x]) => pool(x, Float32Array.from({ length: 27 }, (_, i) => i % 4 ? (i - 13) / 7 : 0)),
  },
  {
    name: "some rows, not in order",
    inputs: [[2, 5, 19]],
    weights: [],
    run: ([x]) => takeRows(x, Uint32Array.of(7, 0, 3, 8)),
  },
];

/**
 * Cases too large for finite differences. Their products are large enough that the cpu device's threads make several
 * calls each, with the shared operand packed once or at each call, and that GPUs use large tiles or split k into parts.
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
    name: "linear of many rows with an adapter",
    inputs: [[605, 72]],
    weights: [[72, 100], [16, 72], [16, 100]],
    run: ([x], [w, a, b]) => addLowRank(linear(x, w, null), x, { a, b, scales: scales(x, 16, [0.5]) }),
  },
  {
    name: "linear of few long rows",
    inputs: [[66, 2000]],
    weights: [[2000, 70], [70]],
    run: ([x], [w, b]) => linear(x, w, b),
  },
  ...largeLossCases,
];
