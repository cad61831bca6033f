// c (m×n) = op(a)·op(b) + bias, or c += op(a)·op(b).
//
// The inner product, of panels of 6 rows of a with a block of 16 columns of b up to 64 deep, is a generated
// function with every address constant (tile.ts says why). This file brings the operands to it: a block of
// b, which stays while the panels of a group pass by.
//
// What is added to an element of c, and in which order, depends on k alone: results do not change with
// the number of threads.
import { COLUMNS, DEEP, GELU, KEPT, MIDDLE, PACKING, PANELS, RELU2, ROUNDED_ROWS, ROWS, SHALLOW, SLAB } from "./constants";
import { geluRun, geluValues, loadFirst, madd, relu2Run, relu2Values, splat, storeFirst, total } from "./math";
import { multiplyFew, packQuantised } from "./quantised";

// How b is stored: as it is, transposed, or transposed in quantised blocks of so many bytes.
const PLAIN: i32 = 0;
const TRANSPOSED: i32 = 1;

// Passes by depth: `count` panels from `source`, `step` bytes apart, the first of which is in the area
// already, times the block. Results go to c, which they replace (plus a row of 16 at `bias`) or are added to.
@external("tile", "d64")
declare function d64(source: usize, step: usize, count: i32, c: usize, stride: usize, add: bool, bias: usize): void;
@external("tile", "d32")
declare function d32(source: usize, step: usize, count: i32, c: usize, stride: usize, add: bool, bias: usize): void;
@external("tile", "d16")
declare function d16(source: usize, step: usize, count: i32, c: usize, stride: usize, add: bool, bias: usize): void;

// Offsets from the thread's tile area, as tile.ts has them.
const PANEL_AT: usize = DEEP * COLUMNS * 4;
const RESULT_AT: usize = PANEL_AT + DEEP * ROWS * 4;
const PART_AT: usize = RESULT_AT + ROWS * COLUMNS * 4; // a result that is no whole 6×16
const ZEROS_AT: usize = PART_AT + ROWS * COLUMNS * 4; // instead of a bias
const PACKED_AT: usize = ZEROS_AT + COLUMNS * 4;

/** The depth of the next step when `left` of k are left: what of 64 to 16 wastes little. */
function stepDepth(left: i32): i32 {
  return left > 48 ? DEEP : left > SHALLOW ? MIDDLE : SHALLOW;
}

/** A depth rounded up to whole steps. */
function paddedDepth(depth: i32): i32 {
  let padded = 0;
  while (padded < depth) padded += stepDepth(depth - padded);
  return padded;
}

/** Up to 6 rows of op(a), `depth` deep from k0, as [depth][6]; zero beyond the matrix. */
function packPanel(
  transposed: bool, a: usize, lda: i32, m: i32, k: i32, row: i32, k0: i32, depth: i32, to: usize,
): void {
  const rows = min(ROWS, m - row);
  const deep = min(depth, k - k0);
  let d = 0;
  if (rows == ROWS) {
    if (transposed) {
      let from = a + (<usize>(k0 * lda + row) << 2);
      const stride = <usize>lda << 2;
      for (; d < deep; d++, to += 24, from += stride) {
        v128.store(to, v128.load(from));
        store<u64>(to, load<u64>(from, 16), 16);
      }
    } else {
      const stride = <usize>lda << 2;
      let from = a + (<usize>(row * lda + k0) << 2);
      for (; d + 4 <= deep; d += 4, to += 96, from += 16) {
        const r0 = v128.load(from), r1 = v128.load(from + stride), r2 = v128.load(from + 2 * stride);
        const r3 = v128.load(from + 3 * stride), r4 = v128.load(from + 4 * stride), r5 = v128.load(from + 5 * stride);
        const a01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
        const a23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), b23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
        const a45 = v128.shuffle<f32>(r4, r5, 0, 4, 1, 5), b45 = v128.shuffle<f32>(r4, r5, 2, 6, 3, 7);
        // 24 floats in a row: [k][6]
        v128.store(to, v128.shuffle<f32>(a01, a23, 0, 1, 4, 5));
        v128.store(to, v128.shuffle<f32>(a45, a01, 0, 1, 6, 7), 16);
        v128.store(to, v128.shuffle<f32>(a23, a45, 2, 3, 6, 7), 32);
        v128.store(to, v128.shuffle<f32>(b01, b23, 0, 1, 4, 5), 48);
        v128.store(to, v128.shuffle<f32>(b45, b01, 0, 1, 6, 7), 64);
        v128.store(to, v128.shuffle<f32>(b23, b45, 2, 3, 6, 7), 80);
      }
    }
  }
  for (; d < depth; d++, to += 24) {
    for (let r = 0; r < ROWS; r++) {
      let value: f32 = 0;
      if (r < rows && d < deep) {
        const at = transposed ? (k0 + d) * lda + row + r : (row + r) * lda + k0 + d;
        value = load<f32>(a + (<usize>at << 2));
      }
      store<f32>(to + (<usize>r << 2), value);
    }
  }
}

