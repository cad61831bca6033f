// y = silu(g) ⊙ u (Shazeer, arXiv:2002.05202), where a row of x, (rows, 2F), is g and u side by side.
// silu(g) = g / (1 + exp(-g))

@group(0) @binding(1) var<storage, read> x: array<real>;
@group(0) @binding(2) var<storage, read_write> y: array<real>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= p.rows * p.width) { return; }
  let at = i + i / p.width * p.width;
  let g = f32(x[at]);
  y[i] = real(g / (1.0 + exp(-g)) * f32(x[at + p.width]));
}
