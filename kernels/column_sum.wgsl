// out[c] += Σ over rows of x[r, c]: the gradient of a bias. A workgroup owns 64 columns, of which its 4 lanes a
// column share the rows. Workgroups along y share the rows too, each with sums of its own, which
// column_parts.wgsl adds up.

override SPLIT: bool = false;

alias real = f32; // or f16, with mixed precision

struct Params { rows: u32, width: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<real>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(64, 4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_id) lane: vec3u, @builtin(local_invocation_index) index: u32) {
  let column = group.x * 64u + lane.x;
  var sum = 0.0;
  if (column < p.width) {
    for (var r = group.y * 4u + lane.y; r < p.rows; r += groups.y * 4u) { sum += f32(x[r * p.width + column]); }
  }
  partial[index] = sum;
  workgroupBarrier();
  if (lane.y == 0u && column < p.width) {
    sum += partial[64u + lane.x] + partial[128u + lane.x] + partial[192u + lane.x];
    if (SPLIT) { out[group.y * p.width + column] = sum; } else { out[column] += sum; }
  }
}
