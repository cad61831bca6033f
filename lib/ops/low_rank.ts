/**
 * What an adapter adds to a linear layer: the product of two narrow matrices (LoRA, Hu et al., arXiv:2106.09685).
 * Rows with different adapters go through a layer together: each adapter is computed for all rows, and scaled by 0 for
 * rows that do not use it.
 */
import { empty, type Parameter, type Tensor } from "../tensor/tensor.ts";
import { addProduct, matmulNN, matmulSlope } from "./linear.ts";
import { record } from "./tape.ts";

export interface LowRank {
  /** (rank, in) */
  readonly a: Parameter;
  /** (rank, out) */
  readonly b: Parameter;
  /** (rows, rank): the adapter's scale, or 0 for a row that does not use it. */
  readonly scales: Tensor;
}

/**
 * y + ((x·Aᵀ) ⊙ scales)·B, written over y. Nothing else may read y.
 * @param x (..., in)
 * @param y (..., out)
 */
export function addLowRank(y: Tensor, x: Tensor, { a, b, scales }: LowRank): Tensor {
  const { device, dtype } = x;
  const rank = a.shape[0], rows = { m: x.rows, has_bias: 0, accumulate: 0 };
  /** (from·matrixᵀ) ⊙ scales */
  const narrow = (from: Tensor, matrix: Parameter) => {
    const to = empty(device, [...x.shape.slice(0, -1), rank], dtype);
    const buffers = [from, matrix.like(x), scales, to].map((t) => t.buffer);
    device.dispatch(matmulSlope, buffers, { ...rows, n: rank, k: from.width });
    return to;
  };
  /** to += from·matrix, or to = from·matrix if `accumulate` is 0 */
  const widen = (from: Tensor, matrix: Parameter, to: Tensor, accumulate = 1) => {
    const buffers = [from, matrix.like(x), matrix, to].map((t) => t.buffer);
    device.dispatch(matmulNN, buffers, { ...rows, n: to.width, k: rank, accumulate });
    return to;
  };
  const hidden = narrow(x, a);
  const hadGradient = y.needsGrad;
  return record({
    output: widen(hidden, b, y),
    // The gradient goes on unchanged to the op that made y.
    inputs: hadGradient ? [x, a, b, y] : [x, a, b],
    saved: [x, hidden, scales],
    backward(dy, [before]) {
      const dHidden = narrow(dy, b);
      if (a.grad) addProduct(dHidden, x, a.grad);
      if (b.grad) addProduct(hidden, dy, b.grad);
      const dx = !x.needsGrad
        ? null
        : before
        ? widen(dHidden, a, before)
        : widen(dHidden, a, empty(device, x.shape, dtype), 0);
      return hadGradient ? [dx, null, null, dy] : [dx, null, null];
    },
  });
}
