// weight ← (1 - decay)·weight - rate·update, in some columns of the weight.
// A gradient norm that is not finite leaves everything as it was, as in adamw.wgsl.

@group(0) @binding(1) var<storage, read> update: array<f32>;
@group(0) @binding(2) var<storage, read> squared_norm: array<f32>;
@group(0) @binding(3) var<storage, read> scaling: Scaling;
@group(0) @binding(4) var<storage, read_write> weight: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= p.rows * p.width || !(sqrt(squared_norm[0]) / scaling.current < 3.0e38)) { return; }
  let at = i / p.width * p.stride + p.at + i % p.width;
  weight[at] -= p.rate * update[i] + p.decay * weight[at];
}