/** 16 columns of op(b), `depth` deep from k0, as [depth][16]; zero beyond the matrix. */
function packBlock(
  stored: i32, b: usize, ldb: i32, n: i32, k: i32, column: i32, k0: i32, depth: i32, to: usize,
): void {
  const columns = min(COLUMNS, n - column);
  if (stored > TRANSPOSED) {
    packQuantised(stored, b, k, column, columns, k0, depth, to);
    return;
  }
  const deep = min(depth, k - k0);
  if (stored == PLAIN) {
    let from = b + (<usize>(k0 * ldb + column) << 2);
    const stride = <usize>ldb << 2;
    if (columns == COLUMNS) {
      for (let d = 0; d < deep; d++, to += 64, from += stride) {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
        v128.store(to, v128.load(from, 32), 32);
        v128.store(to, v128.load(from, 48), 48);
      }
    } else {
      for (let d = 0; d < deep; d++, to += 64, from += stride) {
        for (let c = 0; c < COLUMNS; c += 4) {
          v128.store(to + (<usize>c << 2), loadFirst(from + (<usize>c << 2), columns - c));
        }
      }
    }
    memory.fill(to, 0, <usize>(depth - deep) << 6);
    return;
  }
  const stride = <usize>ldb << 2;
  for (let c = 0; c < COLUMNS; c += 4) {
    let from = b + (<usize>((column + c) * ldb + k0) << 2);
    let at = to + (<usize>c << 2);
    let d = 0;
    if (c + 4 <= columns) {
      for (; d + 4 <= deep; d += 4, at += 256, from += 16) {
        const r0 = v128.load(from), r1 = v128.load(from + stride);
        const r2 = v128.load(from + 2 * stride), r3 = v128.load(from + 3 * stride);
        const a01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
        const a23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), b23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
        v128.store(at, v128.shuffle<f32>(a01, a23, 0, 1, 4, 5));
        v128.store(at, v128.shuffle<f32>(a01, a23, 2, 3, 6, 7), 64);
        v128.store(at, v128.shuffle<f32>(b01, b23, 0, 1, 4, 5), 128);
        v128.store(at, v128.shuffle<f32>(b01, b23, 2, 3, 6, 7), 192);
      }
    }
    for (; d < depth; d++, at += 64, from += 4) {
      for (let i = 0; i < 4; i++) {
        const inside = d < deep && c + i < columns;
        store<f32>(at + (<usize>i << 2), inside ? load<f32>(from + <usize>i * stride) : 0);
      }
    }
  }
}

/** Brings a result that sticks out of the matrix to c. */
function bringPart(c: usize, stride: usize, rows: i32, columns: i32, result: usize, replace: bool, bias: usize): void {
  for (let r = 0; r < rows; r++, c += stride, result += 64) {
    for (let j = 0; j < columns; j += 4) {
      const at = <usize>j << 2, left = columns - j;
      let value = v128.load(result + at);
      if (!replace) value = f32x4.add(value, loadFirst(c + at, left));
      else if (bias) value = f32x4.add(value, loadFirst(bias + at, left));
      storeFirst(c + at, value, left);
    }
  }
}

