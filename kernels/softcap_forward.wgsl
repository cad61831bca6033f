// y = cap · tanh(x / cap), as Gemma 2 caps its logits (arXiv:2408.00118).

@group(0) @binding(1) var<storage, read> x: array<real>;
@group(0) @binding(2) var<storage, read_write> y: array<real>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  // Some GPUs compute tanh by exp, which overflows; tanh(±15) is ±1 in f32 already.
  if (i < p.n) { y[i] = real(p.cap * tanh(clamp(f32(x[i]) / p.cap, -15.0, 15.0))); }
}
