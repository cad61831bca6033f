// Copies the keys and values of new positions to their place in the caches. slots is (B, 2): a sequence's
// row of the caches and the positions that are there. qkv is (B, T, stride), of which the last 2·width columns are keys
// and values; the caches are (rows, capacity, width).

@group(0) @binding(1) var<storage, read> slots: array<vec2u>;
@group(0) @binding(2) var<storage, read> qkv: array<f32>;
@group(0) @binding(3) var<storage, read_write> keys: array<f32>;
@group(0) @binding(4) var<storage, read_write> values: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= p.batch * p.time * p.width) { return; }
  let row = i / p.width;
  let column = i % p.width;
  let slot = slots[row / p.time];
  let to = (slot.x * p.capacity + slot.y + row % p.time) * p.width + column;
  let source = (row + 1u) * p.stride - 2u * p.width + column;
  keys[to] = qkv[source];
  values[to] = qkv[source + p.width];
}
