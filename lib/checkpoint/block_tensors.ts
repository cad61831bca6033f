/**
 * Quantised matrices in safetensors files: tensors of bytes under the family's names, with a row of blocks for each
 * output, or for each token of an embedding. `quantization_config` in config.json marks a folder that has them.
 */
import { BLOCK, BLOCK_BYTES, type BlockKind, dequantise } from "../device/blocks.ts";
import { UserError } from "../errors.ts";
import type { Piece } from "../model/families/family.ts";
import type { BlockMatrix, ParameterSpec } from "../model/parameters.ts";
import type { ByteTensor } from "./safetensors.ts";

/** Our `quant_method` in `quantization_config`: other libraries refuse it instead of misreading the blocks. */
export const QUANT_METHOD = "desde-cero";

type Shaped = Pick<ParameterSpec, "role" | "shape">;

/** Number and width of the rows of a matrix in blocks; a linear layer's (in, out) is stored transposed. */
export function blockShape({ role, shape }: Shaped): { readonly rows: number; readonly width: number } {
  const [rows, width] = role === "matrix" ? shape.toReversed() : shape;
  return { rows, width };
}

/** A matrix's numbers in the order in which blocks hold them, or with `back`, from that order to ours. */
export function rowsOfBlocks(spec: Shaped, values: Float32Array, back = false): Float32Array {
  if (spec.role !== "matrix") return values;
  const [rows, columns] = back ? spec.shape.toReversed() : spec.shape;
  const transposed = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      transposed[column * rows + row] = values[row * columns + column];
    }
  }
  return transposed;
}

/** Dequantises a matrix, into the layout of its parameter. */
export function numbersOf(spec: Shaped, { kind, bytes }: BlockMatrix): Float32Array {
  return rowsOfBlocks(spec, dequantise(bytes, kind), true);
}

/** The rows of a piece: a family may store separately what is one parameter here, such as q, k and v. */
function rowsOf({ columns }: Piece, rows: number): readonly [from: number, to: number] {
  return columns ?? [0, rows];
}

/** A piece of a matrix, as it is stored in a file. */
export function cutBlocks(piece: Piece, spec: Shaped, { bytes }: BlockMatrix): ByteTensor {
  const { rows } = blockShape(spec), rowBytes = bytes.length / rows;
  const [from, to] = rowsOf(piece, rows);
  return { dtype: "uint8", shape: [to - from, rowBytes], data: bytes.slice(from * rowBytes, to * rowBytes) };
}

/**
 * Puts a matrix together from pieces.
 * @param refuse makes an error from the tensor's name and the reason
 * @throws what `refuse` returns if the pieces do not fit the matrix, or one has a scale that is not finite
 */
export function gatherBlocks(
  spec: Shaped,
  pieces: readonly { readonly piece: Piece; readonly tensor: ByteTensor }[],
  refuse: (name: string, why: string) => UserError,
): BlockMatrix {
  const { rows, width } = blockShape(spec);
  const kinds = (Object.keys(BLOCK_BYTES) as BlockKind[]).filter(() => width % BLOCK === 0);
  const rowBytes = (kind: BlockKind) => width / BLOCK * BLOCK_BYTES[kind];
  const kind = kinds.find((kind) => rowBytes(kind) === pieces[0].tensor.shape.at(-1)) ?? kinds[0];
  const all = new Uint8Array(kind ? rows * rowBytes(kind) : 0);
  for (const { piece, tensor: { shape, data } } of pieces) {
    const [from, to] = rowsOf(piece, rows);
    if (!kind || shape.join() !== [to - from, rowBytes(kind)].join()) {
      const fitting = kinds.map((kind) => `[${to - from},${rowBytes(kind)}] in ${kind}`).join(" or ");
      throw refuse(piece.theirs, `is [${shape}] in bytes, and should be ${fitting || "no quantised matrix"}`);
    }
    for (let at = 0; at < data.length; at += BLOCK_BYTES[kind]) {
      if ((data[at + 1] & 0x7c) === 0x7c) throw refuse(piece.theirs, "has a scale that is not finite");
    }
    all.set(data, from * rowBytes(kind));
  }
  return { kind, bytes: all };
}
