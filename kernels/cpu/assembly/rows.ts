// Kernels over the rows or the columns of a matrix. A task is one row, or 16 columns.
import { COLUMNS, IGNORED, RUN } from "./constants";
import { exp4, exponentials, firstLanes, isSound, largestOf, loadFirst, madd, splat, storeFirst, total } from "./math";

export function embedding_forward(
  first: i32, end: i32, _tile: usize, _scratch: usize, ids: usize, weight: usize, out: usize, _rows: i32, width: i32,
): void {
  const bytes = <usize>width << 2;
  for (let r = first; r < end; r++) {
    const id = <usize>load<u32>(ids + (<usize>r << 2));
    memory.copy(out + <usize>r * bytes, weight + id * bytes, bytes);
  }
}

/** A task is one distinct id; see embedding_backward.wgsl for the layout of `places`. */
export function embedding_backward(
  first: i32, end: i32, _tile: usize, _scratch: usize,
  places: usize, dout: usize, dweight: usize, _distinct: i32, width: i32, ids: i32, starts: i32,
): void {
  const bytes = <usize>width << 2;
  for (let u = first; u < end; u++) {
    const target = dweight + <usize>load<u32>(places + (<usize>(ids + u) << 2)) * bytes;
    const from = load<u32>(places + (<usize>(starts + u) << 2));
    const to = load<u32>(places + (<usize>(starts + u + 1) << 2));
    for (let c = 0; c < width; c += 4) {
      const at = <usize>c << 2, left = width - c;
      let sum = splat(0);
      for (let i = from; i < to; i++) {
        const row = <usize>load<u32>(places + (<usize>i << 2));
        sum = f32x4.add(sum, loadFirst(dout + row * bytes + at, left));
      }
      storeFirst(target + at, f32x4.add(loadFirst(target + at, left), sum), left);
    }
  }
}

export function norm_forward(
  first: i32, end: i32, _tile: usize, _scratch: usize,
  x: usize, gamma: usize, beta: usize, y: usize, stats: usize,
  _rows: i32, width: i32, has_beta: i32, centred: i32, epsilon: f32,
): void {
  const bytes = <usize>width << 2;
  for (let r = first; r < end; r++) {
    const row = x + <usize>r * bytes, to = y + <usize>r * bytes;
    let mean: f32 = 0;
    if (centred) {
      let sum = splat(0);
      for (let c = 0; c < width; c += 4) sum = f32x4.add(sum, loadFirst(row + (<usize>c << 2), width - c));
      mean = total(sum) / <f32>width;
    }
    let squares = splat(0);
    for (let c = 0; c < width; c += 4) {
      const left = width - c;
      const d = firstLanes(f32x4.sub(loadFirst(row + (<usize>c << 2), left), splat(mean)), left);
      squares = madd(d, d, squares);
    }
    const inverse: f32 = 1 / sqrt<f32>(total(squares) / <f32>width + epsilon);
    for (let c = 0; c < width; c += 4) {
      const at = <usize>c << 2, left = width - c;
      const normal = f32x4.mul(f32x4.sub(loadFirst(row + at, left), splat(mean)), splat(inverse));
      const shift = has_beta ? loadFirst(beta + at, left) : splat(0);
      storeFirst(to + at, madd(normal, loadFirst(gamma + at, left), shift), left);
    }
    store<f32>(stats + (<usize>r << 3), mean);
    store<f32>(stats + (<usize>r << 3), inverse, 4);
  }
}

export function add_norm_forward(
  first: i32, end: i32, tile: usize, scratch: usize,
  a: usize, b: usize, gamma: usize, beta: usize, x: usize, y: usize, stats: usize,
  rows: i32, width: i32, has_beta: i32, centred: i32, epsilon: f32,
): void {
  const bytes = <usize>width << 2;
  for (let r = first; r < end; r++) {
    const row = <usize>r * bytes;
    for (let c = 0; c < width; c += 4) {
      const at = row + (<usize>c << 2), left = width - c;
      storeFirst(x + at, f32x4.add(loadFirst(a + at, left), loadFirst(b + at, left)), left);
    }
    norm_forward(r, r + 1, tile, scratch, x, gamma, beta, y, stats, rows, width, has_beta, centred, epsilon);
  }
}

