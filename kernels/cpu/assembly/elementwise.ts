// Kernels that treat each element alone. A task is a run of 4096 elements.
import { RUN } from "./constants";
import { geluRun, gradientFactor, isSound, kept4, loadFirst, madd, relu2Run, splat, storeFirst, tanh4 } from "./math";

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

export function multiply(first: i32, end: i32, _tile: usize, _scratch: usize, a: usize, b: usize, out: usize, n: i32): void {
  const last = min(n, end * RUN);
  for (let i = first * RUN; i < last; i += 4) {
    const at = <usize>i << 2, left = last - i;
    storeFirst(out + at, f32x4.mul(loadFirst(a + at, left), loadFirst(b + at, left)), left);
  }
}

export function activate_gelu(first: i32, end: i32, _tile: usize, _scratch: usize, u: usize, y: usize, slope: usize, n: i32): void {
  const at = <usize>(first * RUN) << 2, count = min(n, end * RUN) - first * RUN;
  memory.copy(y + at, u + at, <usize>count << 2);
  geluRun(y + at, slope + at, count);
}

export function activate_relu2(first: i32, end: i32, _tile: usize, _scratch: usize, u: usize, y: usize, slope: usize, n: i32): void {
  const at = <usize>(first * RUN) << 2, count = min(n, end * RUN) - first * RUN;
  memory.copy(y + at, u + at, <usize>count << 2);
  relu2Run(y + at, slope + at, count);
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

export function softcap_forward(first: i32, end: i32, _tile: usize, _scratch: usize, x: usize, y: usize, n: i32, cap: f32): void {
  const last = min(n, end * RUN);
  for (let i = first * RUN; i < last; i += 4) {
    const at = <usize>i << 2, left = last - i;
    storeFirst(y + at, f32x4.mul(splat(cap), tanh4(f32x4.mul(loadFirst(x + at, left), splat(1 / cap)))), left);
  }
}

export function softcap_backward(
  first: i32, end: i32, _tile: usize, _scratch: usize, y: usize, dy: usize, dx: usize, n: i32, cap: f32,
): void {
  const last = min(n, end * RUN);
  for (let i = first * RUN; i < last; i += 4) {
    const at = <usize>i << 2, left = last - i;
    const share = f32x4.mul(loadFirst(y + at, left), splat(1 / cap));
    storeFirst(dx + at, f32x4.mul(loadFirst(dy + at, left), f32x4.sub(splat(1), f32x4.mul(share, share))), left);
  }
}

export function adamw(
  first: i32, end: i32, _tile: usize, _scratch: usize,
  gradient: usize, squared_norm: usize, scaling: usize, weight: usize, m: usize, v: usize,
  n: i32, lr: f32, beta1: f32, beta2: f32, epsilon: f32, decay: f32, clip: f32,
): void {
  const correction1 = load<f32>(scaling, 8), correction2 = load<f32>(scaling, 12);
  if (!isSound(squared_norm, scaling)) return;
  const scale = gradientFactor(squared_norm, scaling, clip);
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
    const change = madd(splat(decay), w, step);
    storeFirst(weight + at, madd(splat(-lr), change, w), left);
  }
}

export function average(first: i32, end: i32, _tile: usize, _scratch: usize, weight: usize, average: usize, n: i32, share: f32): void {
  const last = min(n, end * RUN);
  for (let i = first * RUN; i < last; i += 4) {
    const at = <usize>i << 2, left = last - i;
    const old = loadFirst(average + at, left);
    storeFirst(average + at, madd(splat(share), f32x4.sub(loadFirst(weight + at, left), old), old), left);
  }
}

export function swap(first: i32, end: i32, _tile: usize, _scratch: usize, a: usize, b: usize, n: i32): void {
  const last = min(n, end * RUN);
  for (let i = first * RUN; i < last; i += 4) {
    const at = <usize>i << 2, left = last - i;
    const x = loadFirst(a + at, left);
    storeFirst(a + at, loadFirst(b + at, left), left);
    storeFirst(b + at, x, left);
  }
}

export function muon_momentum(
  first: i32, end: i32, _tile: usize, _scratch: usize,
  gradient: usize, squared_norm: usize, scaling: usize, momentum: usize, update: usize, n: i32, beta: f32, clip: f32,
): void {
  if (!isSound(squared_norm, scaling)) return;
  const scale: f32 = (1 - beta) * gradientFactor(squared_norm, scaling, clip);
  const last = min(n, end * RUN);
  for (let i = first * RUN; i < last; i += 4) {
    const at = <usize>i << 2, left = last - i;
    const g = f32x4.mul(loadFirst(gradient + at, left), splat(scale));
    const mean = madd(splat(beta), loadFirst(momentum + at, left), g);
    storeFirst(momentum + at, mean, left);
    storeFirst(update + at, madd(splat(beta), mean, g), left);
  }
}

export function normalise(
  first: i32, end: i32, _tile: usize, _scratch: usize, squared_norm: usize, x: usize, n: i32, epsilon: f32,
): void {
  const scale = splat(1 / (sqrt<f32>(load<f32>(squared_norm)) + epsilon));
  const last = min(n, end * RUN);
  for (let i = first * RUN; i < last; i += 4) {
    const at = x + (<usize>i << 2);
    storeFirst(at, f32x4.mul(loadFirst(at, last - i), scale), last - i);
  }
}

export function newton_schulz(
  first: i32, end: i32, _tile: usize, _scratch: usize, x: usize, y: usize, n: i32, width: i32, a: f32, b: f32, c: f32,
): void {
  const last = min(n, end * RUN);
  for (let i = first * RUN; i < last; i += 4) {
    const at = <usize>i << 2, left = last - i;
    const scaled = f32x4.mul(splat(b), loadFirst(x + at, left));
    storeFirst(y + at, madd(splat(c), loadFirst(y + at, left), scaled), left);
  }
  const diagonal = width + 1;
  for (let i = (first * RUN + width) / diagonal * diagonal; i < last; i += diagonal) {
    const at = y + (<usize>i << 2);
    store<f32>(at, load<f32>(at) + a);
  }
}
