// c = Σ parts + bias, or c += Σ parts: the second half of a matrix product whose k was split.

@group(0) @binding(1) var<storage, read> parts: array<f32>; // one m×n matrix after another
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<real>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  let size = p.m * p.n;
  if (i >= size) { return; }
  var sum = 0.0;
  for (var at = i; at < arrayLength(&parts); at += size) { sum += parts[at]; }
  if (p.has_bias != 0u) { sum += bias[i % p.n]; }
  if (p.accumulate != 0u) { sum += f32(c[i]); }
  c[i] = real(sum);
}