export function norm_backward(
  first: i32, end: i32, _tile: usize, _scratch: usize,
  x: usize, gamma: usize, stats: usize, dy: usize, dx: usize,
  _rows: i32, width: i32, centred: i32, accumulate: i32,
): void {
  const bytes = <usize>width << 2;
  for (let r = first; r < end; r++) {
    const row = <usize>r * bytes;
    const mean = splat(load<f32>(stats + (<usize>r << 3)));
    const inverse = splat(load<f32>(stats + (<usize>r << 3), 4));
    let sum = splat(0), dot = splat(0);
    for (let c = 0; c < width; c += 4) {
      const at = <usize>c << 2, left = width - c;
      const g = f32x4.mul(loadFirst(dy + row + at, left), loadFirst(gamma + at, left));
      const normal = f32x4.mul(f32x4.sub(loadFirst(x + row + at, left), mean), inverse);
      sum = f32x4.add(sum, g);
      dot = madd(g, normal, dot);
    }
    const g0 = splat(centred ? total(sum) / <f32>width : 0), g1 = splat(total(dot) / <f32>width);
    for (let c = 0; c < width; c += 4) {
      const at = <usize>c << 2, left = width - c;
      const g = f32x4.mul(loadFirst(dy + row + at, left), loadFirst(gamma + at, left));
      const normal = f32x4.mul(f32x4.sub(loadFirst(x + row + at, left), mean), inverse);
      const centred = f32x4.sub(f32x4.sub(g, g0), f32x4.mul(normal, g1));
      const before = accumulate ? loadFirst(dx + row + at, left) : splat(0);
      storeFirst(dx + row + at, madd(inverse, centred, before), left);
    }
  }
}

export function norm_gradient(
  first: i32, end: i32, _tile: usize, _scratch: usize,
  x: usize, stats: usize, dy: usize, dgamma: usize, dbeta: usize, rows: i32, width: i32, has_beta: i32,
): void {
  const bytes = <usize>width << 2;
  for (let c = first * COLUMNS; c < min(width, end * COLUMNS); c += 4) {
    const at = <usize>c << 2, left = width - c;
    let scaled = splat(0), sum = splat(0);
    for (let r = 0; r < rows; r++) {
      const row = <usize>r * bytes + at;
      const mean = splat(load<f32>(stats + (<usize>r << 3)));
      const inverse = splat(load<f32>(stats + (<usize>r << 3), 4));
      const normal = f32x4.mul(f32x4.sub(loadFirst(x + row, left), mean), inverse);
      const d = loadFirst(dy + row, left);
      scaled = madd(d, normal, scaled);
      sum = f32x4.add(sum, d);
    }
    storeFirst(dgamma + at, f32x4.add(loadFirst(dgamma + at, left), scaled), left);
    if (has_beta) storeFirst(dbeta + at, f32x4.add(loadFirst(dbeta + at, left), sum), left);
  }
}

export function cross_entropy_forward(
  first: i32, end: i32, _tile: usize, scratch: usize,
  logits: usize, targets: usize, weights: usize, losses: usize, lses: usize, _rows: i32, classes: i32, weighted: i32,
): void {
  for (let r = first; r < end; r++) {
    const row = logits + (<usize>r * <usize>classes << 2);
    const top = largestOf(row, classes);
    let sum = splat(0);
    for (let c = 0; c < classes; c += RUN) {
      const count = min(RUN, classes - c);
      sum = f32x4.add(sum, exponentials(row + (<usize>c << 2), scratch, count, splat(1), splat(-top)));
    }
    const lse = top + <f32>Math.log(total(sum));
    store<f32>(lses + (<usize>r << 2), lse);
    const target = load<u32>(targets + (<usize>r << 2));
    const loss: f32 = target == <u32>IGNORED ? 0 : lse - load<f32>(row + (<usize>target << 2));
    store<f32>(losses + (<usize>r << 2), weighted ? load<f32>(weights + (<usize>r << 2)) * loss : loss);
  }
}

/** Replaces logits by factor·softmax. */
// @ts-ignore: decorator
@inline
function slope4(at: usize, lse: v128, factor: f32, left: i32): void {
  storeFirst(at, f32x4.mul(splat(factor), exp4(f32x4.sub(loadFirst(at, left), lse))), left);
}

