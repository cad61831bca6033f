// Matrices whose rows are stored in blocks of 32 numbers, in 8 or 4 bits; lib/device/blocks.ts has the layout. A row
// holds the weights of one output, so that a product with it is bᵀ's.
//
// Few rows of x, as when decoding: x is rounded to 16 bits a block, whose products with weights are summed exactly. That
// costs some 1e-5 of a result, far below what the weights have lost. Four rows of weights at once share the loads of x;
// they lie a quarter of a call's columns apart, as memory is read ahead for one place in a page only: neighbours took
// three times as long where rows are long.
import { BLOCK, COLUMNS, Q8_BYTES, ROUNDED_BYTES } from "./constants";
import { largest, madd, splat, total } from "./math";

/** A float16 that is finite: its bits, moved to where float32 has them, are the number times 2^-112. */
// @ts-ignore: decorator
@inline
function float16(at: usize): f32 {
  return reinterpret<f32>((<i32>load<i16>(at) << 13) & 0x8fffe000) * 5.192296858534828e33;
}

/** Four neighbours of a block, from the i-th on, without their scale. */
// @ts-ignore: decorator
@inline
function four(eight: bool, block: usize, i: i32): v128 {
  let bytes: v128;
  if (eight) bytes = v128.load32_zero(block + <usize>i, 2);
  else {
    const pairs = v128.load32_zero(block + <usize>(i & 15), 2);
    const low = v128.and(i < 16 ? pairs : i16x8.shr_u(pairs, 4), i8x16.splat(15));
    bytes = i8x16.sub(low, i8x16.splat(8));
  }
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(bytes)));
}

/** 16 rows of `depth` numbers from k0 on, as [depth][16]; zero beyond the last of `columns` rows. */
export function packQuantised(
  size: i32, b: usize, k: i32, column: i32, columns: i32, k0: i32, depth: i32, to: usize,
): void {
  const eight = size == Q8_BYTES, stride = <usize>(k / BLOCK * size);
  const start = b + <usize>column * stride + <usize>(k0 / BLOCK * size);
  for (let c = 0; c < COLUMNS; c += 4) {
    const last = columns - 1;
    let r0 = start + <usize>min(c, last) * stride, r1 = start + <usize>min(c + 1, last) * stride;
    let r2 = start + <usize>min(c + 2, last) * stride, r3 = start + <usize>min(c + 3, last) * stride;
    let at = to + (<usize>c << 2);
    for (let d = 0; d < depth; d += BLOCK) {
      const s0 = splat(c <= last ? float16(r0) : 0), s1 = splat(c + 1 <= last ? float16(r1) : 0);
      const s2 = splat(c + 2 <= last ? float16(r2) : 0), s3 = splat(c + 3 <= last ? float16(r3) : 0);
      for (let i = 0; i < BLOCK; i += 4, at += 256) {
        const x0 = f32x4.mul(four(eight, r0, i), s0), x1 = f32x4.mul(four(eight, r1, i), s1);
        const x2 = f32x4.mul(four(eight, r2, i), s2), x3 = f32x4.mul(four(eight, r3, i), s3);
        const a01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5), b01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
        const a23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5), b23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
        v128.store(at, v128.shuffle<f32>(a01, a23, 0, 1, 4, 5));
        v128.store(at, v128.shuffle<f32>(a01, a23, 2, 3, 6, 7), 64);
        v128.store(at, v128.shuffle<f32>(b01, b23, 0, 1, 4, 5), 128);
        v128.store(at, v128.shuffle<f32>(b01, b23, 2, 3, 6, 7), 192);
      }
      r0 += <usize>size;
      r1 += <usize>size;
      r2 += <usize>size;
      r3 += <usize>size;
    }
  }
}

// A block of x in 16 bits: 32 integers, then in float32 what one of them stands for, then -8 times their sum.
const X_BYTES: usize = ROUNDED_BYTES;
const X_SCALE: usize = 64;
const X_SHIFT: usize = 68;

