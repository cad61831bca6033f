// delta[b, h, t] = Σ_d dout·out: the mean that the softmax's backward subtracts
// (arXiv:2205.14135, appendix B: it needs no row of the T×T matrix).

alias real = f32; // or f16, with mixed precision

struct Params { batch: u32, time: u32, heads: u32, head_width: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> out: array<real>;
@group(0) @binding(2) var<storage, read> dout: array<real>;
@group(0) @binding(3) var<storage, read_write> delta: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x; // (b, h, t)
  if (i >= p.batch * p.heads * p.time) { return; }
  let t = i % p.time;
  let h = i / p.time % p.heads;
  let b = i / p.time / p.heads;
  let start = ((b * p.time + t) * p.heads + h) * p.head_width;
  var sum = 0.0;
  for (var d = 0u; d < p.head_width; d++) { sum += f32(out[start + d]) * f32(dout[start + d]); }
  delta[i] = sum;
}
