// The second half of gradient_end.wgsl where k was split: c, and bias behind it, are Σ parts, or grow by that.

@group(0) @binding(1) var<storage, read> parts: array<f32>; // one (m + has_bias)×n matrix after another
@group(0) @binding(3) var<storage, read_write> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  let whole = p.m * p.n;
  let size = whole + p.has_bias * p.n;
  if (i >= size) { return; }
  var sum = 0.0;
  for (var at = i; at < arrayLength(&parts); at += size) { sum += parts[at]; }
  let added = p.accumulate != 0u;
  if (i < whole) { c[i] = sum + select(0.0, c[i], added); }
  else { bias[i - whole] = sum + select(0.0, bias[i - whole], added); }
}
