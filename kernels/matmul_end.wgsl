// The end of matmul.wgsl and matmul_blocks.wgsl: c = sum + bias, or c += sum. A part of k (split-K) leaves its
// sums beside those of the others, for matmul_parts.wgsl.

alias result = real; // or f32: the sums of a part

@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<result>;

fn finish(row: u32, column: u32, sum: f32, part: u32) {
  let at = (part * p.m + row) * p.n + column;
  var value = sum;
  if (!SPLIT) {
    if (p.has_bias != 0u) { value += bias[column]; }
    if (p.accumulate != 0u) { value += f32(c[at]); }
  }
  c[at] = result(value);
}
