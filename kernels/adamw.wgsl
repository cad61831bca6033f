// AdamW (Loshchilov and Hutter, arXiv:1711.05101) over a range of the parameter arena, with clipping by the global norm
// folded in.
// m̂ and v̂ are corrected for their start at zero by correction1 = 1 - β1^t, correction2 = 1 - β2^t.
// The gradients were multiplied by scaling.current (scaling.wgsl has the struct).
// A gradient norm that is not finite leaves everything as it was.

@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> squared_norm: array<f32>;
@group(0) @binding(3) var<storage, read> scaling: Scaling;
@group(0) @binding(4) var<storage, read_write> weight: array<f32>;
@group(0) @binding(5) var<storage, read_write> m: array<f32>;
@group(0) @binding(6) var<storage, read_write> v: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= p.n) { return; }
  let norm = sqrt(squared_norm[0]) / scaling.current;
  if (!(norm < 3.0e38)) { return; }
  // PyTorch's clip_grad_norm_ adds the same 1e-6.
  let g = gradient[i] / scaling.current * select(1.0, min(1.0, p.clip / (norm + 1e-6)), p.clip > 0.0);
  let mean = p.beta1 * m[i] + (1.0 - p.beta1) * g;
  let square = p.beta2 * v[i] + (1.0 - p.beta2) * g * g;
  m[i] = mean;
  v[i] = square;
  let step = (mean / scaling.correction1) / (sqrt(square / scaling.correction2) + p.epsilon);
  weight[i] -= p.lr * (step + p.decay * weight[i]);
}
