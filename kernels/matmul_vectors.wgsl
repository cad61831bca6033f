// The loads of matmul_blocks.wgsl where every stored row is a multiple of four floats: by vectors.

@group(0) @binding(1) var<storage, read> a: array<vec4<real>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<real>>;

// Four floats of a stored row, `width` floats wide, from a column that is a multiple of four; zero outside.
fn load_a(row: u32, column: u32, rows: u32, width: u32) -> vec4f {
  if (row >= rows || column >= width) { return vec4f(); }
  return vec4f(a[(row * width + column) / 4u]);
}

fn load_b(row: u32, column: u32, rows: u32, width: u32) -> vec4f {
  if (row >= rows || column >= width) { return vec4f(); }
  return vec4f(b[(row * width + column) / 4u]);
}

