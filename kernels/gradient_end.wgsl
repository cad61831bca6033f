// The end of matmul.wgsl and matmul_blocks.wgsl for the gradients of a linear layer: c += the sums, or c = them,
// for the weight's; and of the columns' sums, which come as a row behind the last, the bias's. A part of k
// (split-K) leaves both beside those of the others, for gradient_parts.wgsl.

@group(0) @binding(3) var<storage, read_write> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<f32>;

fn finish(row: u32, column: u32, sum: f32, part: u32) {
  let added = p.accumulate != 0u;
  if (SPLIT) {
    c[(part * (p.m + p.has_bias) + row) * p.n + column] = sum;
  } else if (row == p.m) {
    bias[column] = sum + select(0.0, bias[column], added);
  } else {
    let at = row * p.n + column;
    c[at] = sum + select(0.0, c[at], added);
  }
}
