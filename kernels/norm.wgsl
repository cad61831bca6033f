// Layer norm (centred; Ba et al., arXiv:1607.06450) and RMS norm (not centred, mean = 0; Zhang and Sennrich,
// arXiv:1910.07467), row by row:
//   y = (x - mean) / √(mean of (x - mean)² + epsilon) · gamma + beta
// One workgroup a row: 64 invocations share its columns. stats keeps (mean, 1 / the root) per row.
//
// It follows norm_forward.wgsl, whose rows are there already, or add_norm_forward.wgsl, which makes them.

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
  let mean = select(0.0, total(lane, sum) / f32(p.width), p.centred != 0u);
  sum = 0.0;
  for (var c = lane; c < p.width; c += 64u) {
    let d = f32(x[start + c]) - mean;
    sum += d * d;
  }
  let inverse = inverseSqrt(total(lane, sum) / f32(p.width) + p.epsilon);
  for (var c = lane; c < p.width; c += 64u) {
    let shift = select(0.0, beta[c], p.has_beta != 0u);
    y[start + c] = real((f32(x[start + c]) - mean) * inverse * gamma[c] + shift);
  }
  if (lane == 0u) {
    stats[2u * row] = mean;
    stats[2u * row + 1u] = inverse;
  }
}
