// dgamma[c] += Σ over rows of dy·x̂ and dbeta[c] += Σ over rows of dy. A workgroup owns 64 columns, of which its 4
// lanes a column share the rows. Workgroups along y share the rows too, each with sums of its own, which
// norm_parts.wgsl adds up.

override SPLIT: bool = false;

@group(0) @binding(1) var<storage, read> x: array<real>;
@group(0) @binding(2) var<storage, read> stats: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<real>;
@group(0) @binding(4) var<storage, read_write> dgamma: array<f32>; // or the sums of the parts, (part, 2, width)
@group(0) @binding(5) var<storage, read_write> dbeta: array<f32>;

var<workgroup> partial: array<vec2f, 256>;

@compute @workgroup_size(64, 4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_id) lane: vec3u, @builtin(local_invocation_index) index: u32) {
  let column = group.x * 64u + lane.x;
  var sums = vec2f(); // for gamma, and for beta
  if (column < p.width) {
    for (var r = group.y * 4u + lane.y; r < p.rows; r += groups.y * 4u) {
      let i = r * p.width + column;
      let d = f32(dy[i]);
      sums += vec2f(d * (f32(x[i]) - stats[2u * r]) * stats[2u * r + 1u], d);
    }
  }
  partial[index] = sums;
  workgroupBarrier();
  if (lane.y != 0u || column >= p.width) { return; }
  sums += partial[64u + lane.x] + partial[128u + lane.x] + partial[192u + lane.x];
  if (SPLIT) {
    dgamma[2u * group.y * p.width + column] = sums.x;
    dgamma[(2u * group.y + 1u) * p.width + column] = sums.y;
  } else {
    dgamma[column] += sums.x;
    if (p.has_beta != 0u) { dbeta[column] += sums.y; }
  }
}
