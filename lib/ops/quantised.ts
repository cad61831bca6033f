/**
 * Products with matrices in quantised blocks (lib/device/blocks.ts), and look-up of their rows: all that a model needs
 * from weights that are not trained. A matrix is n rows of k numbers, k a multiple of 32; a linear layer has a row for
 * each output.
 */
import {
  COLUMNS,
  GELU,
  NO_ACTIVATION,
  RELU2,
  ROUNDED_BYTES,
  ROUNDED_ROWS,
} from "../../kernels/cpu/assembly/constants.ts";
import { BLOCK, BLOCK_BYTES, type BlockKind, dequantise } from "../device/blocks.ts";
import { byRows, type DType, kernel, linearGroups, type Shader } from "../device/device.ts";
import { empty, type Parameter, type Tensor, upload } from "../tensor/tensor.ts";
import { activations } from "./activation.ts";
import { flops, onCpu, type Sizes } from "./product_tasks.ts";
import blocks from "../../kernels/quantised_blocks.wgsl" with { type: "text" };
import few from "../../kernels/matmul_quantised.wgsl" with { type: "text" };
import loads from "../../kernels/matmul_quantised_loads.wgsl" with { type: "text" };
import tiles from "../../kernels/matmul_blocks.wgsl" with { type: "text" };
import end from "../../kernels/quantised_end.wgsl" with { type: "text" };
import embeddingWgsl from "../../kernels/embedding_quantised.wgsl" with { type: "text" };

/** Rows and columns of a tile in matmul_blocks.wgsl. */
const TILE = 128;
/** With at least so many rows of x, webgpu works in tiles. */
const MANY = 48;

/** Numbers of the activations that can follow a product. */
export const ACTIVATIONS = { none: NO_ACTIVATION, gelu: GELU, relu2: RELU2 } as const;

const activated = [
  (u: number) => u,
  (u: number) => activations.gelu.value(u)[0],
  (u: number) => activations.relu2.value(u)[0],
];

const KINDS = Object.keys(BLOCK_BYTES) as BlockKind[];

/** A row of a matrix, dequantised. */
function numbersOf(stored: Uint32Array, row: number, width: number, blockBytes: number): Float32Array {
  const bytes = width / BLOCK * blockBytes;
  const kind = KINDS.find((kind) => BLOCK_BYTES[kind] === blockBytes)!;
  return dequantise(new Uint8Array(stored.buffer, stored.byteOffset + row * bytes, bytes), kind);
}

const params = {
  m: "u32",
  n: "u32",
  k: "u32",
  block_bytes: "u32",
  has_bias: "u32",
  activation: "u32",
} as const;

const inTiles: Shader<typeof params> = {
  name: "matmul_quantised_tiles",
  wgsl: blocks + tiles + loads + end,
  constants: { TRANSPOSE_B: 1 },
  workgroups: ({ m, n }) => [Math.ceil(n / TILE), Math.ceil(m / TILE)],
};
const ofFew: Shader<typeof params> = {
  name: "matmul_quantised",
  wgsl: blocks + few + end,
  workgroups: ({ m, n }) => [Math.ceil(n / 8), Math.ceil(m / 4)],
};

const packed = onCpu("matmul_quantised");

/** y = f(x·bᵀ + bias) */
export const matmulQuantised = kernel({
  ...ofFew,
  params,
  bindings: ["real in", "u32 in", "f32 in", "real out"],
  cpu: {
    ...packed,
    tasks: (a) => a.m < ROUNDED_ROWS ? Math.ceil(a.n / COLUMNS) : packed.tasks(a),
    grain: (a) => a.m < ROUNDED_ROWS ? 4 : packed.grain(a),
    scratch: (a) => a.m < ROUNDED_ROWS ? a.m * a.k / BLOCK * ROUNDED_BYTES : packed.scratch(a),
  },
  flops: (a: Sizes) => flops(a),
  shaders: [ofFew, inTiles],
  plan: ({ m }) => [m < MANY ? ofFew : inTiles],
  reference([x, stored, bias, y], { m, n, k, block_bytes, has_bias, activation }) {
    for (let j = 0; j < n; j++) {
      const row = numbersOf(stored, j, k, block_bytes);
      for (let i = 0; i < m; i++) {
        let sum = has_bias ? bias[j] : 0;
        for (let d = 0; d < k; d++) sum += x[i * k + d] * row[d];
        y[i * n + j] = activated[activation](sum);
      }
    }
  },
});

export const embeddingQuantised = kernel({
  name: "embedding_quantised",
  params: { rows: "u32", width: "u32", block_bytes: "u32" },
  bindings: ["u32 in", "u32 in", "real out"],
  wgsl: blocks + embeddingWgsl,
  cpu: byRows("embedding_quantised"),
  workgroups: ({ rows, width }) => linearGroups(rows * width / 4),
  reference([ids, stored, out], { rows, width, block_bytes }) {
    for (let r = 0; r < rows; r++) out.set(numbersOf(stored, ids[r], width, block_bytes), r * width);
  },
});

/**
 * f(x·W + b). It is not recorded on the tape: the caller records the gradient if there is one.
 * @param x (..., in)
 * @param weight stored as (out, in)
 * @param n outputs
 * @returns (..., out)
 */
export function applyQuantised(
  x: Tensor,
  weight: Parameter,
  bias: Parameter | null,
  n: number,
  activation: keyof typeof ACTIVATIONS = "none",
): Tensor {
  const y = empty(x.device, [...x.shape.slice(0, -1), n], x.dtype);
  x.device.dispatch(matmulQuantised, [x, weight, bias ?? x, y].map((t) => t.buffer), {
    ...{ m: x.rows, n, k: x.width, block_bytes: BLOCK_BYTES[weight.blocks!] },
    ...{ has_bias: bias ? 1 : 0, activation: ACTIVATIONS[activation] },
  });
  return y;
}

/** Writes rows `ids` of a matrix (V, C) to `out` (..., C). */
export function lookUpQuantised(weight: Parameter, ids: Tensor, out: Tensor): void {
  const args = { rows: out.rows, width: out.width, block_bytes: BLOCK_BYTES[weight.blocks!] };
  out.device.dispatch(embeddingQuantised, [ids, weight, out].map((t) => t.buffer), args);
}

/**
 * Dequantises a matrix, for products that have no kernel for quantised operands, such as a gradient's.
 * @param shape (rows, width) as it is stored: (out, in) for a linear layer
 */
export function numbersOfQuantised(
  weight: Parameter,
  shape: readonly [number, number],
  dtype: DType,
): Tensor {
  const out = empty(weight.device, shape, dtype);
  const rows = upload(weight.device, [shape[0]], Uint32Array.from({ length: shape[0] }, (_, i) => i));
  lookUpQuantised(weight, rows, out);
  return out;
}
