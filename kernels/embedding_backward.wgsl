// dweight[id, :] += Σ dout[r, :] over the rows r that looked `id` up.
//
// WGSL has no atomic float addition, and its order would vary. So the host sorts the rows by id: of the
// u-th distinct id, places[ids + u] is the id itself, and the rows that used it are
// places[places[starts + u]] up to places[places[starts + u + 1]]. One invocation owns one (id, column)
// and adds its rows in order.

@group(0) @binding(1) var<storage, read> places: array<u32>;
@group(0) @binding(2) var<storage, read> dout: array<real>;
@group(0) @binding(3) var<storage, read_write> dweight: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= p.distinct * p.width) { return; }
  let u = i / p.width;
  let column = i % p.width;
  var sum = 0.0;
  for (var at = places[p.starts + u]; at < places[p.starts + u + 1u]; at++) {
    sum += f32(dout[places[at] * p.width + column]);
  }
  dweight[places[p.ids + u] * p.width + column] += sum;
}
