// The end of matmul.wgsl and matmul_blocks.wgsl in an MLP: with u = sum + bias, an activation's value and its slope.
// gelu.wgsl and relu2.wgsl define `activated`.

@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<real>;
@group(0) @binding(5) var<storage, read_write> slope: array<real>;

fn finish(row: u32, column: u32, sum: f32, part: u32) {
  let at = row * p.n + column;
  var u = sum;
  if (p.has_bias != 0u) { u += bias[column]; }
  let both = activated(u);
  y[at] = real(both.x);
  slope[at] = real(both.y);
}
