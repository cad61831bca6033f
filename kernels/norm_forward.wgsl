// The norm of rows that are there: norm.wgsl, which follows, does the work.

@group(0) @binding(1) var<storage, read> x: array<real>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<real>;
@group(0) @binding(5) var<storage, read_write> stats: array<f32>;

fn take(i: u32) -> f32 { return f32(x[i]); }

