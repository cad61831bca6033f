// The gradient of heads_forward.wgsl's input. The gradient of a head is turned back; with x̂ = x·inverse and
// g = that gradient times gamma, the norm's is
//   dx = inverse · (g - x̂·mean(g·x̂))
// A workgroup owns a row, and takes 64 heads at a time: first each invocation finds the mean of a head.

@group(0) @binding(1) var<storage, read> qkv: array<real>; // not read without a norm
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> table: array<f32>;
@group(0) @binding(4) var<storage, read> positions: array<u32>;
@group(0) @binding(5) var<storage, read> inverses: array<f32>;
@group(0) @binding(6) var<storage, read> dy: array<real>;
@group(0) @binding(7) var<storage, read_write> dx: array<real>;

var<workgroup> means: array<f32, 64>;

// A pair of the gradient that reaches the norm, times its scale.
fn gradient(row: u32, head: u32, d: u32, position: u32) -> vec2f {
  let start = head_start(row, head);
  let half = half_width();
  var pair = vec2f(f32(dy[start + d]), 0.0);
  if (d + half < p.head_width) { pair.y = f32(dy[start + d + half]); }
  pair = turned(pair, position, d, -1.0);
  if (p.normed == 0u) { return pair; }
  let scale = select(0u, p.head_width, head >= p.heads) + d;
  pair.x *= gamma[scale];
  if (d + half < p.head_width) { pair.y *= gamma[scale + half]; }
  return pair;
}

// A pair of x̂.
fn normal(row: u32, head: u32, d: u32) -> vec2f {
  let start = head_start(row, head);
  let half = half_width();
  let inverse = inverses[row * (p.heads + p.kv_heads) + head];
  var pair = vec2f(f32(qkv[start + d]) * inverse, 0.0);
  if (d + half < p.head_width) { pair.y = f32(qkv[start + d + half]) * inverse; }
  return pair;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= p.rows) { return; }
  let heads = p.heads + p.kv_heads;
  let half = half_width();
  var position = 0u;
  if (p.rotated != 0u) { position = positions[row]; }
  for (var first = 0u; first < heads; first += 64u) {
    if (p.normed != 0u && first + lane < heads) {
      var sum = 0.0;
      for (var d = 0u; d < half; d++) {
        sum += dot(gradient(row, first + lane, d, position), normal(row, first + lane, d));
      }
      means[lane] = sum / f32(p.head_width);
    }
    workgroupBarrier();
    for (var i = lane; i < min(64u, heads - first) * half; i += 64u) {
      let head = first + i / half;
      let d = i % half;
      var g = gradient(row, head, d, position);
      if (p.normed != 0u) {
        g = inverses[row * heads + head] * (g - normal(row, head, d) * means[head - first]);
      }
      let to = head_start(row, head) + d;
      dx[to] = real(g.x);
      if (d + half < p.head_width) { dx[to + half] = real(g.y); }
    }
    workgroupBarrier();
  }
  let values = head_start(row, heads);
  for (var i = lane; i < p.kv_heads * p.head_width; i += 64u) { dx[values + i] = dy[values + i]; }
}