// @ts-ignore: decorator
@inline
function pass(
  depth: i32, source: usize, step: usize, count: i32, c: usize, stride: usize, add: bool, bias: usize,
): void {
  if (depth == 64) d64(source, step, count, c, stride, add, bias);
  else if (depth == 32) d32(source, step, count, c, stride, add, bias);
  else d16(source, step, count, c, stride, add, bias);
}

/**
 * c (+)= op(a)·op(b) (+ bias), for the given rows and columns of c. lda, ldb and ldc are the floats from
 * one stored row to the next.
 */
export function multiply(
  ta: bool, tb: bool, tile: usize, scratch: usize, a: usize, lda: i32, b: usize, ldb: i32, bias: usize,
  c: usize, ldc: i32, rowStart: i32, rowEnd: i32, columnStart: i32, columnEnd: i32, k: i32, accumulate: bool,
): void {
  multiplyKept(
    ta, tb ? TRANSPOSED : PLAIN, tile, scratch, a, lda, b, ldb, bias, c, ldc, rowStart, rowEnd, columnStart, columnEnd, k, accumulate,
    0, 0, true,
  );
}

/**
 * `multiply`, with an address for all panels of a, or for all blocks of b, if other calls use them too; 0
 * if not. They are packed there if the call is the `first` one.
 */
function multiplyKept(
  ta: bool, stored: i32, tile: usize, scratch: usize, a: usize, lda: i32, b: usize, ldb: i32, bias: usize,
  c: usize, ldc: i32, rowStart: i32, rowEnd: i32, columnStart: i32, columnEnd: i32, k: i32, accumulate: bool,
  allPanels: usize, allBlocks: usize, first: bool,
): void {
  const stride = <usize>ldc << 2;
  for (let slab = 0; slab < k; slab += SLAB) {
    const slabDepth = min(SLAB, k - slab);
    const packed = paddedDepth(slabDepth);
    const panelBytes = <usize>packed * 24;
    for (let row0 = rowStart; row0 < rowEnd; row0 += PANELS * ROWS) {
      const panels = (min(rowEnd, row0 + PANELS * ROWS) - row0 + ROWS - 1) / ROWS;
      let from = scratch;
      if (allPanels) {
        from = allPanels + <usize>((rowEnd + ROWS - 1) / ROWS * slab) * 24 + <usize>(row0 / ROWS) * panelBytes;
      }
      if (!allPanels || first) {
        for (let p = 0; p < panels; p++) {
          packPanel(ta, a, lda, rowEnd, k, row0 + p * ROWS, slab, packed, from + <usize>p * panelBytes);
        }
      }
      const blocks = (columnEnd + COLUMNS - 1) / COLUMNS;
      for (let column = columnStart; column < columnEnd; column += COLUMNS) {
        const columns = min(COLUMNS, columnEnd - column);
        const whole = columns < COLUMNS ? 0 : row0 + panels * ROWS > rowEnd ? panels - 1 : panels;
        const to = c + (<usize>(row0 * ldc + column) << 2);
        const shift = bias ? bias + (<usize>column << 2) : 0;
        let depth = 0;
        for (let k0 = 0; k0 < slabDepth; k0 += depth) {
          depth = stepDepth(slabDepth - k0);
          const replace = slab + k0 == 0 && !accumulate;
          if (!allBlocks) packBlock(stored, b, ldb, columnEnd, k, column, slab + k0, depth, tile);
          else {
            const block = allBlocks + (<usize>((slab + k0) * blocks + column / COLUMNS * depth) << 6);
            if (first && row0 == rowStart) packBlock(stored, b, ldb, columnEnd, k, column, slab + k0, depth, block);
            memory.copy(tile, block, <usize>depth << 6);
          }
          const panel = from + <usize>k0 * 24;
          if (whole > 0) {
            memory.copy(tile + PANEL_AT, panel, <usize>depth * 24);
            const added = replace && bias ? shift : tile + ZEROS_AT;
            pass(depth, panel, panelBytes, whole, to, stride, !replace, added);
          }
          for (let p = whole; p < panels; p++) {
            memory.copy(tile + PANEL_AT, panel + <usize>p * panelBytes, <usize>depth * 24);
            pass(depth, panel, 0, 1, tile + PART_AT, 64, false, tile + ZEROS_AT);
            const rows = min(ROWS, rowEnd - row0 - p * ROWS);
            bringPart(to + <usize>(p * ROWS) * stride, stride, rows, columns, tile + PART_AT, replace, shift);
          }
        }
      }
    }
  }
}

