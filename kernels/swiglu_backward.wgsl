// The gradient of swiglu_forward.wgsl's input: with s = 1 / (1 + exp(-g)),
//   dg = dy · u · s·(1 + g·(1 - s))      du = dy · g·s

@group(0) @binding(1) var<storage, read> x: array<real>;
@group(0) @binding(2) var<storage, read> dy: array<real>;
@group(0) @binding(3) var<storage, read_write> dx: array<real>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= p.rows * p.width) { return; }
  let at = i + i / p.width * p.width;
  let g = f32(x[at]);
  let s = 1.0 / (1.0 + exp(-g));
  let d = f32(dy[i]);
  dx[at] = real(d * f32(x[at + p.width]) * s * (1.0 + g * (1.0 - s)));
  dx[at + p.width] = real(d * g * s);
}
