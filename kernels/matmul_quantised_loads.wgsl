// The loads of matmul_blocks.wgsl for a matrix b in quantised blocks, transposed: four numbers at once.
// quantised_blocks.wgsl goes before it.

@group(0) @binding(1) var<storage, read> a: array<vec4<real>>;

// Four floats of a stored row, `width` floats wide, from a column that is a multiple of four; zero outside.
fn load_a(row: u32, column: u32, rows: u32, width: u32) -> vec4f {
  if (row >= rows || column >= width) { return vec4f(); }
  return vec4f(a[(row * width + column) / 4u]);
}

fn load_b(row: u32, column: u32, rows: u32, width: u32) -> vec4f {
  if (row >= rows || column >= width) { return vec4f(); }
  let block = block_at(row, column, width);
  return block_scale(block) * block_four(block, column % 32u);
}