/** The part of a product that a run of tasks stands for. */
function matmul(
  ta: bool, stored: i32, first: i32, end: i32, tile: usize, scratch: usize,
  a: usize, b: usize, bias: usize, c: usize, m: i32, n: i32, k: i32, has_bias: i32, accumulate: i32,
): void {
  // A task is a panel of rows, or a block of columns if there are more columns than rows. Its calls share
  // all blocks, or all panels.
  const byColumns = n > m;
  const deep = (k + 31) & ~31;
  const shared = byColumns ? (m + ROWS - 1) / ROWS * deep * 24 : (n + COLUMNS - 1) / COLUMNS * deep * 64;
  const all = shared <= KEPT ? scratch + <usize>PACKING : 0;
  multiplyKept(
    ta, stored, tile, scratch, a, ta ? m : k, b, stored == PLAIN ? n : k, has_bias ? bias : 0, c, n,
    byColumns ? 0 : first * ROWS, byColumns ? m : min(m, end * ROWS),
    byColumns ? first * COLUMNS : 0, byColumns ? min(n, end * COLUMNS) : n, k, accumulate != 0,
    byColumns ? all : 0, byColumns ? 0 : all, beginsJob(tile),
  );
}

/** Whether this is the thread's first call of a job, which packs what its calls share. */
function beginsJob(tile: usize): bool {
  const begins = load<i32>(tile + PACKED_AT) == 0;
  store<i32>(tile + PACKED_AT, 1);
  return begins;
}

/** Few rows, as when decoding: b is read once, and nothing is worth packing. A task is 16 columns. */
function matvec(
  tb: bool, first: i32, end: i32, a: usize, b: usize, bias: usize, c: usize,
  m: i32, n: i32, k: i32, has_bias: i32, accumulate: i32,
): void {
  const last = min(n, end * COLUMNS);
  for (let row = 0; row < m; row++) {
    const x = a + (<usize>(row * k) << 2), y = c + (<usize>(row * n) << 2);
    if (tb) {
      for (let j = first * COLUMNS; j < last; j++) {
        const w = b + (<usize>j * <usize>k << 2);
        let sum = splat(0);
        for (let d = 0; d < k; d += 4) {
          const at = <usize>d << 2, left = k - d;
          sum = madd(loadFirst(x + at, left), loadFirst(w + at, left), sum);
        }
        let value = total(sum);
        if (has_bias) value += load<f32>(bias + (<usize>j << 2));
        if (accumulate) value += load<f32>(y + (<usize>j << 2));
        store<f32>(y + (<usize>j << 2), value);
      }
      continue;
    }
    let j = first * COLUMNS;
    const stride = <usize>n << 2;
    for (; j + 16 <= last; j += 16) {
      let w = b + (<usize>j << 2);
      let s0 = splat(0), s1 = splat(0), s2 = splat(0), s3 = splat(0);
      for (let d = 0; d < k; d++, w += stride) {
        const v = v128.load32_splat(x + (<usize>d << 2));
        s0 = madd(v, v128.load(w), s0);
        s1 = madd(v, v128.load(w, 16), s1);
        s2 = madd(v, v128.load(w, 32), s2);
        s3 = madd(v, v128.load(w, 48), s3);
      }
      finishVector(y, bias, j, s0, 4, has_bias, accumulate);
      finishVector(y, bias, j + 4, s1, 4, has_bias, accumulate);
      finishVector(y, bias, j + 8, s2, 4, has_bias, accumulate);
      finishVector(y, bias, j + 12, s3, 4, has_bias, accumulate);
    }
    for (; j < last; j += 4) {
      let sum = splat(0);
      for (let d = 0; d < k; d++) {
        const w = b + (<usize>(d * n + j) << 2);
        sum = madd(v128.load32_splat(x + (<usize>d << 2)), loadFirst(w, last - j), sum);
      }
      finishVector(y, bias, j, sum, last - j, has_bias, accumulate);
    }
  }
}

