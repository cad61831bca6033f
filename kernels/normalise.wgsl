// x ← x / (‖x‖ + ε), whose squared norm has been computed.

@group(0) @binding(1) var<storage, read> squared_norm: array<f32>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i < p.n) { x[i] /= sqrt(squared_norm[0]) + p.epsilon; }
}
