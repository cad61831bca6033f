// The loads of matmul_blocks.wgsl where a stored row is no multiple of four floats, as those of GPT-2's 50,257
// logits: one by one.

@group(0) @binding(1) var<storage, read> a: array<real>;
@group(0) @binding(2) var<storage, read> b: array<real>;

// Four floats of a stored row, `width` floats wide; zero outside.
fn load_a(row: u32, column: u32, rows: u32, width: u32) -> vec4f {
  var value = vec4f();
  if (row >= rows) { return value; }
  let at = row * width + column;
  if (column < width) { value.x = f32(a[at]); }
  if (column + 1u < width) { value.y = f32(a[at + 1u]); }
  if (column + 2u < width) { value.z = f32(a[at + 2u]); }
  if (column + 3u < width) { value.w = f32(a[at + 3u]); }
  return value;
}

fn load_b(row: u32, column: u32, rows: u32, width: u32) -> vec4f {
  var value = vec4f();
  if (row >= rows) { return value; }
  let at = row * width + column;
  if (column < width) { value.x = f32(b[at]); }
  if (column + 1u < width) { value.y = f32(b[at + 1u]); }
  if (column + 2u < width) { value.z = f32(b[at + 2u]); }
  if (column + 3u < width) { value.w = f32(b[at + 3u]); }
  return value;
}

