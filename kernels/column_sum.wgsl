// out[c] += Σ over rows of x[r, c]: the gradient of a bias. A workgroup owns 16 columns; its 16 lanes a
// column share the rows.

struct Params { rows: u32, width: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let column = group.x * 16u + lane.x;
  var sum = 0.0;
  if (column < p.width) {
    for (var r = lane.y; r < p.rows; r += 16u) { sum += x[r * p.width + column]; }
  }
  partial[lane.y * 16u + lane.x] = sum;
  workgroupBarrier();
  if (lane.y == 0u && column < p.width) {
    for (var i = 1u; i < 16u; i++) { sum += partial[i * 16u + lane.x]; }
    out[column] += sum;
  }
}
