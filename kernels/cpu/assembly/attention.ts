// Causal multi-head attention without the T×T matrix. qkv is (B, T, (H + 2G)·D): H heads of queries, G of keys and G of
// values. A task of the forward pass is a head of queries of a sequence, one of the backward pass a head of keys.
// Queries pass by in blocks; all products of a block go through `multiply`.
import { PACKING, QUERIES } from "./constants";
import { exp4, exponentials, firstLanes, kept4, largest, largestOf, loadFirst, madd, splat, storeFirst, total } from "./math";
import { multiply } from "./matmul";

const LOWEST: f32 = -3.4e38;
const LN2: f32 = 0.6931471805599453;

// @ts-ignore: decorator
@inline
function pad4(n: i32): i32 {
  return (n + 3) & ~3;
}

/** The slope of ALiBi for head h; see alibi.wgsl. */
function alibiSlope(alibi: i32, h: i32): f32 {
  if (alibi == 0) return 0;
  const exponent = h < alibi ? 8 * (h + 1) : 4 * (2 * (h - alibi) + 1);
  return f32x4.extract_lane(exp4(splat(-LN2 * <f32>exponent / <f32>alibi)), 0);
}

/** Takes slope·(query - key) from the scores of a query with the first `count` keys; they are not scaled yet. */
function addAlibi(scores: usize, query: i32, count: i32, slope: f32): void {
  const step = splat(4 * slope);
  let bias = f32x4.mul(splat(slope), f32x4.sub(f32x4(0, 1, 2, 3), splat(<f32>query)));
  for (let j = 0; j < count; j += 4, scores += 16) {
    v128.store(scores, f32x4.add(v128.load(scores), bias));
    bias = f32x4.add(bias, step);
  }
}

export function attention_forward(
  first: i32, end: i32, tile: usize, scratch: usize, qkv: usize, out: usize, lse: usize,
  _batch: i32, time: i32, heads: i32, kv_heads: i32, head_width: i32, alibi: i32,
  seed: u32, threshold: u32, keep_scale: f32,
): void {
  const width = heads * head_width, stride = (heads + 2 * kv_heads) * head_width;
  const scale: f32 = 1 / sqrt<f32>(<f32>head_width);
  const wide = pad4(time);
  const scores = scratch + <usize>PACKING; // [QUERIES][wide]
  const sums = scores + (<usize>(QUERIES * wide) << 2); // [QUERIES], of each row of weights before they are divided

  for (let plane = first; plane < end; plane++) {
    const b = plane / heads, h = plane % heads;
    const sequence = qkv + (<usize>(b * time * stride) << 2);
    const q = sequence + (<usize>(h * head_width) << 2);
    const k = sequence + (<usize>((heads + h / (heads / kv_heads)) * head_width) << 2);
    const v = k + (<usize>(kv_heads * head_width) << 2);
    // Scores are biased before they are scaled.
    const slope = alibiSlope(alibi, h) / scale;
    const o = out + (<usize>(b * time * width + h * head_width) << 2);
    for (let i0 = 0; i0 < time; i0 += QUERIES) {
      const queries = min(QUERIES, time - i0);
      const visible = i0 + queries; // keys that some query of the block sees
      const rows = q + (<usize>(i0 * stride) << 2);
      multiply(false, true, tile, scratch, rows, stride, k, stride, 0, scores, wide, 0, queries, 0, visible, head_width, false);
      for (let i = 0; i < queries; i++) {
        const seen = i0 + i + 1;
        const row = scores + (<usize>(i * wide) << 2);
        if (alibi) addAlibi(row, i0 + i, seen, slope);
        const top = largestOf(row, seen);
        const sum = exponentials(row, row, seen, splat(scale), splat(-top * scale));
        const filled = pad4(seen);
        for (let j = filled; j < pad4(visible); j += 4) v128.store(row + (<usize>j << 2), splat(0));
        const all = total(sum);
        const at = plane * time + i0 + i;
        for (let j = 0; threshold && j < filled; j += 4) {
          const to = row + (<usize>j << 2);
          v128.store(to, f32x4.mul(v128.load(to), kept4(seed, at * time + j, threshold, keep_scale)));
        }
        store<f32>(sums + (<usize>i << 2), all);
        store<f32>(lse + (<usize>at << 2), top * scale + <f32>Math.log(all));
      }
      const to = o + (<usize>(i0 * width) << 2);
      multiply(false, false, tile, scratch, scores, wide, v, stride, 0, to, width, 0, queries, 0, head_width, visible, false);
      // Divided here, where a row is as wide as a head, and not among the weights, where it is as long as the text.
      for (let i = 0; i < queries; i++) {
        divide(to + (<usize>(i * width) << 2), head_width, load<f32>(sums + (<usize>i << 2)));
      }
    }
  }
}