export function cross_entropy_backward(
  first: i32, end: i32, _tile: usize, _scratch: usize,
  logits: usize, targets: usize, weights: usize, lses: usize, dloss: usize,
  _rows: i32, classes: i32, weighted: i32, scale: f32,
): void {
  const common = scale * load<f32>(dloss);
  for (let r = first; r < end; r++) {
    const from = <usize>r * <usize>classes << 2;
    const target = load<u32>(targets + (<usize>r << 2));
    if (target == <u32>IGNORED) {
      memory.fill(logits + from, 0, <usize>classes << 2);
      continue;
    }
    const lse = splat(load<f32>(lses + (<usize>r << 2)));
    const factor: f32 = weighted ? common * load<f32>(weights + (<usize>r << 2)) : common;
    let c = 0, at = logits + from;
    for (; c + 16 <= classes; c += 16, at += 64) {
      slope4(at, lse, factor, 4);
      slope4(at + 16, lse, factor, 4);
      slope4(at + 32, lse, factor, 4);
      slope4(at + 48, lse, factor, 4);
    }
    for (; c < classes; c += 4, at += 16) slope4(at, lse, factor, classes - c);
    const hit = logits + from + (<usize>target << 2);
    store<f32>(hit, load<f32>(hit) - factor);
  }
}

/** A task is a sequence. */
export function pool_forward(
  first: i32, end: i32, _tile: usize, _scratch: usize,
  x: usize, weights: usize, out: usize, _rows: i32, time: i32, width: i32,
): void {
  for (let r = first; r < end; r++) {
    const to = out + (<usize>r * <usize>width << 2);
    memory.fill(to, 0, <usize>width << 2);
    for (let t = 0; t < time; t++) {
      const at = <usize>r * <usize>time + <usize>t;
      const weight = load<f32>(weights + (at << 2));
      if (weight == 0) continue;
      const row = x + (at * <usize>width << 2);
      for (let c = 0; c < width; c += 4) {
        const offset = <usize>c << 2, left = width - c;
        const product = f32x4.mul(splat(weight), loadFirst(row + offset, left));
        storeFirst(to + offset, f32x4.add(loadFirst(to + offset, left), product), left);
      }
    }
  }
}

/** A task is a position. */
export function pool_backward(
  first: i32, end: i32, _tile: usize, _scratch: usize,
  dout: usize, weights: usize, dx: usize, _rows: i32, time: i32, width: i32,
): void {
  for (let r = first; r < end; r++) {
    const weight = splat(load<f32>(weights + (<usize>r << 2)));
    const from = dout + (<usize>(r / time) * <usize>width << 2), to = dx + (<usize>r * <usize>width << 2);
    for (let c = 0; c < width; c += 4) {
      const offset = <usize>c << 2, left = width - c;
      storeFirst(to + offset, f32x4.mul(weight, loadFirst(from + offset, left)), left);
    }
  }
}

/** One task, as the order of the sum is fixed. */
export function sum(_first: i32, _end: i32, _tile: usize, _scratch: usize, x: usize, out: usize, n: i32, scale: f32): void {
  let sums: f64 = 0;
  for (let i = 0; i < n; i++) sums += <f64>load<f32>(x + (<usize>i << 2));
  store<f32>(out, <f32>sums * scale);
}

/** A task is a run of elements. */
export function sum_squares(first: i32, end: i32, _tile: usize, _scratch: usize, x: usize, out: usize, n: i32): void {
  for (let run = first; run < end; run++) {
    const last = min(n, (run + 1) * RUN);
    let a = splat(0), b = splat(0);
    let i = run * RUN;
    for (; i + 8 <= last; i += 8) {
      const u = v128.load(x + (<usize>i << 2)), v = v128.load(x + (<usize>i << 2), 16);
      a = madd(u, u, a);
      b = madd(v, v, b);
    }
    for (; i < last; i += 4) {
      const u = loadFirst(x + (<usize>i << 2), last - i);
      a = madd(u, u, a);
    }
    store<f32>(out + (<usize>run << 2), total(f32x4.add(a, b)));
  }
}

/** 1 / (1 + e^-x) */
// @ts-ignore: decorator
@inline
function sigmoid4(x: v128): v128 {
  return f32x4.div(splat(1), f32x4.add(splat(1), exp4(f32x4.neg(x))));
}

