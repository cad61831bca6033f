// dx[b, t, c] = weights[b, t] · dout[b, c], with rows = B·T

@group(0) @binding(1) var<storage, read> dout: array<real>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<real>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= p.rows * p.width) { return; }
  let row = i / p.width;
  dx[i] = real(weights[row] * f32(dout[row / p.time * p.width + i % p.width]));
}
