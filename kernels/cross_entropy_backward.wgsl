// logits become their gradients, (softmax(logits) - onehot(target)) · weight · scale · dloss, which are zero for rows
// without a target.

@group(0) @binding(1) var<storage, read_write> logits: array<real>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>; // one a row, if weighted
@group(0) @binding(4) var<storage, read> lses: array<f32>;
@group(0) @binding(5) var<storage, read> dloss: array<f32>;

override IGNORED: u32; // the target of a position that carries no loss

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= p.rows * p.classes) { return; }
  let row = i / p.classes;
  let target_class = targets[row];
  var d = 0.0;
  if (target_class != IGNORED) {
    d = exp(f32(logits[i]) - lses[row]) - select(0.0, 1.0, target_class == i % p.classes);
    if (p.weighted != 0u) { d *= weights[row]; }
  }
  logits[i] = real(d * p.scale * dloss[0]);
}
