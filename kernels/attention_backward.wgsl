// What the two shaders of attention's backward pass share; it follows them, and attention.wgsl it.

@group(0) @binding(2) var<storage, read> out: array<real>;
@group(0) @binding(3) var<storage, read> dout: array<real>;
@group(0) @binding(4) var<storage, read> lse: array<f32>;
@group(0) @binding(5) var<storage, read_write> delta: array<f32>; // (B, H, T); the first shader leaves it to the second
@group(0) @binding(6) var<storage, read_write> dqkv: array<real>;

// Four columns of a row of dout of a plane; zero outside.
fn load_dout(plane: u32, row: u32, column: u32) -> vec4f {
  let at = row_start(plane, row) + column;
  var value = vec4f();
  if (row < p.time) {
    for (var i = 0u; i < 4u; i++) {
      if (column + i < p.head_width) { value[i] = f32(dout[at + i]); }
    }
  }
  return value;
}

// Part 0, 1 or 2: the gradient of q, k or v.
fn write_row(part: u32, plane: u32, row: u32, column: u32, value: vec4f) {
  if (row >= p.time) { return; }
  let start = qkv_start(part, plane, row);
  for (var i = 0u; i < 4u; i++) {
    if (column + i < p.head_width) { dqkv[start + column + i] = real(value[i]); }
  }
}