// @ts-ignore: decorator
@inline
function finishVector(y: usize, bias: usize, j: i32, sum: v128, left: i32, has_bias: i32, accumulate: i32): void {
  const at = <usize>j << 2;
  if (has_bias) sum = f32x4.add(sum, loadFirst(bias + at, left));
  if (accumulate) sum = f32x4.add(sum, loadFirst(y + at, left));
  storeFirst(y + at, sum, left);
}

/** Below this many rows `matvec` serves; linear.ts counts tasks by the same rule. */
const FEW: i32 = ROWS;

export function matmul_nn(
  first: i32, end: i32, tile: usize, scratch: usize, a: usize, b: usize, bias: usize, c: usize,
  m: i32, n: i32, k: i32, has_bias: i32, accumulate: i32,
): void {
  if (m < FEW) matvec(false, first, end, a, b, bias, c, m, n, k, has_bias, accumulate);
  else matmul(false, PLAIN, first, end, tile, scratch, a, b, bias, c, m, n, k, has_bias, accumulate);
}

export function matmul_nt(
  first: i32, end: i32, tile: usize, scratch: usize, a: usize, b: usize, bias: usize, c: usize,
  m: i32, n: i32, k: i32, has_bias: i32, accumulate: i32,
): void {
  if (m < FEW) matvec(true, first, end, a, b, bias, c, m, n, k, has_bias, accumulate);
  else matmul(false, TRANSPOSED, first, end, tile, scratch, a, b, bias, c, m, n, k, has_bias, accumulate);
}

/** Tasks are those of the product, then one for each 16 columns' sums. */
export function linear_gradient(
  first: i32, end: i32, tile: usize, scratch: usize, a: usize, b: usize, sums: usize, c: usize,
  m: i32, n: i32, k: i32, has_bias: i32, accumulate: i32,
): void {
  const tasks = n > m ? (n + COLUMNS - 1) / COLUMNS : (m + ROWS - 1) / ROWS;
  if (first < tasks) {
    matmul(true, PLAIN, first, min(end, tasks), tile, scratch, a, b, 0, c, m, n, k, 0, accumulate);
  }
  if (has_bias && end > tasks) {
    const column = (max(first, tasks) - tasks) * COLUMNS;
    columnSums(column, min(n, (end - tasks) * COLUMNS), b, sums, k, n, accumulate);
  }
}

/** For columns from `column` to `last`. */
function columnSums(column: i32, last: i32, x: usize, sums: usize, rows: i32, width: i32, accumulate: i32): void {
  const bytes = <usize>width << 2;
  if (!accumulate) memory.fill(sums + (<usize>column << 2), 0, <usize>(last - column) << 2);
  for (; column + 16 <= last; column += 16) {
    const to = sums + (<usize>column << 2);
    let a = v128.load(to), b = v128.load(to, 16), d = v128.load(to, 32), e = v128.load(to, 48);
    for (let r = 0, row = x + (<usize>column << 2); r < rows; r++, row += bytes) {
      a = f32x4.add(a, v128.load(row));
      b = f32x4.add(b, v128.load(row, 16));
      d = f32x4.add(d, v128.load(row, 32));
      e = f32x4.add(e, v128.load(row, 48));
    }
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, d, 32);
    v128.store(to, e, 48);
  }
  for (; column < last; column += 4) {
    const at = <usize>column << 2, left = last - column;
    let sum = loadFirst(sums + at, left);
    for (let r = 0; r < rows; r++) sum = f32x4.add(sum, loadFirst(x + <usize>r * bytes + at, left));
    storeFirst(sums + at, sum, left);
  }
}