/** Divides `count` floats. */
function divide(x: usize, count: i32, divisor: f32): void {
  const inverse = splat(1 / divisor);
  for (let i = 0; i < count; i += 4, x += 16) storeFirst(x, f32x4.mul(loadFirst(x, count - i), inverse), count - i);
}

export function attention_backward(
  first: i32, end: i32, tile: usize, scratch: usize,
  qkv: usize, out: usize, dout: usize, lse: usize, delta: usize, dqkv: usize,
  _batch: i32, time: i32, heads: i32, kv_heads: i32, head_width: i32, alibi: i32,
  seed: u32, threshold: u32, keep_scale: f32,
): void {
  const width = heads * head_width, stride = (heads + 2 * kv_heads) * head_width;
  const outBytes = <usize>width << 2;
  const sharing = heads / kv_heads;
  const scale: f32 = 1 / sqrt<f32>(<f32>head_width);
  const wide = pad4(time);
  const weights = scratch + <usize>PACKING; // [QUERIES][wide]
  const slopes = weights + (<usize>(QUERIES * wide) << 2);

  for (let plane = first * sharing; plane < end * sharing; plane++) {
    // Heads that share keys and values follow one another; the first replaces what the gradients' memory held.
    const b = plane / heads, h = plane % heads, g = h / sharing;
    const isFirst = h % sharing == 0;
    const from = <usize>(b * time * stride + h * head_width) << 2;
    const key = <usize>(b * time * stride + (heads + g) * head_width) << 2;
    const toValue = <usize>(kv_heads * head_width) << 2;
    const k = qkv + key, v = k + toValue, dk = dqkv + key, dv = dk + toValue;
    const slope = alibiSlope(alibi, h) / scale;
    const start = <usize>(b * time * width + h * head_width) << 2;
    const d = dout + start;
    for (let t = 0, o = out + start, from = d; t < time; t++, o += outBytes, from += outBytes) {
      let sum = splat(0);
      for (let i = 0; i < head_width; i += 4) {
        const at = <usize>i << 2, left = head_width - i;
        sum = madd(loadFirst(o + at, left), loadFirst(from + at, left), sum);
      }
      store<f32>(delta + (<usize>(plane * time + t) << 2), total(sum));
    }
    for (let i0 = 0; i0 < time; i0 += QUERIES) {
      const queries = min(QUERIES, time - i0);
      const visible = i0 + queries;
      const q = qkv + from + (<usize>(i0 * stride) << 2), dq = dqkv + from + (<usize>(i0 * stride) << 2);
      const rows = d + (<usize>(i0 * width) << 2);
      multiply(false, true, tile, scratch, q, stride, k, stride, 0, weights, wide, 0, queries, 0, visible, head_width, false);
      multiply(false, true, tile, scratch, rows, width, v, stride, 0, slopes, wide, 0, queries, 0, visible, head_width, false);
      for (let i = 0; i < queries; i++) {
        const at = plane * time + i0 + i;
        const shift = splat(-load<f32>(lse + (<usize>at << 2)));
        const mean = splat(load<f32>(delta + (<usize>at << 2)));
        const seen = i0 + i + 1;
        let x = <usize>(i * wide) << 2;
        if (alibi) addAlibi(weights + x, i0 + i, seen, slope);
        let j = 0;
        if (!threshold) {
          for (; j + 16 <= seen; j += 16, x += 64) {
            const a = exp4(madd(v128.load(weights + x), splat(scale), shift));
            const b = exp4(madd(v128.load(weights + x, 16), splat(scale), shift));
            const c = exp4(madd(v128.load(weights + x, 32), splat(scale), shift));
            const d = exp4(madd(v128.load(weights + x, 48), splat(scale), shift));
            const at = slopes + x;
            v128.store(weights + x, a);
            v128.store(weights + x, b, 16);
            v128.store(weights + x, c, 32);
            v128.store(weights + x, d, 48);
            v128.store(at, f32x4.mul(f32x4.mul(a, f32x4.sub(v128.load(at), mean)), splat(scale)));
            v128.store(at, f32x4.mul(f32x4.mul(b, f32x4.sub(v128.load(at, 16), mean)), splat(scale)), 16);
            v128.store(at, f32x4.mul(f32x4.mul(c, f32x4.sub(v128.load(at, 32), mean)), splat(scale)), 32);
            v128.store(at, f32x4.mul(f32x4.mul(d, f32x4.sub(v128.load(at, 48), mean)), splat(scale)), 48);
          }
        }
        for (; j < visible; j += 4, x += 16) {
          let weight = splat(0), slope = splat(0);
          if (j < seen) {
            weight = exp4(madd(v128.load(weights + x), splat(scale), shift));
            const kept = threshold ? kept4(seed, at * time + j, threshold, keep_scale) : splat(1);
            const dp = f32x4.mul(v128.load(slopes + x), kept);
            slope = f32x4.mul(f32x4.mul(weight, f32x4.sub(dp, mean)), splat(scale));
            weight = f32x4.mul(weight, kept);
            if (seen - j < 4) {
              // Lanes beyond `seen` may hold anything, infinity times zero included.
              slope = firstLanes(slope, seen - j);
              weight = firstLanes(weight, seen - j);
            }
          }
          v128.store(weights + x, weight);
          v128.store(slopes + x, slope);
        }
      }
      multiply(false, false, tile, scratch, slopes, wide, k, stride, 0, dq, stride, 0, queries, 0, head_width, visible, false);
      // To earlier keys' gradients it is added; its own keys' are new, if this is the first head that reads them.
      if (i0 > 0) {
        multiply(true, false, tile, scratch, slopes, wide, q, stride, 0, dk, stride, 0, i0, 0, head_width, queries, true);
        multiply(true, false, tile, scratch, weights, wide, rows, width, 0, dv, stride, 0, i0, 0, head_width, queries, true);
      }
      const own = <usize>i0 << 2;
      const ownRows = <usize>(i0 * stride) << 2;
      multiply(true, false, tile, scratch, slopes + own, wide, q, stride, 0, dk + ownRows, stride, 0, queries, 0, head_width, queries, !isFirst);
      multiply(true, false, tile, scratch, weights + own, wide, rows, width, 0, dv + ownRows, stride, 0, queries, 0, head_width, queries, !isFirst);
    }
  }
}

