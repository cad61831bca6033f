// QK-norm and RoPE: see heads.ts in lib/ops. A task is a row of qkv, (rows, (H + 2G)·D). Columns are taken in pairs,
// d and d + ⌈D/2⌉, four pairs at a time; a table's row holds cosines, then sines.
import { loadFirst, madd, splat, storeFirst, total } from "./math";

/** √ of the mean of squares of `width` floats plus epsilon, inverted. */
function inverseRoot(x: usize, width: i32, epsilon: f32): f32 {
  let squares = splat(0);
  for (let d = 0; d < width; d += 4) {
    const v = loadFirst(x + (<usize>d << 2), width - d);
    squares = madd(v, v, squares);
  }
  return 1 / sqrt<f32>(total(squares) / <f32>width + epsilon);
}

/** Turns pairs of a head by the angles of `angles`; back with `sign` -1. `from` and `to` may be the same. */
function rotate(from: usize, to: usize, half: i32, angles: usize, sign: f32): void {
  const toSecond = <usize>half << 2;
  for (let d = 0; d < half; d += 4) {
    const at = <usize>d << 2, left = half - d;
    const cosine = loadFirst(angles + at, left);
    const sine = f32x4.mul(loadFirst(angles + toSecond + at, left), splat(sign));
    const a = loadFirst(from + at, left), b = loadFirst(from + toSecond + at, left);
    storeFirst(to + at, f32x4.sub(f32x4.mul(a, cosine), f32x4.mul(b, sine)), left);
    storeFirst(to + toSecond + at, madd(b, cosine, f32x4.mul(a, sine)), left);
  }
}

export function heads_forward(
  first: i32, end: i32, _tile: usize, _scratch: usize,
  qkv: usize, gamma: usize, table: usize, positions: usize, out: usize, inverses: usize,
  _rows: i32, heads: i32, kv_heads: i32, head_width: i32, normed: i32, rotated: i32, epsilon: f32,
): void {
  const bytes = <usize>head_width << 2, turned = heads + kv_heads;
  const stride = <usize>(heads + 2 * kv_heads) * bytes;
  for (let row = first; row < end; row++) {
    const angles = rotated ? table + <usize>load<u32>(positions + (<usize>row << 2)) * bytes : 0;
    let x = qkv + <usize>row * stride, y = out + <usize>row * stride;
    for (let h = 0; h < turned; h++, x += bytes, y += bytes) {
      if (normed) {
        const inverse = inverseRoot(x, head_width, epsilon);
        const scales = h < heads ? gamma : gamma + bytes;
        for (let d = 0; d < head_width; d += 4) {
          const at = <usize>d << 2, left = head_width - d;
          const scale = f32x4.mul(loadFirst(scales + at, left), splat(inverse));
          storeFirst(y + at, f32x4.mul(loadFirst(x + at, left), scale), left);
        }
        store<f32>(inverses + (<usize>(row * turned + h) << 2), inverse);
      }
      if (rotated) rotate(normed ? y : x, y, head_width >> 1, angles, 1);
    }
    memory.copy(y, x, <usize>kv_heads * bytes);
  }
}

export function heads_backward(
  first: i32, end: i32, _tile: usize, _scratch: usize,
  qkv: usize, gamma: usize, table: usize, positions: usize, inverses: usize, dy: usize, dx: usize,
  _rows: i32, heads: i32, kv_heads: i32, head_width: i32, normed: i32, rotated: i32,
): void {
  const bytes = <usize>head_width << 2, turned = heads + kv_heads;
  const stride = <usize>(heads + 2 * kv_heads) * bytes;
  for (let row = first; row < end; row++) {
    const angles = rotated ? table + <usize>load<u32>(positions + (<usize>row << 2)) * bytes : 0;
    const start = <usize>row * stride;
    if (!rotated) memory.copy(dx + start, dy + start, <usize>turned * bytes);
    const values = start + <usize>turned * bytes;
    memory.copy(dx + values, dy + values, <usize>kv_heads * bytes);
    for (let h = 0; h < turned; h++) {
      const at = start + <usize>h * bytes, g = dx + at;
      if (rotated) rotate(dy + at, g, head_width >> 1, angles, -1);
      if (!normed) continue;
      const x = qkv + at;
      const scales = h < heads ? gamma : gamma + bytes;
      const inverse = splat(load<f32>(inverses + (<usize>(row * turned + h) << 2)));
      let dot = splat(0);
      for (let d = 0; d < head_width; d += 4) {
        const at = <usize>d << 2, left = head_width - d;
        const scaled = f32x4.mul(loadFirst(g + at, left), loadFirst(scales + at, left));
        dot = madd(scaled, f32x4.mul(loadFirst(x + at, left), inverse), dot);
        storeFirst(g + at, scaled, left);
      }
      const mean = splat(total(dot) / <f32>head_width);
      for (let d = 0; d < head_width; d += 4) {
        const at = <usize>d << 2, left = head_width - d;
        const normal = f32x4.mul(loadFirst(x + at, left), inverse);
        const rest = f32x4.sub(loadFirst(g + at, left), f32x4.mul(normal, mean));
        storeFirst(g + at, f32x4.mul(rest, inverse), left);
      }
    }
  }
}

/** A task is `part` rows, whose sums are a row of `parts`, (parts, 2, D). */
export function heads_gradient(
  first: i32, end: i32, _tile: usize, _scratch: usize,
  qkv: usize, table: usize, positions: usize, inverses: usize, dy: usize, parts: usize,
  rows: i32, heads: i32, kv_heads: i32, head_width: i32, _normed: i32, rotated: i32, part: i32,
): void {
  const bytes = <usize>head_width << 2, turned = heads + kv_heads;
  const stride = <usize>(heads + 2 * kv_heads) * bytes;
  const half = rotated ? head_width >> 1 : head_width; // without pairs, all columns are first ones
  const toSecond = <usize>half << 2;
  for (let task = first; task < end; task++) {
    const sums = parts + <usize>task * 2 * bytes;
    memory.fill(sums, 0, 2 * bytes);
    for (let row = task * part; row < min(rows, (task + 1) * part); row++) {
      const angles = rotated ? table + <usize>load<u32>(positions + (<usize>row << 2)) * bytes : 0;
      for (let h = 0; h < turned; h++) {
        const start = <usize>row * stride + <usize>h * bytes;
        const inverse = splat(load<f32>(inverses + (<usize>(row * turned + h) << 2)));
        const to = h < heads ? sums : sums + bytes;
        for (let d = 0; d < half; d += 4) {
          const at = <usize>d << 2, left = half - d;
          let a = loadFirst(dy + start + at, left);
          if (rotated) {
            const b = loadFirst(dy + start + toSecond + at, left);
            const cosine = loadFirst(angles + at, left), sine = loadFirst(angles + toSecond + at, left);
            const second = f32x4.sub(f32x4.mul(b, cosine), f32x4.mul(a, sine));
            a = madd(a, cosine, f32x4.mul(b, sine));
            const normal = f32x4.mul(loadFirst(qkv + start + toSecond + at, left), inverse);
            storeFirst(to + toSecond + at, madd(second, normal, loadFirst(to + toSecond + at, left)), left);
          }
          const normal = f32x4.mul(loadFirst(qkv + start + at, left), inverse);
          storeFirst(to + at, madd(a, normal, loadFirst(to + at, left)), left);
        }
      }
    }
  }
}
