// Vector arithmetic that the kernels share. Everything is f32, four lanes at a time.

// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  // a·b + c, fused where the processor can
  return f32x4.relaxed_madd(a, b, c);
}

// @ts-ignore: decorator
@inline
export function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/** The sum of the four lanes, in a fixed order. */
// @ts-ignore: decorator
@inline
export function total(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

// @ts-ignore: decorator
@inline
export function largest(x: v128): f32 {
  const pairs = f32x4.pmax(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/**
 * x within ±bound; NaN stays. The pseudo-minimum is one instruction on x86, Wasm's own minimum some eight,
 * as it cares for the sign of zero.
 */
// @ts-ignore: decorator
@inline
export function clamp4(x: v128, bound: f32): v128 {
  return f32x4.pmax(f32x4.pmin(x, splat(bound)), splat(-bound));
}

/**
 * eˣ to within 2 units in the last place (relative error below 2e-7), by x = n·ln 2 + r with |r| ≤ ln 2 / 2
 * and the polynomial 1 + r + r²·P(r) of degree 6 whose largest relative error there, 3e-9, is the least (fitted).
 * Saturates at e^±87.
 */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  x = clamp4(x, 87);
  // Floats of the size of 1.5·2²³ are whole numbers: adding that rounds, and leaves n in the lowest bits.
  const rounded = madd(x, splat(1.44269504), splat(12582912));
  const n = f32x4.sub(rounded, splat(12582912));
  // ln 2 in two parts, so that n·ln 2 loses no digits
  let r = madd(n, splat(-0.693359375), x);
  r = madd(n, splat(2.12194440e-4), r);
  let e = madd(r, splat(0.0013814539), splat(0.0083687454));
  e = madd(e, r, splat(0.041668389));
  e = madd(e, r, splat(0.16666521));
  e = madd(e, r, splat(0.49999994));
  e = madd(e, r, splat(1));
  e = madd(e, r, splat(1));
  const power = i32x4.add(i32x4.shl(rounded, 23), i32x4.splat(0x3f800000)); // 2ⁿ, whose exponent is n + 127
  return f32x4.mul(e, power);
}

/**
 * log x of positive x to within 2 units in the last place, by x = 2ⁿ·(1 + f) with √½ ≤ 1 + f < √2 and Cephes'
 * polynomial (logf.c). What is below the smallest normal float counts as that: 0·log 0 is then 0.
 */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const bits = v128.bitselect(x, f32x4.splat(1.17549435e-38), f32x4.gt(x, f32x4.splat(1.17549435e-38)));
  // Counted from √½, whose bits are 0x3f3504f3, so that the exponent is n.
  const above = i32x4.sub(bits, i32x4.splat(0x3f3504f3));
  const n = f32x4.convert_i32x4_s(i32x4.shr_s(above, 23));
  const one = i32x4.add(v128.and(above, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const f = f32x4.sub(one, splat(1)), square = f32x4.mul(f, f);
  let p = madd(f, splat(7.0376836292e-2), splat(-1.1514610310e-1));
  p = madd(f, p, splat(1.1676998740e-1));
  p = madd(f, p, splat(-1.2420140846e-1));
  p = madd(f, p, splat(1.4249322787e-1));
  p = madd(f, p, splat(-1.6668057665e-1));
  p = madd(f, p, splat(2.0000714765e-1));
  p = madd(f, p, splat(-2.4999993993e-1));
  p = madd(f, p, splat(3.3333331174e-1));
  // ln 2 in two parts, as in exp4
  let rest = madd(n, splat(-2.12194440e-4), f32x4.mul(f32x4.mul(f, square), p));
  rest = madd(square, splat(-0.5), rest);
  return madd(n, splat(0.693359375), f32x4.add(f, rest));
}

/**
 * tanh x = x·P(x²)/Q(x²), to within 4 units in the last place: the rational approximation of degrees 13
 * and 6 that Eigen uses. From ±7.9 on, tanh is ±1 in f32.
 */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  x = clamp4(x, 7.90531);
  const s = f32x4.mul(x, x);
  let p = madd(s, splat(-2.76076847742355e-16), splat(2.00018790482477e-13));
  p = madd(s, p, splat(-8.60467152213735e-11));
  p = madd(s, p, splat(5.12229709037114e-8));
  p = madd(s, p, splat(1.48572235717979e-5));
  p = madd(s, p, splat(6.37261928875436e-4));
  p = madd(s, p, splat(4.89352455891786e-3));
  let q = madd(s, splat(1.19825839466702e-6), splat(1.18534705686654e-4));
  q = madd(s, q, splat(2.26843463243900e-3));
  q = madd(s, q, splat(4.89352518554385e-3));
  return f32x4.div(f32x4.mul(x, p), q);
}

/** Random bits of four consecutive indices: pcg2d, as in dropout.wgsl. */
// @ts-ignore: decorator
@inline
export function randomBits4(seed: u32, index: u32): v128 {
  const factor = i32x4.splat(1664525), addend = i32x4.splat(1013904223);
  let x = i32x4.add(i32x4.splat(index), i32x4(0, 1, 2, 3));
  x = i32x4.add(i32x4.mul(x, factor), addend);
  let y = i32x4.add(i32x4.mul(i32x4.splat(seed), factor), addend);
  x = i32x4.add(x, i32x4.mul(y, factor));
  y = i32x4.add(y, i32x4.mul(x, factor));
  x = v128.xor(x, i32x4.shr_u(x, 16));
  y = v128.xor(y, i32x4.shr_u(y, 16));
  x = i32x4.add(x, i32x4.mul(y, factor));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

/** Per lane: scale where the random bits reach the threshold, else 0. */
// @ts-ignore: decorator
@inline
export function kept4(seed: u32, index: u32, threshold: u32, scale: f32): v128 {
  // Flipping the sign bits turns the unsigned comparison into the signed one that SIMD has.
  const sign = i32x4.splat(0x80000000);
  const bits = v128.xor(randomBits4(seed, index), sign);
  const keep = i32x4.ge_s(bits, v128.xor(i32x4.splat(threshold), sign));
  return v128.and(keep, splat(scale));
}

/** The first `n` lanes of x, zero in the others; n from 0 to 4. */
// @ts-ignore: decorator
@inline
export function firstLanes(x: v128, n: i32): v128 {
  return v128.and(x, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(n)));
}

/** Loads `n` floats, zero in the other lanes; reads no byte beyond them. */
// @ts-ignore: decorator
@inline
export function loadFirst(at: usize, n: i32): v128 {
  if (n >= 4) return v128.load(at);
  let x = splat(0);
  if (n > 0) x = f32x4.replace_lane(x, 0, load<f32>(at));
  if (n > 1) x = f32x4.replace_lane(x, 1, load<f32>(at, 4));
  if (n > 2) x = f32x4.replace_lane(x, 2, load<f32>(at, 8));
  return x;
}

/** Stores the first `n` lanes. */
// @ts-ignore: decorator
@inline
export function storeFirst(at: usize, x: v128, n: i32): void {
  if (n >= 4) {
    v128.store(at, x);
    return;
  }
  if (n > 0) store<f32>(at, f32x4.extract_lane(x, 0));
  if (n > 1) store<f32>(at, f32x4.extract_lane(x, 1), 4);
  if (n > 2) store<f32>(at, f32x4.extract_lane(x, 2), 8);
}

const GELU_A: f32 = 0.7978845608028654; // √(2/π)
const GELU_B: f32 = 0.044715;

/** What GELU's tanh is for u. */
// @ts-ignore: decorator
@inline
function geluTanh(u: v128): v128 {
  return tanh4(f32x4.mul(u, madd(f32x4.mul(u, u), splat(GELU_A * GELU_B), splat(GELU_A))));
}

// @ts-ignore: decorator
@inline
function gelu4(at: usize, slope: usize, count: i32): void {
  const u = loadFirst(at, count);
  const t = geluTanh(u);
  const half = f32x4.mul(splat(0.5), f32x4.add(splat(1), t));
  storeFirst(at, f32x4.mul(u, half), count);
  // Far from 0 it is multiplied by what rounding leaves of 1 - t², so it must not grow there.
  const near = clamp4(u, 5.5);
  const bend = f32x4.mul(near, madd(f32x4.mul(near, near), splat(3 * GELU_A * GELU_B), splat(GELU_A)));
  // (1 + t + (1 - t²)·bend) / 2, where 1 - t² = 2·half·(1 - t)
  storeFirst(slope, f32x4.mul(half, madd(f32x4.sub(splat(1), t), bend, splat(1))), count);
}

/** Replaces `count` floats u by GELU(u), and leaves GELU'(u) at `slope`. */
export function geluRun(at: usize, slope: usize, count: i32): void {
  let i = 0;
  // Sixteen at once: each constant is made once for four vectors, and four chains of operations overlap.
  for (; i + 16 <= count; i += 16, at += 64, slope += 64) {
    gelu4(at, slope, 4);
    gelu4(at + 16, slope + 16, 4);
    gelu4(at + 32, slope + 32, 4);
    gelu4(at + 48, slope + 48, 4);
  }
  for (; i < count; i += 4, at += 16, slope += 16) gelu4(at, slope, count - i);
}

/** Replaces `count` floats u by GELU(u). */
export function geluValues(at: usize, count: i32): void {
  for (let i = 0; i < count; i += 4, at += 16) {
    const left = count - i, u = loadFirst(at, left);
    storeFirst(at, f32x4.mul(u, f32x4.mul(splat(0.5), f32x4.add(splat(1), geluTanh(u)))), left);
  }
}

/** Replaces `count` floats u by max(u, 0)². */
export function relu2Values(at: usize, count: i32): void {
  for (let i = 0; i < count; i += 4, at += 16) {
    const left = count - i;
    const u = f32x4.pmax(loadFirst(at, left), splat(0)); // in this order of the operands NaN stays
    storeFirst(at, f32x4.mul(u, u), left);
  }
}

/** Replaces `count` floats u by max(u, 0)², and leaves 2·max(u, 0) at `slope`. */
export function relu2Run(at: usize, slope: usize, count: i32): void {
  for (let i = 0; i < count; i += 4, at += 16, slope += 16) {
    const left = count - i;
    // In this order of the operands NaN stays.
    const u = f32x4.pmax(loadFirst(at, left), splat(0));
    storeFirst(slope, f32x4.add(u, u), left);
    storeFirst(at, f32x4.mul(u, u), left);
  }
}

/** The largest of `count` floats, at least 1. */
export function largestOf(at: usize, count: i32): f32 {
  let a = splat(load<f32>(at)), b = a, c = a, d = a;
  let i = 0;
  for (; i + 16 <= count; i += 16, at += 64) {
    a = f32x4.pmax(a, v128.load(at));
    b = f32x4.pmax(b, v128.load(at, 16));
    c = f32x4.pmax(c, v128.load(at, 32));
    d = f32x4.pmax(d, v128.load(at, 48));
  }
  for (; i + 4 <= count; i += 4, at += 16) a = f32x4.pmax(a, v128.load(at));
  let top = largest(f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d)));
  for (; i < count; i++, at += 4) top = max(top, load<f32>(at));
  return top;
}

