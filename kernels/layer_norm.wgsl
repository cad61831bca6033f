// y = (x - mean) / √(variance + 1e-5) · gamma + beta, row by row (Ba et al., arXiv:1607.06450).
// One workgroup a row: 64 invocations share its columns. stats keeps (mean, 1/deviation) per row.
//
// It follows layer_norm_forward.wgsl, whose rows are there already, or add_norm_forward.wgsl, which makes them.

var<workgroup> partial: array<f32, 64>;

fn total(lane: u32, value: f32) -> f32 {
  partial[lane] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  let sum = partial[0];
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= p.rows) { return; }
  let start = row * p.width;
  var sum = 0.0;
  for (var c = lane; c < p.width; c += 64u) { sum += take(start + c); }
  let mean = total(lane, sum) / f32(p.width);
  sum = 0.0;
  for (var c = lane; c < p.width; c += 64u) {
    let d = f32(x[start + c]) - mean;
    sum += d * d;
  }
  let inverse = inverseSqrt(total(lane, sum) / f32(p.width) + 1e-5);
  for (var c = lane; c < p.width; c += 64u) {
    let shift = select(0.0, beta[c], p.has_beta != 0u);
    y[start + c] = real((f32(x[start + c]) - mean) * inverse * gamma[c] + shift);
  }
  if (lane == 0u) {
    stats[2u * row] = mean;
    stats[2u * row + 1u] = inverse;
  }
}
