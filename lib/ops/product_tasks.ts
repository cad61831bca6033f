/** How the cpu device splits a matrix product, m×k times k×n, into tasks. */
import { COLUMNS, KEPT, MIDDLE, PACKING, ROWS } from "../../kernels/cpu/assembly/constants.ts";

export interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

export const flops = ({ m, n, k }: Sizes) => 2 * m * n * k;

/** Bytes of the operand that a thread's calls share, in packed form: all of a if tasks are columns, else all of b. */
function sharedBytes({ m, n, k }: Sizes): number {
  const panels = Math.ceil(m / ROWS) * ROWS * 4, blocks = Math.ceil(n / COLUMNS) * COLUMNS * 4;
  return MIDDLE * Math.ceil(k / MIDDLE) * (n > m ? panels : blocks);
}

/** Number of tasks: one for each block of columns if there are more columns than rows, else for each panel of rows. */
export const rowsOrColumns = ({ m, n }: Sizes) => n > m ? Math.ceil(n / COLUMNS) : Math.ceil(m / ROWS);

export function onCpu(name: string) {
  return {
    name,
    // A product of few rows, as in decoding, is not packed, and is always split by columns.
    tasks: (a: Sizes) => a.m < ROWS ? Math.ceil(a.n / COLUMNS) : rowsOrColumns(a),
    // Where each call has to pack the shared operand itself, it takes more tasks, to be worth the packing.
    grain: (a: Sizes) => sharedBytes(a) <= KEPT ? (a.n > a.m ? 4 : 16) : (a.n > a.m ? 16 : 32),
    scratch: (a: Sizes) => PACKING + (sharedBytes(a) <= KEPT ? sharedBytes(a) : 0),
  };
}