export function cache_append(
  _first: i32, _end: i32, _tile: usize, _scratch: usize, slots: usize, qkv: usize, keys: usize, values: usize,
  batch: i32, time: i32, width: i32, stride: i32, capacity: i32,
): void {
  const bytes = <usize>width << 2;
  for (let b = 0; b < batch; b++) {
    const row = load<u32>(slots + (<usize>b << 3)), past = load<u32>(slots + (<usize>b << 3) + 4);
    for (let t = 0; t < time; t++) {
      const from = qkv + (<usize>((b * time + t + 1) * stride - 2 * width) << 2);
      const to = <usize>(row * capacity + past + t) * bytes;
      memory.copy(keys + to, from, bytes);
      memory.copy(values + to, from + bytes, bytes);
    }
  }
}

export function attention_cached(
  first: i32, end: i32, _tile: usize, scratch: usize, slots: usize, qkv: usize, keys: usize, values: usize,
  out: usize, _batch: i32, time: i32, heads: i32, kv_heads: i32, head_width: i32, alibi: i32, capacity: i32,
): void {
  const row = <usize>(kv_heads * head_width) << 2, outRow = <usize>(heads * head_width) << 2;
  const scale: f32 = 1 / sqrt<f32>(<f32>head_width);
  for (let plane = first; plane < end; plane++) {
    const b = plane / heads, h = plane % heads, head = <usize>(h * head_width) << 2;
    const group = <usize>(h / (heads / kv_heads) * head_width) << 2;
    const cache = <usize>(load<u32>(slots + (<usize>b << 3)) * capacity) * row + group;
    const slope = alibiSlope(alibi, h);
    const past = load<i32>(slots + (<usize>b << 3) + 4);
    for (let t = 0; t < time; t++) {
      const at = <usize>(b * time + t);
      const q = qkv + at * (outRow + 2 * row) + head, to = out + at * outRow + head;
      const seen = past + t + 1;
      dots(q, keys + cache, row, seen, head_width, scratch);
      let tops = splat(LOWEST);
      for (let j = 0; j < seen; j += 4) {
        const at = scratch + (<usize>j << 2), left = seen - j;
        const distance = f32x4.sub(splat(<f32>(past + t - j)), f32x4(0, 1, 2, 3));
        const score = f32x4.sub(f32x4.mul(loadFirst(at, left), splat(scale)), f32x4.mul(splat(slope), distance));
        storeFirst(at, score, left);
        const within = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(left));
        tops = f32x4.pmax(tops, v128.bitselect(score, splat(LOWEST), within));
      }
      const top = largest(tops);
      let sum = splat(0);
      for (let j = 0; j < seen; j += 4) {
        const at = scratch + (<usize>j << 2), left = seen - j;
        const e = firstLanes(exp4(f32x4.sub(loadFirst(at, left), splat(top))), left);
        storeFirst(at, e, left);
        sum = f32x4.add(sum, e);
      }
      mix(scratch, values + cache, row, seen, head_width, splat(1 / total(sum)), to);
    }
  }
}

