// The second half of norm_gradient.wgsl where several workgroups shared the rows.

@group(0) @binding(1) var<storage, read> parts: array<f32>; // (part, 2, width)
@group(0) @binding(4) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(5) var<storage, read_write> dbeta: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= p.width) { return; }
  var sums = vec2f();
  for (var at = column; at < arrayLength(&parts); at += 2u * p.width) {
    sums += vec2f(parts[at], parts[at + p.width]);
  }
  dgamma[column] += sums.x;
  if (p.has_beta != 0u) { dbeta[column] += sums.y; }
}
