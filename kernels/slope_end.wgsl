// The end of matmul.wgsl and matmul_blocks.wgsl behind GELU in an MLP's backward pass: the gradient of what GELU was
// given is that of its values, the sums, times the slope that the forward pass has kept.

@group(0) @binding(3) var<storage, read> slope: array<real>;
@group(0) @binding(4) var<storage, read_write> c: array<real>;

fn finish(row: u32, column: u32, sum: f32, part: u32) {
  let at = row * p.n + column;
  c[at] = real(sum * f32(slope[at]));
}
