// The end of matmul.wgsl and matmul_blocks.wgsl in an MLP with ReLU² (So et al., arXiv:2109.08668): with
// u = sum + bias, y = max(u, 0)², and its slope, which is all that the backward pass needs.

@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<real>;
@group(0) @binding(5) var<storage, read_write> slope: array<real>;

fn finish(row: u32, column: u32, sum: f32, part: u32) {
  let at = row * p.n + column;
  var u = sum;
  if (p.has_bias != 0u) { u += bias[column]; }
  u = select(u, 0.0, u < 0.0); // and stay NaN
  y[at] = real(u * u);
  slope[at] = real(2.0 * u);
}
