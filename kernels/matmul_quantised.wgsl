// y = f(x·bᵀ + bias) for few rows of x, where b is n rows in quantised blocks. quantised_blocks.wgsl goes before it,
// quantised_end.wgsl follows.
//
// A workgroup computes eight columns of four rows of y. Of each column eight invocations take a block in turns, so that
// neighbours read neighbouring blocks, and use what they read for all four rows.

@group(0) @binding(1) var<storage, read> x: array<vec4<real>>;

var<workgroup> sums: array<vec4f, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let column = group.x * 8u + lane / 8u;
  let row = group.y * 4u;
  let rows = min(4u, p.m - row);
  var sum = vec4f();
  if (column < p.n) {
    for (var k = lane % 8u * 32u; k < p.k; k += 256u) {
      let block = block_at(column, k, p.k);
      var part = vec4f();
      for (var i = 0u; i < 32u; i += 4u) {
        let four = block_four(block, i);
        for (var r = 0u; r < rows; r++) { part[r] += dot(four, vec4f(x[((row + r) * p.k + k + i) / 4u])); }
      }
      sum += block_scale(block) * part;
    }
  }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane % 8u != 0u || column >= p.n) { return; }
  for (var i = 1u; i < 8u; i++) { sum += sums[lane + i]; }
  for (var r = 0u; r < rows; r++) { finish(row + r, column, sum[r], 0u); }
}
