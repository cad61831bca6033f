// Causal multi-head attention without the T×T matrix. A task is a plane: one head of one sequence.
//
// A plane's keys and values are packed once, padded to multiples of 8 with zeros; queries pass by in
// blocks. All products go through `product`: 4 rows by 8 columns in registers.
import { exp4, firstLanes, kept4, largest, loadFirst, madd, splat, storeFirst, total } from "./math";

const LOWEST: f32 = -3.4e38;
const QUERIES: i32 = 32; // of a block in the backward pass

// @ts-ignore: decorator
@inline
function pad8(n: i32): i32 {
  return (n + 7) & ~7;
}

/**
 * out[r][j] (+)= Σ_k a(r, k)·b[k][j] for 4 rows and `columns` (a multiple of 8). a(r, k) lies at
 * a + r·rowStep + k·step; `last` is the byte offset of the last row that may be read.
 */
function product(
  a: usize, rowStep: usize, last: usize, step: usize, b: usize, bStride: usize, depth: i32, columns: i32,
  out: usize, outStride: usize, accumulate: bool,
): void {
  const o1 = min<usize>(rowStep, last), o2 = min<usize>(rowStep << 1, last), o3 = min<usize>(rowStep + (rowStep << 1), last);
  for (let j: usize = 0; j < <usize>columns << 2; j += 32) {
    const to = out + j;
    let c00 = splat(0), c01 = splat(0), c10 = splat(0), c11 = splat(0);
    let c20 = splat(0), c21 = splat(0), c30 = splat(0), c31 = splat(0);
    let from = b + j, a0 = a, a1 = a + o1, a2 = a + o2, a3 = a + o3;
    for (let k = 0; k < depth; k++) {
      const b0 = v128.load(from), b1 = v128.load(from, 16);
      let x = v128.load32_splat(a0);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(a1);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(a2);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(a3);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      from += bStride;
      a0 += step;
      a1 += step;
      a2 += step;
      a3 += step;
    }
    if (accumulate) {
      c00 = f32x4.add(c00, v128.load(to));
      c01 = f32x4.add(c01, v128.load(to, 16));
      c10 = f32x4.add(c10, v128.load(to + outStride));
      c11 = f32x4.add(c11, v128.load(to + outStride, 16));
      c20 = f32x4.add(c20, v128.load(to + 2 * outStride));
      c21 = f32x4.add(c21, v128.load(to + 2 * outStride, 16));
      c30 = f32x4.add(c30, v128.load(to + 3 * outStride));
      c31 = f32x4.add(c31, v128.load(to + 3 * outStride, 16));
    }
    v128.store(to, c00);
    v128.store(to, c01, 16);
    v128.store(to + outStride, c10);
    v128.store(to + outStride, c11, 16);
    v128.store(to + 2 * outStride, c20);
    v128.store(to + 2 * outStride, c21, 16);
    v128.store(to + 3 * outStride, c30);
    v128.store(to + 3 * outStride, c31, 16);
  }
}

/** Rows of `width` floats, `stride` bytes apart, to rows padded to `padded` floats with zeros. */
function packRows(from: usize, stride: usize, rows: i32, width: i32, to: usize, padded: i32): void {
  for (let r = 0; r < rows; r++, from += stride) {
    for (let c = 0; c < padded; c += 4, to += 16) v128.store(to, loadFirst(from + (<usize>c << 2), width - c));
  }
}

/** The same rows as columns: to[c][r], rows padded to `padded` with zeros. */
function packColumns(from: usize, stride: usize, rows: i32, width: i32, to: usize, padded: i32): void {
  const step = <usize>padded << 2;
  let r = 0;
  for (; r + 4 <= rows; r += 4, from += 4 * stride) {
    let c = 0;
    let at = to + (<usize>r << 2), src = from;
    for (; c + 4 <= width; c += 4, src += 16, at += 4 * step) {
      const r0 = v128.load(src), r1 = v128.load(src + stride);
      const r2 = v128.load(src + 2 * stride), r3 = v128.load(src + 3 * stride);
      const a01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const a23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), b23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(at, v128.shuffle<f32>(a01, a23, 0, 1, 4, 5));
      v128.store(at + step, v128.shuffle<f32>(a01, a23, 2, 3, 6, 7));
      v128.store(at + 2 * step, v128.shuffle<f32>(b01, b23, 0, 1, 4, 5));
      v128.store(at + 3 * step, v128.shuffle<f32>(b01, b23, 2, 3, 6, 7));
    }
    for (; c < width; c++, src += 4, at += step) {
      for (let i = 0; i < 4; i++) store<f32>(at + (<usize>i << 2), load<f32>(src + <usize>i * stride));
    }
  }
  for (; r < padded; r++, from += stride) {
    for (let c = 0; c < width; c++) {
      const value: f32 = r < rows ? load<f32>(from + (<usize>c << 2)) : 0;
      store<f32>(to + <usize>c * step + (<usize>r << 2), value);
    }
  }
}

