// Kernels that treat each element alone. A task is a run of 4096 elements.
import { clamp4, kept4, loadFirst, madd, splat, storeFirst, tanh4 } from "./math";

const RUN: i32 = 4096;
const GELU_A: f32 = 0.7978845608028654; // √(2/π)
const GELU_B: f32 = 0.044715;

export function fill(first: i32, end: i32, _tile: usize, _scratch: usize, out: usize, n: i32, value: f32): void {
  const last = min(n, end * RUN);
  let i = first * RUN;
  for (; i + 4 <= last; i += 4) v128.store(out + (<usize>i << 2), splat(value));
  storeFirst(out + (<usize>i << 2), splat(value), last - i);
}

export function add(first: i32, end: i32, _tile: usize, _scratch: usize, a: usize, b: usize, out: usize, n: i32): void {
  const last = min(n, end * RUN);
  let i = first * RUN;
  for (; i + 16 <= last; i += 16) {
    const at = <usize>i << 2;
    v128.store(out + at, f32x4.add(v128.load(a + at), v128.load(b + at)));
    v128.store(out + at, f32x4.add(v128.load(a + at, 16), v128.load(b + at, 16)), 16);
    v128.store(out + at, f32x4.add(v128.load(a + at, 32), v128.load(b + at, 32)), 32);
    v128.store(out + at, f32x4.add(v128.load(a + at, 48), v128.load(b + at, 48)), 48);
  }
  for (; i < last; i += 4) {
    const at = <usize>i << 2, left = last - i;
    storeFirst(out + at, f32x4.add(loadFirst(a + at, left), loadFirst(b + at, left)), left);
  }
}

// @ts-ignore: decorator
@inline
function gelu4(v: v128): v128 {
  const cubic = madd(f32x4.mul(f32x4.mul(v, v), splat(GELU_A * GELU_B)), v, f32x4.mul(v, splat(GELU_A)));
  const half = f32x4.mul(splat(0.5), v);
  return madd(half, tanh4(cubic), half);
}

export function gelu_forward(first: i32, end: i32, _tile: usize, _scratch: usize, x: usize, y: usize, n: i32): void {
  const last = min(n, end * RUN);
  let i = first * RUN;
  // Sixteen at once: each constant is made once for four vectors, and four chains of operations overlap.
  for (; i + 16 <= last; i += 16) {
    const from = x + (<usize>i << 2), to = y + (<usize>i << 2);
    const a = gelu4(v128.load(from)), b = gelu4(v128.load(from, 16));
    const c = gelu4(v128.load(from, 32)), d = gelu4(v128.load(from, 48));
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
  }
  for (; i + 4 <= last; i += 4) v128.store(y + (<usize>i << 2), gelu4(v128.load(x + (<usize>i << 2))));
  storeFirst(y + (<usize>i << 2), gelu4(loadFirst(x + (<usize>i << 2), last - i)), last - i);
}

// @ts-ignore: decorator
@inline
function geluSlope4(v: v128): v128 {
  const square = f32x4.mul(v, v);
  const t = tanh4(f32x4.mul(v, madd(square, splat(GELU_A * GELU_B), splat(GELU_A))));
  // Far from 0 it is multiplied by what rounding leaves of 1 - t², so it must not grow there.
  const near = clamp4(v, 5.5);
  const bend = f32x4.mul(near, madd(f32x4.mul(near, near), splat(3 * GELU_A * GELU_B), splat(GELU_A)));
  // (1 + t + (1 - t²)·bend) / 2
  const sum = f32x4.add(splat(1), madd(f32x4.sub(splat(1), f32x4.mul(t, t)), bend, t));
  return f32x4.mul(splat(0.5), sum);
}

export function gelu_backward(
  first: i32, end: i32, _tile: usize, _scratch: usize, x: usize, dy: usize, dx: usize, n: i32,
): void {
  const last = min(n, end * RUN);
  let i = first * RUN;
  for (; i + 16 <= last; i += 16) {
    const at = <usize>i << 2;
    const a = geluSlope4(v128.load(x + at)), b = geluSlope4(v128.load(x + at, 16));
    const c = geluSlope4(v128.load(x + at, 32)), d = geluSlope4(v128.load(x + at, 48));
    v128.store(dx + at, f32x4.mul(v128.load(dy + at), a));
    v128.store(dx + at, f32x4.mul(v128.load(dy + at, 16), b), 16);
    v128.store(dx + at, f32x4.mul(v128.load(dy + at, 32), c), 32);
    v128.store(dx + at, f32x4.mul(v128.load(dy + at, 48), d), 48);
  }
  for (; i + 4 <= last; i += 4) {
    const at = <usize>i << 2;
    v128.store(dx + at, f32x4.mul(v128.load(dy + at), geluSlope4(v128.load(x + at))));
  }
  const at = <usize>i << 2, left = last - i;
  storeFirst(dx + at, f32x4.mul(loadFirst(dy + at, left), geluSlope4(loadFirst(x + at, left))), left);
}

export function dropout(
  first: i32, end: i32, _tile: usize, _scratch: usize,
  x: usize, y: usize, n: i32, seed: u32, threshold: u32, scale: f32,
): void {
  const last = min(n, end * RUN);
  let i = first * RUN;
  for (; i + 4 <= last; i += 4) {
    const at = <usize>i << 2;
    v128.store(y + at, f32x4.mul(v128.load(x + at), kept4(seed, i, threshold, scale)));
  }
  const at = <usize>i << 2, left = last - i;
  storeFirst(y + at, f32x4.mul(loadFirst(x + at, left), kept4(seed, i, threshold, scale)), left);
}

export function adamw(
  first: i32, end: i32, _tile: usize, _scratch: usize,
  gradient: usize, squared_norm: usize, weight: usize, m: usize, v: usize,
  n: i32, decay_end: i32, lr: f32, beta1: f32, beta2: f32, epsilon: f32, decay: f32, clip: f32,
  correction1: f32, correction2: f32,
): void {
  const norm = sqrt<f32>(load<f32>(squared_norm));
  if (!(norm < 3e38)) return;
  const scale: f32 = clip > 0 ? min<f32>(1, clip / (norm + 1e-6)) : 1;
  const last = min(n, end * RUN);
  for (let i = first * RUN; i < last; i += 4) {
    const at = <usize>i << 2, left = last - i;
    const g = f32x4.mul(loadFirst(gradient + at, left), splat(scale));
    const w = loadFirst(weight + at, left);
    const mean = madd(splat(1 - beta1), g, f32x4.mul(splat(beta1), loadFirst(m + at, left)));
    const square = madd(f32x4.mul(splat(1 - beta2), g), g, f32x4.mul(splat(beta2), loadFirst(v + at, left)));
    storeFirst(m + at, mean, left);
    storeFirst(v + at, square, left);
    const root = f32x4.sqrt(f32x4.mul(square, splat(1 / correction2)));
    const step = f32x4.div(f32x4.mul(mean, splat(1 / correction1)), f32x4.add(root, splat(epsilon)));
    // The arena aligns parameters to 64 floats, so decay never ends inside a vector.
    const shrink = i < decay_end ? decay : 0;
    const change = madd(splat(shrink), w, step);
    storeFirst(weight + at, madd(splat(-lr), change, w), left);
  }
}