export function matmul_gelu(
  first: i32, end: i32, tile: usize, scratch: usize, a: usize, b: usize, bias: usize, y: usize, slope: usize,
  m: i32, n: i32, k: i32, has_bias: i32, _accumulate: i32,
): void {
  matmul_nn(first, end, tile, scratch, a, b, bias, y, m, n, k, has_bias, 0);
  const rows = wholeRows(m, n), runs = rows ? 1 : m;
  for (let row = 0; row < runs; row++) {
    const at = start(rows, row, first, n);
    geluRun(y + at, slope + at, length(rows, first, end, m, n));
  }
}

export function matmul_relu2(
  first: i32, end: i32, tile: usize, scratch: usize, a: usize, b: usize, bias: usize, y: usize, slope: usize,
  m: i32, n: i32, k: i32, has_bias: i32, _accumulate: i32,
): void {
  matmul_nn(first, end, tile, scratch, a, b, bias, y, m, n, k, has_bias, 0);
  const rows = wholeRows(m, n), runs = rows ? 1 : m;
  for (let row = 0; row < runs; row++) {
    const at = start(rows, row, first, n);
    relu2Run(y + at, slope + at, length(rows, first, end, m, n));
  }
}

/** b is stored in blocks of `size` bytes; `scratch` has room for x in 16 bits, or for what is packed. */
export function matmul_quantised(
  first: i32, end: i32, tile: usize, scratch: usize, x: usize, b: usize, bias: usize, y: usize,
  m: i32, n: i32, k: i32, size: i32, has_bias: i32, activation: i32,
): void {
  if (m < ROUNDED_ROWS) {
    const last = min(n, end * COLUMNS);
    multiplyFew(
      size, x, b, has_bias ? bias : 0, y, m, n, k, first * COLUMNS, last, scratch, beginsJob(tile),
    );
  } else matmul(false, size, first, end, tile, scratch, x, b, bias, y, m, n, k, has_bias, 0);
  const rows = m >= ROUNDED_ROWS && wholeRows(m, n), runs = rows ? 1 : m;
  for (let row = 0; row < runs; row++) {
    const at = y + start(rows, row, first, n), count = length(rows, first, end, m, n);
    if (activation == GELU) geluValues(at, count);
    else if (activation == RELU2) relu2Values(at, count);
  }
}

export function matmul_slope(
  first: i32, end: i32, tile: usize, scratch: usize, a: usize, b: usize, slope: usize, c: usize,
  m: i32, n: i32, k: i32, _has_bias: i32, _accumulate: i32,
): void {
  matmul_nt(first, end, tile, scratch, a, b, 0, c, m, n, k, 0, 0);
  const rows = wholeRows(m, n), runs = rows ? 1 : m;
  for (let row = 0; row < runs; row++) {
    const at = start(rows, row, first, n);
    multiplyRun(c + at, slope + at, length(rows, first, end, m, n));
  }
}

// What tasks of a product have computed lies in one run if they are whole rows, else in one run in each row.

/** Whether tasks are whole rows. */
function wholeRows(m: i32, n: i32): bool {
  return n <= m && m >= FEW;
}

/** Bytes from the start of c to a run. */
function start(rows: bool, row: i32, first: i32, n: i32): usize {
  return <usize>(rows ? first * ROWS * n : row * n + first * COLUMNS) << 2;
}

/** Floats of a run. */
function length(rows: bool, first: i32, end: i32, m: i32, n: i32): i32 {
  return rows ? (min(m, end * ROWS) - first * ROWS) * n : min(n, end * COLUMNS) - first * COLUMNS;
}

/** x = x ⊙ y */
function multiplyRun(x: usize, y: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2, left = n - i;
    storeFirst(x + at, f32x4.mul(loadFirst(x + at, left), loadFirst(y + at, left)), left);
  }
}
