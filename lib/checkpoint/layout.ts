/** Converts weights from a family's layout to ours, and back. */
import type { ParameterSpec } from "../model/parameters.ts";
import type { Piece } from "../model/families/family.ts";

type Shape = readonly number[];

/** The shape of a piece in the family's files. */
export function theirShape({ columns, transposed }: Piece, ours: Shape): number[] {
  const width = columns ? columns[1] - columns[0] : ours.at(-1)!;
  const shape = [...ours.slice(0, -1), width];
  return transposed ? shape.reverse() : shape;
}

/** Calls `visit` for each number of a piece, with its index in their tensor and in ours. */
function eachNumber(
  { columns, transposed }: Piece,
  shape: Shape,
  visit: (theirs: number, ours: number) => void,
): void {
  const width = shape.at(-1)!, rows = shape.length === 2 ? shape[0] : 1;
  const [from, to] = columns ?? [0, width];
  for (let row = 0; row < rows; row++) {
    for (let column = from; column < to; column++) {
      const theirs = transposed ? (column - from) * rows + row : row * (to - from) + column - from;
      visit(theirs, row * width + column);
    }
  }
}

/** Puts one of our tensors together from its pieces. */
export function gather(
  { shape }: Pick<ParameterSpec, "shape">,
  pieces: readonly { piece: Piece; data: Float32Array }[],
): Float32Array {
  const [only] = pieces;
  if (pieces.length === 1 && !only.piece.columns && !only.piece.transposed) return only.data;
  const ours = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (const { piece, data } of pieces) eachNumber(piece, shape, (from, to) => ours[to] = data[from]);
  return ours;
}

/** Cuts a piece out of one of our tensors, in the family's layout. */
export function cut(piece: Piece, shape: Shape, ours: Float32Array): Float32Array {
  if (!piece.columns && !piece.transposed) return ours;
  const theirs = new Float32Array(theirShape(piece, shape).reduce((a, b) => a * b, 1));
  eachNumber(piece, shape, (to, from) => theirs[to] = ours[from]);
  return theirs;
}
