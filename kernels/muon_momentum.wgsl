// The momentum of the clipped gradient g, β·momentum + (1-β)·g, and the update that Nesterov's look ahead makes of it.
// A gradient norm that is not finite leaves everything as it was, as in adamw.wgsl.

@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> squared_norm: array<f32>;
@group(0) @binding(3) var<storage, read> scaling: Scaling;
@group(0) @binding(4) var<storage, read_write> momentum: array<f32>;
@group(0) @binding(5) var<storage, read_write> update: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= p.n) { return; }
  let norm = sqrt(squared_norm[0]) / scaling.current;
  if (!(norm < 3.0e38)) { return; }
  // PyTorch's clip_grad_norm_ adds the same 1e-6.
  let g = gradient[i] / scaling.current * select(1.0, min(1.0, p.clip / (norm + 1e-6)), p.clip > 0.0);
  let mean = p.beta * momentum[i] + (1.0 - p.beta) * g;
  momentum[i] = mean;
  update[i] = p.beta * mean + (1.0 - p.beta) * g;
}
