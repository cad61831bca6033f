/**
 * Linear layers. Weights are stored (in, out), as in GPT-2's checkpoints; a head tied to the embedding
 * table (V, C) uses it transposed. One matrix product serves y, dx and dW.
 */
import { kernel } from "../device/device.ts";
import { empty, type Parameter, type Tensor } from "../tensor/tensor.ts";
import { addColumnSums } from "./column_sum.ts";
import { record } from "./tape.ts";
import wgsl from "../../kernels/matmul.wgsl" with { type: "text" };

/** Bytes that a product packs a in on the cpu device: 32 panels of 6 rows, 256 deep. */
export const PACKING = 32 * 256 * 6 * 4;

/** Bytes of the operand that a thread's calls share, packed: all of a if tasks are columns, else all of b. */
function sharedBytes({ m, n, k }: { m: number; n: number; k: number }): number {
  const panels = Math.ceil(m / 6) * 24, blocks = Math.ceil(n / 16) * 64;
  return 32 * Math.ceil(k / 32) * (n > m ? panels : blocks);
}

/** Up to so many bytes it is packed once for all calls; matmul.ts in kernels/cpu has the same. */
const KEPT = 2 ** 19;

function matmulKernel(name: string, ta: boolean, tb: boolean) {
  return kernel({
    name,
    params: { m: "u32", n: "u32", k: "u32", has_bias: "u32", accumulate: "u32" },
    bindings: ["f32 in", "f32 in", "f32 in", "f32 inout"],
    wgsl,
    cpu: {
      name,
      // As matmul.ts in kernels/cpu splits: few rows and wide matrices by 16 columns, others by 6 rows.
      tasks: ({ m, n }) => n > m || (m < 6 && !ta) ? Math.ceil(n / 16) : Math.ceil(m / 6),
      // A call that has to pack the operand that tasks share must be worth that.
      grain: (a) => sharedBytes(a) <= KEPT ? (a.n > a.m ? 4 : 16) : (a.n > a.m ? 16 : 32),
      scratch: (a) => PACKING + (sharedBytes(a) <= KEPT ? sharedBytes(a) : 0),
    },
    flops: ({ m, n, k }) => 2 * m * n * k,
    constants: { TRANSPOSE_A: Number(ta), TRANSPOSE_B: Number(tb) },
    workgroups: ({ m, n }) => [Math.ceil(n / 64), Math.ceil(m / 64)],
    reference([a, b, bias, c], { m, n, k, has_bias, accumulate }) {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = (has_bias ? bias[j] : 0) + (accumulate ? c[i * n + j] : 0);
          for (let d = 0; d < k; d++) {
            sum += a[ta ? d * m + i : i * k + d] * b[tb ? j * k + d : d * n + j];
          }
          c[i * n + j] = sum;
        }
      }
    },
  });
}

/** c = a·b, c = a·bᵀ and c = aᵀ·b, with an optional bias row, or added to c. */
export const matmulNN = matmulKernel("matmul_nn", false, false);
export const matmulNT = matmulKernel("matmul_nt", false, true);
export const matmulTN = matmulKernel("matmul_tn", true, false);

/**
 * y = x·W + b
 * @param x (..., in)
 * @param weight (in, out), or (out, in) if `transposed`
 * @param bias (out), or null
 * @returns (..., out)
 */
export function linear(x: Tensor, weight: Parameter, bias: Parameter | null, transposed = false): Tensor {
  const { device, rows: m, width: k } = x;
  const n = weight.shape[transposed ? 0 : 1];
  if (weight.shape[transposed ? 1 : 0] !== k) {
    throw new Error(`linear: x is (..., ${k}), ${weight.name} is [${weight.shape}]`);
  }
  const y = empty(device, [...x.shape.slice(0, -1), n]);
  device.dispatch(
    transposed ? matmulNT : matmulNN,
    [x.buffer, weight.buffer, (bias ?? weight).buffer, y.buffer],
    { m, n, k, has_bias: bias ? 1 : 0, accumulate: 0 },
  );
  return record({
    output: y,
    inputs: bias ? [x, weight, bias] : [x, weight],
    saved: [x],
    backward(dy) {
      if (weight.grad) {
        // dW = xᵀ·dy (in, out), or dyᵀ·x (out, in)
        const [left, right] = transposed ? [dy, x] : [x, dy];
        device.dispatch(
          matmulTN,
          [left.buffer, right.buffer, left.buffer, weight.grad.buffer],
          { m: left.width, n: right.width, k: m, has_bias: 0, accumulate: 1 },
        );
      }
      if (bias?.grad) addColumnSums(dy, bias.grad);
      if (!x.needsGrad) return [null];
      const dx = empty(device, x.shape);
      device.dispatch(
        transposed ? matmulNN : matmulNT,
        [dy.buffer, weight.buffer, weight.buffer, dx.buffer],
        { m, n: k, k: n, has_bias: 0, accumulate: 0 },
      );
      return [dx];
    },
  });
}
