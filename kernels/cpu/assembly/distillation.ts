// Kernels of a loss that learns from teachers. A task is a row.
import { IGNORED, RUN } from "./constants";
import { exp4, exponentials, largestOf, loadFirst, log4, madd, splat, storeFirst, total } from "./math";

/** log Σ e^(scale·(x - top)) over a row whose largest value is `top`. */
function logSum(row: usize, scratch: usize, classes: i32, top: f32, scale: f32): f32 {
  let sum = splat(0);
  for (let c = 0; c < classes; c += RUN) {
    const count = min(RUN, classes - c);
    sum = f32x4.add(sum, exponentials(row + (<usize>c << 2), scratch, count, splat(scale), splat(-top * scale)));
  }
  return <f32>Math.log(total(sum));
}

export function soft_targets(
  first: i32, end: i32, _tile: usize, scratch: usize,
  logits: usize, targets: usize, soft: usize, _rows: i32, classes: i32, accumulate: i32, temperature: f32, share: f32,
): void {
  const inverse: f32 = 1 / temperature;
  for (let r = first; r < end; r++) {
    if (load<u32>(targets + (<usize>r << 2)) == <u32>IGNORED) continue;
    let from = logits + (<usize>r * <usize>classes << 2), to = soft + (<usize>r * <usize>classes << 2);
    const top = largestOf(from, classes);
    const shift = splat(-top * inverse - logSum(from, scratch, classes, top, inverse));
    for (let c = 0; c < classes; c += 4, from += 16, to += 16) {
      const left = classes - c;
      const before = accumulate ? loadFirst(to, left) : splat(0);
      const probability = exp4(madd(loadFirst(from, left), splat(inverse), shift));
      storeFirst(to, madd(splat(share), probability, before), left);
    }
  }
}

export function distillation_forward(
  first: i32, end: i32, _tile: usize, scratch: usize,
  logits: usize, soft: usize, targets: usize, losses: usize, lses: usize,
  _rows: i32, classes: i32, temperature: f32, weight: f32,
): void {
  const inverse: f32 = 1 / temperature;
  for (let r = first; r < end; r++) {
    const target = load<u32>(targets + (<usize>r << 2));
    const loss = losses + (<usize>r << 2), sums = lses + (<usize>r << 3);
    if (target == <u32>IGNORED) {
      store<f32>(loss, 0);
      store<u64>(sums, 0);
      continue;
    }
    const row = logits + (<usize>r * <usize>classes << 2), q = soft + (<usize>r * <usize>classes << 2);
    const top = largestOf(row, classes);
    const plain = logSum(row, scratch, classes, top, 1), softened = logSum(row, scratch, classes, top, inverse);
    // Σ q·(log q - (z - top) / temperature); lanes beyond the row have q = 0
    let gaps = splat(0);
    for (let c = 0; c < classes; c += 4) {
      const at = <usize>c << 2, left = classes - c;
      const share = loadFirst(q + at, left);
      const log = f32x4.mul(f32x4.sub(loadFirst(row + at, left), splat(top)), splat(inverse));
      gaps = madd(share, f32x4.sub(log4(share), log), gaps);
    }
    store<f32>(sums, top + plain);
    store<f32>(sums, top * inverse + softened, 4);
    const text = top + plain - load<f32>(row + (<usize>target << 2));
    const divergence = total(gaps) + softened;
    store<f32>(loss, (1 - weight) * text + weight * temperature * temperature * divergence);
  }
}

export function distillation_backward(
  first: i32, end: i32, _tile: usize, _scratch: usize,
  logits: usize, soft: usize, targets: usize, lses: usize, dloss: usize,
  _rows: i32, classes: i32, temperature: f32, weight: f32, scale: f32,
): void {
  const inverse = splat(1 / temperature);
  const text: f32 = (1 - weight) * scale * load<f32>(dloss);
  const teacher: f32 = weight * temperature * scale * load<f32>(dloss);
  for (let r = first; r < end; r++) {
    const row = logits + (<usize>r * <usize>classes << 2);
    const target = load<u32>(targets + (<usize>r << 2));
    if (target == <u32>IGNORED) {
      memory.fill(row, 0, <usize>classes << 2);
      continue;
    }
    const plain = splat(load<f32>(lses + (<usize>r << 3))), softened = splat(load<f32>(lses + (<usize>r << 3), 4));
    let at = row, q = soft + (<usize>r * <usize>classes << 2);
    for (let c = 0; c < classes; c += 4, at += 16, q += 16) {
      const left = classes - c, z = loadFirst(at, left);
      const gap = f32x4.sub(exp4(f32x4.sub(f32x4.mul(z, inverse), softened)), loadFirst(q, left));
      const own = f32x4.mul(splat(text), exp4(f32x4.sub(z, plain)));
      storeFirst(at, madd(splat(teacher), gap, own), left);
    }
    const hit = row + (<usize>target << 2);
    store<f32>(hit, load<f32>(hit) - text);
  }
}