/** Eight of sixteen numbers at `at`, every other one, times `factor`, as 16-bit integers. */
// @ts-ignore: decorator
@inline
function rounded(even: v128, odd: v128, factor: v128): v128 {
  return i16x8.narrow_i32x4_s(
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(even, factor))),
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(odd, factor))),
  );
}

/**
 * Quantises rows of x. Of each half of a block, integers of even places stand before those of odd ones: so two bytes
 * of weights are taken apart by a shift.
 */
function quantiseRows(x: usize, numbers: i32, to: usize): void {
  for (let i = 0; i < numbers; i += BLOCK, x += 128, to += X_BYTES) {
    let top = splat(0), unsound = splat(0);
    for (let at: usize = 0; at < 128; at += 16) {
      const v = v128.load(x + at);
      top = f32x4.pmax(top, f32x4.abs(v));
      unsound = madd(v, splat(0), unsound); // NaN if a number is not finite
    }
    const most = largest(top);
    const factor = splat(most > 0 ? 32767 / most : 0);
    let sum = i32x4.splat(0);
    for (let half: usize = 0; half < 2; half++) {
      const at = x + (half << 6), into = to + (half << 5);
      const a = v128.load(at), b = v128.load(at, 16), c = v128.load(at, 32), d = v128.load(at, 48);
      const even = rounded(v128.shuffle<f32>(a, b, 0, 2, 4, 6), v128.shuffle<f32>(c, d, 0, 2, 4, 6), factor);
      const odd = rounded(v128.shuffle<f32>(a, b, 1, 3, 5, 7), v128.shuffle<f32>(c, d, 1, 3, 5, 7), factor);
      v128.store(into, even);
      v128.store(into, odd, 16);
      sum = i32x4.add(sum, i32x4.dot_i16x8_s(even, i16x8.splat(-8)));
      sum = i32x4.add(sum, i32x4.dot_i16x8_s(odd, i16x8.splat(-8)));
    }
    store<f32>(to + X_SCALE, most / 32767 + total(unsound));
    const pairs = i32x4.add(sum, v128.shuffle<i32>(sum, sum, 2, 3, 0, 1));
    store<i32>(to + X_SHIFT, i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1));
  }
}

/** Even places of the first half of a block of weights, as 16-bit integers; of 4 bits, 8 too high. */
// @ts-ignore: decorator
@inline
function firstEven(eight: bool, bytes: v128): v128 {
  return eight ? i16x8.shr_s(i16x8.shl(bytes, 8), 8) : v128.and(bytes, i16x8.splat(15));
}

// @ts-ignore: decorator
@inline
function firstOdd(eight: bool, bytes: v128): v128 {
  return eight ? i16x8.shr_s(bytes, 8) : v128.and(i16x8.shr_u(bytes, 8), i16x8.splat(15));
}

/** The same of the second half: of 8 bits its own bytes, of 4 bits the upper half of all. */
// @ts-ignore: decorator
@inline
function secondEven(eight: bool, bytes: v128): v128 {
  return eight ? i16x8.shr_s(i16x8.shl(bytes, 8), 8) : v128.and(i16x8.shr_u(bytes, 4), i16x8.splat(15));
}

// @ts-ignore: decorator
@inline
function secondOdd(eight: bool, bytes: v128): v128 {
  return eight ? i16x8.shr_s(bytes, 8) : i16x8.shr_u(bytes, 12);
}

/** Products of a block of weights, which begins at `w`, with one of x, in four sums. */
// @ts-ignore: decorator
@inline
function products(eight: bool, w: usize, x0: v128, x1: v128, x2: v128, x3: v128, shift: v128, scale: f32): v128 {
  const first = v128.load(w, 2), second = eight ? v128.load(w, 18) : first;
  const a = i32x4.dot_i16x8_s(firstEven(eight, first), x0), b = i32x4.dot_i16x8_s(firstOdd(eight, first), x1);
  const c = i32x4.dot_i16x8_s(secondEven(eight, second), x2), d = i32x4.dot_i16x8_s(secondOdd(eight, second), x3);
  let sums = i32x4.add(i32x4.add(a, b), i32x4.add(c, d));
  if (!eight) sums = i32x4.add(sums, shift);
  return f32x4.mul(f32x4.convert_i32x4_s(sums), splat(float16(w) * scale));
}

