// out[b, c] = Σ_t weights[b, t] · x[b, t, c]

@group(0) @binding(1) var<storage, read> x: array<real>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<real>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= p.rows * p.width) { return; }
  let row = i / p.width;
  var sum = 0.0;
  for (var t = 0u; t < p.time; t++) {
    let weight = weights[row * p.time + t];
    if (weight != 0.0) { sum += weight * f32(x[(row * p.time + t) * p.width + i % p.width]); }
  }
  out[i] = real(sum);
}
