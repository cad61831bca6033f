// dgamma[c] += Σ over rows of dy·x̂. A workgroup owns 16 columns; its 16 lanes a column share the rows.

struct Params { rows: u32, width: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> stats: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dgamma: array<f32>;

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let column = group.x * 16u + lane.x;
  var sum = 0.0;
  if (column < p.width) {
    for (var r = lane.y; r < p.rows; r += 16u) {
      let i = r * p.width + column;
      sum += dy[i] * (x[i] - stats[2u * r]) * stats[2u * r + 1u];
    }
  }
  partial[lane.y * 16u + lane.x] = sum;
  workgroupBarrier();
  if (lane.y == 0u && column < p.width) {
    for (var i = 1u; i < 16u; i++) { sum += partial[i * 16u + lane.x]; }
    dgamma[column] += sum;
  }
}
