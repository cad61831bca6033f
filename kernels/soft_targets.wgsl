// soft = share · softmax(logits / temperature), added to what is there if `accumulate`. Rows without a target are left
// alone. One workgroup a row.

@group(0) @binding(1) var<storage, read> logits: array<real>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read_write> soft: array<real>;

override IGNORED: u32; // the target of a position that carries no loss
const LOWEST = -3.4e38;

var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= p.rows || targets[row] == IGNORED) { return; }
  let start = row * p.classes;
  var top = LOWEST;
  for (var c = lane; c < p.classes; c += 64u) { top = max(top, f32(logits[start + c])); }
  partial[lane] = top;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] = max(partial[lane], partial[lane + half]); }
    workgroupBarrier();
  }
  top = partial[0];
  workgroupBarrier();
  var sum = 0.0;
  for (var c = lane; c < p.classes; c += 64u) { sum += exp((f32(logits[start + c]) - top) / p.temperature); }
  partial[lane] = sum;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  let factor = p.share / partial[0];
  for (var c = lane; c < p.classes; c += 64u) {
    let i = start + c;
    var value = factor * exp((f32(logits[i]) - top) / p.temperature);
    if (p.accumulate != 0u) { value += f32(soft[i]); }
    soft[i] = real(value);
  }
}
