// The loads of matmul_blocks.wgsl where a stored row is no multiple of four floats, as those of GPT-2's 50,257
// logits: one by one.

@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;

// Four floats of a stored row, `width` floats wide; zero outside.
fn load_a(row: u32, column: u32, rows: u32, width: u32) -> vec4f {
  var value = vec4f();
  if (row >= rows) { return value; }
  let at = row * width + column;
  if (column < width) { value.x = a[at]; }
  if (column + 1u < width) { value.y = a[at + 1u]; }
  if (column + 2u < width) { value.z = a[at + 2u]; }
  if (column + 3u < width) { value.w = a[at + 3u]; }
  return value;
}

fn load_b(row: u32, column: u32, rows: u32, width: u32) -> vec4f {
  var value = vec4f();
  if (row >= rows) { return value; }
  let at = row * width + column;
  if (column < width) { value.x = b[at]; }
  if (column + 1u < width) { value.y = b[at + 1u]; }
  if (column + 2u < width) { value.z = b[at + 2u]; }
  if (column + 3u < width) { value.w = b[at + 3u]; }
  return value;
}

