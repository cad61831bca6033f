// logits become their gradients, times scale · dloss:
//   (1 - weight)·(softmax(z) - onehot(target)) + weight·temperature·(softmax(z / temperature) - soft).
// They are zero for rows without a target.

@group(0) @binding(1) var<storage, read_write> logits: array<real>;
@group(0) @binding(2) var<storage, read> soft: array<real>;
@group(0) @binding(3) var<storage, read> targets: array<u32>;
@group(0) @binding(4) var<storage, read> lses: array<f32>; // log Σ exp(z) and log Σ exp(z / temperature) of every row
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
    let z = f32(logits[i]);
    let text = exp(z - lses[2u * row]) - select(0.0, 1.0, target_class == i % p.classes);
    let teacher = exp(z / p.temperature - lses[2u * row + 1u]) - f32(soft[i]);
    d = (1.0 - p.weight) * text + p.weight * p.temperature * teacher;
  }
  logits[i] = real(d * p.scale * dloss[0]);
}
