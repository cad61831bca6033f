/** Residual connections. */
import type { Tensor } from "../tensor/tensor.ts";
import { recordAdd, sum } from "./tape.ts";

/** a + b, of one shape. */
export function add(a: Tensor, b: Tensor): Tensor {
  return recordAdd(sum(a, b), a, b);
}
