// Inverted dropout (Srivastava et al., 2014): y = x / (1 - rate) where kept, else 0. The mask is a hash
// of (seed, index), so the backward pass is this same kernel on dy, and no mask is stored.

@group(0) @binding(1) var<storage, read> x: array<real>;
@group(0) @binding(2) var<storage, read_write> y: array<real>;

// pcg2d: Jarzynski and Olano, "Hash Functions for GPU Rendering" (JCGT 9(3), 2020).
fn random_bits(seed: u32, index: u32) -> u32 {
  var v = vec2u(index, seed) * 1664525u + 1013904223u;
  v.x += v.y * 1664525u;
  v.y += v.x * 1664525u;
  v ^= v >> vec2u(16u);
  v.x += v.y * 1664525u;
  v.y += v.x * 1664525u;
  v ^= v >> vec2u(16u);
  return v.x;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i < p.n) { y[i] = real(select(0.0, f32(x[i]) * p.scale, random_bits(p.seed, i) >= p.threshold)); }
}