/**
 * Puts e^(scale·x + shift) of `count` floats x at `to`, which may be where they are, and zeros up to a whole vector.
 * @returns their sum, by lanes
 */
export function exponentials(at: usize, to: usize, count: i32, scale: v128, shift: v128): v128 {
  let sum = splat(0);
  let i = 0;
  // Sixteen at once: each constant is made once for four vectors, and four chains of operations overlap.
  for (; i + 16 <= count; i += 16, at += 64, to += 64) {
    const a = exp4(madd(v128.load(at), scale, shift));
    const b = exp4(madd(v128.load(at, 16), scale, shift));
    const c = exp4(madd(v128.load(at, 32), scale, shift));
    const d = exp4(madd(v128.load(at, 48), scale, shift));
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
    sum = f32x4.add(sum, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  }
  for (; i + 4 <= count; i += 4, at += 16, to += 16) {
    const e = exp4(madd(v128.load(at), scale, shift));
    v128.store(to, e);
    sum = f32x4.add(sum, e);
  }
  if (i < count) {
    const e = firstLanes(exp4(madd(loadFirst(at, count - i), scale, shift)), count - i);
    v128.store(to, e);
    sum = f32x4.add(sum, e);
  }
  return sum;
}

// `scaling` has its numbers at the places that SCALING in lib/ops/update_scaling.ts names.

/** The norm of the gradients. */
// @ts-ignore: decorator
@inline
function gradientNorm(squared_norm: usize, scaling: usize): f32 {
  return sqrt<f32>(load<f32>(squared_norm)) / load<f32>(scaling, 4);
}

/** Whether that is finite: otherwise an update changes nothing. */
export function isSound(squared_norm: usize, scaling: usize): bool {
  return gradientNorm(squared_norm, scaling) < 3e38;
}

/** What gradients are multiplied by, so that they are clipped and no longer scaled. */
export function gradientFactor(squared_norm: usize, scaling: usize, clip: f32): f32 {
  const norm = gradientNorm(squared_norm, scaling);
  return (clip > 0 ? min<f32>(1, clip / (norm + 1e-6)) : 1) / load<f32>(scaling, 4);
}
