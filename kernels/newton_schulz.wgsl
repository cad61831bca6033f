// y ← a·I + b·x + c·y, of square matrices: the polynomial of an iteration of Newton and Schulz.

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i < p.n) { y[i] = p.b * x[i] + p.c * y[i] + select(0.0, p.a, i % (p.width + 1u) == 0u); }
}