export function attention_forward(
  first: i32, end: i32, _tile: usize, scratch: usize, qkv: usize, out: usize, lse: usize,
  _batch: i32, time: i32, heads: i32, head_width: i32, seed: u32, threshold: u32, keep_scale: f32,
): void {
  const width = <usize>(heads * head_width) << 2; // bytes of a row of out; qkv's rows are three of them
  const stride = <usize>3 * width;
  const scale: f32 = 1 / sqrt<f32>(<f32>head_width);
  const padT = pad8(time), padD = pad8(head_width);
  const scoreStride = <usize>padT << 2, valueStride = <usize>padD << 2;
  const keys = scratch; // [D][padT]
  const values = keys + <usize>head_width * scoreStride; // [T][padD]
  const scores = values + <usize>time * valueStride; // [4][padT]
  const result = scores + 4 * scoreStride; // [4][padD]

  for (let plane = first; plane < end; plane++) {
    const b = plane / heads, h = plane % heads;
    const q = qkv + <usize>b * <usize>time * stride + (<usize>(h * head_width) << 2);
    const o = out + <usize>b * <usize>time * width + (<usize>(h * head_width) << 2);
    packColumns(q + width, stride, time, head_width, keys, padT);
    packRows(q + 2 * width, stride, time, head_width, values, padD);

    for (let i0 = 0; i0 < time; i0 += 4) {
      const rows = min(4, time - i0);
      const visible = i0 + rows; // keys that some row sees
      product(
        q + <usize>i0 * stride, stride, <usize>(rows - 1) * stride, 4, keys, scoreStride, head_width,
        pad8(visible), scores, scoreStride, false,
      );
      for (let r = 0; r < rows; r++) {
        const seen = i0 + r + 1;
        const row = scores + <usize>r * scoreStride;
        let tops = splat(LOWEST);
        let j = 0;
        for (; j + 4 <= seen; j += 4) tops = f32x4.max(tops, v128.load(row + (<usize>j << 2)));
        let top = largest(tops);
        for (; j < seen; j++) top = max(top, load<f32>(row + (<usize>j << 2)));
        let sum = splat(0);
        const shift = splat(-top * scale);
        for (j = 0; j < pad8(visible); j += 4) {
          const at = row + (<usize>j << 2);
          const e = firstLanes(exp4(madd(v128.load(at), splat(scale), shift)), seen - j);
          v128.store(at, e);
          sum = f32x4.add(sum, e);
        }
        const all = total(sum);
        const inverse = splat(1 / all);
        const index = (plane * time + i0 + r) * time;
        for (j = 0; j < pad8(visible); j += 4) {
          const at = row + (<usize>j << 2);
          let p = f32x4.mul(v128.load(at), inverse);
          if (threshold) p = f32x4.mul(p, kept4(seed, index + j, threshold, keep_scale));
          v128.store(at, p);
        }
        store<f32>(lse + (<usize>(plane * time + i0 + r) << 2), top * scale + <f32>Math.log(all));
      }
      product(
        scores, scoreStride, <usize>(rows - 1) * scoreStride, 4, values, valueStride, visible, padD,
        result, valueStride, false,
      );
      for (let r = 0; r < rows; r++) {
        for (let d = 0; d < head_width; d += 4) {
          const x = v128.load(result + <usize>r * valueStride + (<usize>d << 2));
          storeFirst(o + <usize>(i0 + r) * width + (<usize>d << 2), x, head_width - d);
        }
      }
    }
  }
}

export function attention_delta(
  first: i32, end: i32, _tile: usize, _scratch: usize, out: usize, dout: usize, delta: usize,
  _batch: i32, time: i32, heads: i32, head_width: i32,
): void {
  for (let plane = first; plane < end; plane++) {
    const b = plane / heads, h = plane % heads;
    for (let t = 0; t < time; t++) {
      const at = <usize>(((b * time + t) * heads + h) * head_width) << 2;
      let sum = splat(0);
      for (let d = 0; d < head_width; d += 4) {
        const i = at + (<usize>d << 2), left = head_width - d;
        sum = madd(loadFirst(out + i, left), loadFirst(dout + i, left), sum);
      }
      store<f32>(delta + (<usize>(plane * time + t) << 2), total(sum));
    }
  }
}

