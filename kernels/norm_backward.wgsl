// With x̂ = (x - mean)·inverse and g = dy·gamma, per row:
//   dx = inverse · (g - mean(g) - x̂·mean(g·x̂)),   or dx += that
// An RMS norm is not centred: it has neither mean nor mean(g).
// One workgroup a row, as in the forward.

@group(0) @binding(1) var<storage, read> x: array<real>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> stats: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<real>;
@group(0) @binding(5) var<storage, read_write> dx: array<real>;

var<workgroup> partial: array<vec2f, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= p.rows) { return; }
  let start = row * p.width;
  let mean = stats[2u * row];
  let inverse = stats[2u * row + 1u];
  var sums = vec2f();
  for (var c = lane; c < p.width; c += 64u) {
    let g = f32(dy[start + c]) * gamma[c];
    sums += vec2f(g, g * (f32(x[start + c]) - mean) * inverse);
  }
  partial[lane] = sums;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  let means = partial[0] / f32(p.width) * vec2f(f32(p.centred), 1.0);
  for (var c = lane; c < p.width; c += 64u) {
    let normal = (f32(x[start + c]) - mean) * inverse;
    var value = inverse * (f32(dy[start + c]) * gamma[c] - means.x - normal * means.y);
    if (p.accumulate != 0u) { value += f32(dx[start + c]); }
    dx[start + c] = real(value);
  }
}