// @ts-ignore: decorator
@inline
function swiglu4(gate: usize, up: usize, to: usize, left: i32): void {
  const g = loadFirst(gate, left);
  storeFirst(to, f32x4.mul(f32x4.mul(g, sigmoid4(g)), loadFirst(up, left)), left);
}

/** A row of x is gate and up side by side. */
export function swiglu_forward(first: i32, end: i32, _tile: usize, _scratch: usize, x: usize, y: usize, _rows: i32, width: i32): void {
  const bytes = <usize>width << 2;
  for (let r = first; r < end; r++) {
    let gate = x + <usize>r * 2 * bytes, to = y + <usize>r * bytes, c = 0;
    // Sixteen at once: each constant is made once for four vectors, and four chains of operations overlap.
    for (; c + 16 <= width; c += 16, gate += 64, to += 64) {
      swiglu4(gate, gate + bytes, to, 4);
      swiglu4(gate + 16, gate + bytes + 16, to + 16, 4);
      swiglu4(gate + 32, gate + bytes + 32, to + 32, 4);
      swiglu4(gate + 48, gate + bytes + 48, to + 48, 4);
    }
    for (; c < width; c += 4, gate += 16, to += 16) swiglu4(gate, gate + bytes, to, width - c);
  }
}

// @ts-ignore: decorator
@inline
function swigluGradient4(gate: usize, up: usize, dy: usize, dgate: usize, dup: usize, left: i32): void {
  const g = loadFirst(gate, left), s = sigmoid4(g), d = loadFirst(dy, left);
  const slope = f32x4.mul(s, madd(g, f32x4.sub(splat(1), s), splat(1)));
  storeFirst(dgate, f32x4.mul(f32x4.mul(d, loadFirst(up, left)), slope), left);
  storeFirst(dup, f32x4.mul(d, f32x4.mul(g, s)), left);
}

export function swiglu_backward(
  first: i32, end: i32, _tile: usize, _scratch: usize, x: usize, dy: usize, dx: usize, _rows: i32, width: i32,
): void {
  const bytes = <usize>width << 2;
  for (let r = first; r < end; r++) {
    const row = <usize>r * 2 * bytes;
    let gate = x + row, to = dx + row, from = dy + <usize>r * bytes, c = 0;
    for (; c + 16 <= width; c += 16, gate += 64, to += 64, from += 64) {
      swigluGradient4(gate, gate + bytes, from, to, to + bytes, 4);
      swigluGradient4(gate + 16, gate + bytes + 16, from + 16, to + 16, to + bytes + 16, 4);
      swigluGradient4(gate + 32, gate + bytes + 32, from + 32, to + 32, to + bytes + 32, 4);
      swigluGradient4(gate + 48, gate + bytes + 48, from + 48, to + 48, to + bytes + 48, 4);
    }
    for (; c < width; c += 4, gate += 16, to += 16, from += 16) {
      swigluGradient4(gate, gate + bytes, from, to, to + bytes, width - c);
    }
  }
}

/** Copies some columns of each row. */
export function columns(
  first: i32, end: i32, _tile: usize, _scratch: usize, x: usize, out: usize, _rows: i32, width: i32, stride: i32, at: i32,
): void {
  const bytes = <usize>width << 2;
  for (let r = first; r < end; r++) {
    memory.copy(out + <usize>r * bytes, x + (<usize>(r * stride + at) << 2), bytes);
  }
}

export function muon_apply(
  first: i32, end: i32, _tile: usize, _scratch: usize, update: usize, squared_norm: usize, scaling: usize, weight: usize,
  _rows: i32, width: i32, stride: i32, at: i32, rate: f32, decay: f32,
): void {
  if (!isSound(squared_norm, scaling)) return;
  for (let r = first; r < end; r++) {
    let from = update + (<usize>(r * width) << 2), to = weight + (<usize>(r * stride + at) << 2);
    for (let c = 0; c < width; c += 4, from += 16, to += 16) {
      const left = width - c, w = loadFirst(to, left);
      const change = madd(splat(rate), loadFirst(from, left), f32x4.mul(splat(decay), w));
      storeFirst(to, f32x4.sub(w, change), left);
    }
  }
}