export function attention_backward(
  first: i32, end: i32, _tile: usize, scratch: usize,
  qkv: usize, dout: usize, lse: usize, delta: usize, dqkv: usize,
  _batch: i32, time: i32, heads: i32, head_width: i32, seed: u32, threshold: u32, keep_scale: f32,
): void {
  const width = <usize>(heads * head_width) << 2;
  const stride = <usize>3 * width;
  const scale: f32 = 1 / sqrt<f32>(<f32>head_width);
  const padT = pad8(time), padD = pad8(head_width);
  const wide = <usize>padT << 2, narrow = <usize>padD << 2;
  const columns = <usize>head_width * wide;
  const keyColumns = scratch, valueColumns = keyColumns + columns; // [D][padT]
  const keyRows = valueColumns + columns; // [T][padD]
  const queryRows = keyRows + <usize>time * narrow; // [32][padD]
  const doutRows = queryRows + <usize>QUERIES * narrow;
  const weights = doutRows + <usize>QUERIES * narrow; // [32][padT]
  const slopes = weights + <usize>QUERIES * wide;
  const dq = slopes + <usize>QUERIES * wide; // [4][padD]
  const dk = dq + 4 * narrow; // [padT][padD]
  const dv = dk + <usize>padT * narrow;

  for (let plane = first; plane < end; plane++) {
    const b = plane / heads, h = plane % heads;
    const from = <usize>b * <usize>time * stride + (<usize>(h * head_width) << 2);
    const q = qkv + from, dest = dqkv + from;
    const d = dout + <usize>b * <usize>time * width + (<usize>(h * head_width) << 2);
    packColumns(q + width, stride, time, head_width, keyColumns, padT);
    packColumns(q + 2 * width, stride, time, head_width, valueColumns, padT);
    packRows(q + width, stride, time, head_width, keyRows, padD);
    memory.fill(dk, 0, 2 * <usize>padT * narrow);

    for (let i0 = 0; i0 < time; i0 += QUERIES) {
      const queries = min(QUERIES, time - i0);
      const visible = i0 + queries, padded = pad8(visible);
      packRows(q + <usize>i0 * stride, stride, queries, head_width, queryRows, padD);
      packRows(d + <usize>i0 * width, width, queries, head_width, doutRows, padD);
      for (let r = 0; r < queries; r += 4) {
        const last = <usize>(min(4, queries - r) - 1) * narrow;
        const some = pad8(min(visible, i0 + r + 4));
        const w = weights + <usize>r * wide, s = slopes + <usize>r * wide;
        product(queryRows + <usize>r * narrow, narrow, last, 4, keyColumns, wide, head_width, some, w, wide, false);
        product(doutRows + <usize>r * narrow, narrow, last, 4, valueColumns, wide, head_width, some, s, wide, false);
        for (let i = r; i < min(r + 4, queries); i++) {
          const at = plane * time + i0 + i;
          const shift = splat(-load<f32>(lse + (<usize>at << 2)));
          const mean = splat(load<f32>(delta + (<usize>at << 2)));
          const seen = i0 + i + 1;
          const row = <usize>i * wide;
          for (let j = 0; j < padded; j += 4) {
            const x = row + (<usize>j << 2);
            let weight = splat(0), slope = splat(0);
            if (j < seen) {
              weight = firstLanes(exp4(madd(v128.load(weights + x), splat(scale), shift)), seen - j);
              const kept = threshold ? kept4(seed, at * time + j, threshold, keep_scale) : splat(1);
              const dp = f32x4.mul(v128.load(slopes + x), kept);
              slope = f32x4.mul(f32x4.mul(weight, f32x4.sub(dp, mean)), splat(scale));
              // A lane beyond `seen` may hold anything, infinity times zero included.
              slope = firstLanes(slope, seen - j);
              weight = f32x4.mul(weight, kept);
            }
            v128.store(weights + x, weight);
            v128.store(slopes + x, slope);
          }
        }
        product(s, wide, <usize>(min(4, queries - r) - 1) * wide, 4, keyRows, narrow, min(visible, i0 + r + 4), padD, dq, narrow, false);
        for (let i = 0; i < min(4, queries - r); i++) {
          for (let c = 0; c < head_width; c += 4) {
            const x = v128.load(dq + <usize>i * narrow + (<usize>c << 2));
            storeFirst(dest + <usize>(i0 + r + i) * stride + (<usize>c << 2), x, head_width - c);
          }
        }
      }
      for (let j = 0; j < padded; j += 4) {
        // Rows of the result are keys j to j+3, which lie side by side in a row of weights.
        const start = max(0, j - i0); // queries before it see none of these keys
        const x = <usize>start * wide + (<usize>j << 2), y = <usize>start * narrow;
        const to = <usize>j * narrow;
        if (start < queries) {
          product(slopes + x, 4, 12, wide, queryRows + y, narrow, queries - start, padD, dk + to, narrow, true);
          product(weights + x, 4, 12, wide, doutRows + y, narrow, queries - start, padD, dv + to, narrow, true);
        }
      }
    }
    for (let t = 0; t < time; t++) {
      for (let c = 0; c < head_width; c += 4) {
        const at = <usize>t * narrow + (<usize>c << 2);
        const to = dest + <usize>t * stride + (<usize>c << 2);
        storeFirst(to + width, v128.load(dk + at), head_width - c);
        storeFirst(to + 2 * width, v128.load(dv + at), head_width - c);
      }
    }
  }
}
