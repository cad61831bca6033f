// x = a + b and its norm: a residual connection and what follows it, without x's way to memory and back between
// them. norm.wgsl, which follows, does the work.

@group(0) @binding(1) var<storage, read> a: array<real>;
@group(0) @binding(2) var<storage, read> b: array<real>;
@group(0) @binding(3) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read> beta: array<f32>;
@group(0) @binding(5) var<storage, read_write> x: array<real>;
@group(0) @binding(6) var<storage, read_write> y: array<real>;
@group(0) @binding(7) var<storage, read_write> stats: array<f32>;

// An invocation reads again what it alone has written.
fn take(i: u32) -> f32 {
  x[i] = real(f32(a[i]) + f32(b[i]));
  return f32(x[i]);
}

