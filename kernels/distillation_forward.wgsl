// Per row of logits z, with the teachers' probabilities q and temperature T: log Σ exp(z) and log Σ exp(z / T), and
//   loss = (1 - weight)·(log Σ exp(z) - z[target]) + weight·T²·Σ q·(log q - z / T + log Σ exp(z / T)).
// A target of IGNORED carries no loss. One workgroup a row.

@group(0) @binding(1) var<storage, read> logits: array<real>;
@group(0) @binding(2) var<storage, read> soft: array<real>;
@group(0) @binding(3) var<storage, read> targets: array<u32>;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;
@group(0) @binding(5) var<storage, read_write> lses: array<f32>; // two a row

override IGNORED: u32; // the target of a position that carries no loss
const LOWEST = -3.4e38;
const LEAST = 1.2e-38; // the smallest normal float

var<workgroup> partial: array<vec3f, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= p.rows) { return; }
  let target_class = targets[row];
  if (target_class == IGNORED) {
    if (lane == 0u) {
      losses[row] = 0.0;
      lses[2u * row] = 0.0;
      lses[2u * row + 1u] = 0.0;
    }
    return;
  }
  let start = row * p.classes;
  var top = LOWEST;
  for (var c = lane; c < p.classes; c += 64u) { top = max(top, f32(logits[start + c])); }
  partial[lane].x = top;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane].x = max(partial[lane].x, partial[lane + half].x); }
    workgroupBarrier();
  }
  top = partial[0].x;
  workgroupBarrier();
  var sums = vec3f(0.0); // Σ exp(z - top), Σ exp((z - top) / T), Σ q·(log q - (z - top) / T)
  for (var c = lane; c < p.classes; c += 64u) {
    let z = f32(logits[start + c]) - top;
    let q = f32(soft[start + c]);
    sums += vec3f(exp(z), exp(z / p.temperature), q * (log(max(q, LEAST)) - z / p.temperature));
  }
  partial[lane] = sums;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  if (lane == 0u) {
    let logs = log(partial[0].xy);
    lses[2u * row] = top + logs.x;
    lses[2u * row + 1u] = top / p.temperature + logs.y;
    let text = top + logs.x - f32(logits[start + target_class]);
    let divergence = partial[0].z + logs.y;
    losses[row] = (1.0 - p.weight) * text + p.weight * p.temperature * p.temperature * divergence;
  }
}