/** Four rows of weights times one of x, plus their biases: y, and the numbers that lie so many bytes after it. */
// @ts-ignore: decorator
@inline
function dots(
  eight: bool, w0: usize, w1: usize, w2: usize, w3: usize, x: usize, blocks: i32, bias: usize, y: usize,
  at1: usize, at2: usize, at3: usize,
): void {
  const size: usize = eight ? 34 : 18;
  let a = splat(0), b = splat(0), c = splat(0), d = splat(0);
  for (; blocks > 0; blocks--, w0 += size, w1 += size, w2 += size, w3 += size, x += X_BYTES) {
    const x0 = v128.load(x), x1 = v128.load(x, 16), x2 = v128.load(x, 32), x3 = v128.load(x, 48);
    const scale = load<f32>(x, X_SCALE), shift = v128.load32_zero(x, X_SHIFT);
    a = f32x4.add(a, products(eight, w0, x0, x1, x2, x3, shift, scale));
    b = f32x4.add(b, products(eight, w1, x0, x1, x2, x3, shift, scale));
    c = f32x4.add(c, products(eight, w2, x0, x1, x2, x3, shift, scale));
    d = f32x4.add(d, products(eight, w3, x0, x1, x2, x3, shift, scale));
  }
  store<f32>(y, total(a) + (bias ? load<f32>(bias) : 0));
  store<f32>(y + at1, total(b) + (bias ? load<f32>(bias + at1) : 0));
  store<f32>(y + at2, total(c) + (bias ? load<f32>(bias + at2) : 0));
  store<f32>(y + at3, total(d) + (bias ? load<f32>(bias + at3) : 0));
}

/**
 * Columns from `column` to `last` of y = x·bᵀ + bias, for few rows of x.
 * @param quantised where this thread keeps x in 16 bits
 * @param begins whether it has to put it there
 */
export function multiplyFew(
  size: i32, x: usize, b: usize, bias: usize, y: usize, m: i32, n: i32, k: i32, column: i32, last: i32,
  quantised: usize, begins: bool,
): void {
  if (begins) quantiseRows(x, m * k, quantised);
  const blocks = k / BLOCK, stride = <usize>(blocks * size), quarter = (last - column + 3) >> 2;
  for (let j = column; j < column + quarter; j++) {
    const w = b + <usize>j * stride, at = <usize>j << 2, shift = bias ? bias + at : 0;
    // Past the last column it is taken again.
    const n1 = <usize>(min(j + quarter, last - 1) - j), n2 = <usize>(min(j + 2 * quarter, last - 1) - j);
    const n3 = <usize>(min(j + 3 * quarter, last - 1) - j);
    const w1 = w + n1 * stride, w2 = w + n2 * stride, w3 = w + n3 * stride;
    let row = quantised, to = y + at;
    for (let r = 0; r < m; r++, row += <usize>blocks * X_BYTES, to += <usize>n << 2) {
      if (size == Q8_BYTES) dots(true, w, w1, w2, w3, row, blocks, shift, to, n1 << 2, n2 << 2, n3 << 2);
      else dots(false, w, w1, w2, w3, row, blocks, shift, to, n1 << 2, n2 << 2, n3 << 2);
    }
  }
}

/** A task is a row. */
export function embedding_quantised(
  first: i32, end: i32, _tile: usize, _scratch: usize, ids: usize, weight: usize, out: usize,
  _rows: i32, width: i32, size: i32,
): void {
  const blocks = width / BLOCK, eight = size == Q8_BYTES;
  let to = out + (<usize>(first * width) << 2);
  for (let r = first; r < end; r++) {
    let block = weight + <usize>load<u32>(ids + (<usize>r << 2)) * <usize>(blocks * size);
    for (let b = 0; b < blocks; b++, block += <usize>size) {
      const scale = splat(float16(block));
      for (let i = 0; i < BLOCK; i += 4, to += 16) v128.store(to, f32x4.mul(four(eight, block, i), scale));
    }
  }
}