/** Products of a query with `count` keys, `row` bytes apart: of four keys at once, so that loads of the query are shared. */
function dots(q: usize, k: usize, row: usize, count: i32, width: i32, to: usize): void {
  for (let j = 0; j < count; j += 4, k += 4 * row, to += 16) {
    // Past the last key it is taken again.
    const k1 = j + 1 < count ? k + row : k, k2 = j + 2 < count ? k1 + row : k, k3 = j + 3 < count ? k2 + row : k;
    let a = splat(0), b = splat(0), c = splat(0), d = splat(0);
    let x = 0;
    for (; x + 4 <= width; x += 4) {
      const at = <usize>x << 2, part = v128.load(q + at);
      a = madd(part, v128.load(k + at), a);
      b = madd(part, v128.load(k1 + at), b);
      c = madd(part, v128.load(k2 + at), c);
      d = madd(part, v128.load(k3 + at), d);
    }
    if (x < width) {
      const at = <usize>x << 2, left = width - x, part = loadFirst(q + at, left);
      a = madd(part, loadFirst(k + at, left), a);
      b = madd(part, loadFirst(k1 + at, left), b);
      c = madd(part, loadFirst(k2 + at, left), c);
      d = madd(part, loadFirst(k3 + at, left), d);
    }
    // Sums of lanes 0 and 2, and of 1 and 3, then of both.
    const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 1, 4, 5), v128.shuffle<f32>(a, b, 2, 3, 6, 7));
    const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 1, 4, 5), v128.shuffle<f32>(c, d, 2, 3, 6, 7));
    storeFirst(to, f32x4.add(v128.shuffle<f32>(ab, cd, 0, 2, 4, 6), v128.shuffle<f32>(ab, cd, 1, 3, 5, 7)), count - j);
  }
}

/** The sum of `count` rows, `row` bytes apart, each times its weight, times `scale`; of 16 columns at once, a cache line. */
function mix(weights: usize, v: usize, row: usize, count: i32, width: i32, scale: v128, to: usize): void {
  let x = 0;
  for (; x + 16 <= width; x += 16, v += 64, to += 64) {
    let a = splat(0), b = splat(0), c = splat(0), d = splat(0);
    for (let j = 0, at = v; j < count; j++, at += row) {
      const weight = v128.load32_splat(weights + (<usize>j << 2));
      a = madd(weight, v128.load(at), a);
      b = madd(weight, v128.load(at, 16), b);
      c = madd(weight, v128.load(at, 32), c);
      d = madd(weight, v128.load(at, 48), d);
    }
    v128.store(to, f32x4.mul(a, scale));
    v128.store(to, f32x4.mul(b, scale), 16);
    v128.store(to, f32x4.mul(c, scale), 32);
    v128.store(to, f32x4.mul(d, scale), 48);
  }
  for (; x < width; x += 4, v += 16, to += 16) {
    const left = width - x;
    let sum = splat(0);
    for (let j = 0, at = v; j < count; j++, at += row) {
      sum = madd(v128.load32_splat(weights + (<usize>j << 2)), loadFirst(at, left), sum);
    }
    storeFirst(to, f32x4.mul(sum, scale), left);
  }
}
