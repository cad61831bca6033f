// dx = dy · (1 - (y / cap)²): the slope of cap · tanh(x / cap), from its value y.

@group(0) @binding(1) var<storage, read> y: array<real>;
@group(0) @binding(2) var<storage, read> dy: array<real>;
@group(0) @binding(3) var<storage, read_write> dx: array<real>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= p.n) { return; }
  let share = f32(y[i]) / p.cap;
  dx[i] = real(f32(dy[i]) * (1.0 - share * share));
}
