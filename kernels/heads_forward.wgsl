// QK-norm and RoPE of every head of queries and keys; values are copied. A workgroup owns a row of qkv,
// (rows, (H + 2G)·D). With n = x / √(mean of x² + epsilon) · gamma, a head's result is n, turned by its position's
// angles; inverses, (rows, H + G), keeps 1 / the root.

@group(0) @binding(1) var<storage, read> qkv: array<real>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>; // (2, D): of queries, of keys
@group(0) @binding(3) var<storage, read> table: array<f32>;
@group(0) @binding(4) var<storage, read> positions: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<real>;
@group(0) @binding(6) var<storage, read_write> inverses: array<f32>;

// A column of a head after its norm.
fn normal(row: u32, head: u32, d: u32) -> f32 {
  if (d >= p.head_width) { return 0.0; }
  let x = f32(qkv[head_start(row, head) + d]);
  if (p.normed == 0u) { return x; }
  let scale = gamma[select(0u, p.head_width, head >= p.heads) + d];
  return x * inverses[row * (p.heads + p.kv_heads) + head] * scale;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= p.rows) { return; }
  let heads = p.heads + p.kv_heads;
  if (p.normed != 0u) {
    for (var head = lane; head < heads; head += 64u) {
      let start = head_start(row, head);
      var squares = 0.0;
      for (var d = 0u; d < p.head_width; d++) { squares += f32(qkv[start + d]) * f32(qkv[start + d]); }
      inverses[row * heads + head] = inverseSqrt(squares / f32(p.head_width) + p.epsilon);
    }
    storageBarrier();
  }
  let half = half_width();
  var position = 0u;
  if (p.rotated != 0u) { position = positions[row]; }
  for (var i = lane; i < heads * half; i += 64u) {
    let head = i / half;
    let d = i % half;
    let y = turned(vec2f(normal(row, head, d), normal(row, head, d + half)), position, d, 1.0);
    let to = head_start(row, head) + d;
    out[to] = real(y.x);
    if (d + half < p.head_width) { out[to + half] = real(y.y); }
  }
  let values = head_start(row, heads);
  for (var i = lane; i < p.kv_heads * p.head_width; i += 64u) { out[values + i] = qkv[values + i]; }
}
