// out[r, :] = weight[ids[r], :], whose rows are quantised blocks. quantised_blocks.wgsl goes before it. An invocation
// brings four numbers.

@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<real>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= p.rows * p.width / 4u) { return; }
  let row = i / (p.width / 4u);
  let column = i % (p.width / 4u) * 4u;
  let block = block_at(ids[row], column, p.width);
  out[i] = vec4<real>(block_scale(block) * block_four(block, column % 32u));
}
