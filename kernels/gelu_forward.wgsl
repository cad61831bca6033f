// GELU in its tanh form (Hendrycks and Gimpel, arXiv:1606.08415), as GPT-2 uses it:
//   y = x/2 · (1 + tanh(√(2/π) · (x + 0.044715·x³)))

struct Params { n: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const SQRT_2_OVER_PI = 0.7978845608028654;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= p.n) { return; }
  let v = x[i];
  // Some GPUs compute tanh by exp, which overflows; tanh(±15) is ±1 in f32 already.
  let u = clamp(SQRT_2_OVER_PI * (v + 0.044715 * v * v * v), -15.0, 15.0);
  y[i] = 0.5 * v * (1.0 + tanh(u));
}
