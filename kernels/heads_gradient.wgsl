// The gradient of QK-norm's scales: for queries and for keys, the sum over rows and heads of the gradient that is
// turned back, times x̂. A workgroup sums p.part rows into a row of `parts`, (parts, 2, D).

@group(0) @binding(1) var<storage, read> qkv: array<real>;
@group(0) @binding(2) var<storage, read> table: array<f32>;
@group(0) @binding(3) var<storage, read> positions: array<u32>;
@group(0) @binding(4) var<storage, read> inverses: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<real>;
@group(0) @binding(6) var<storage, read_write> parts: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let part = group.y * groups.x + group.x;
  if (part * p.part >= p.rows) { return; }
  let half = half_width();
  // An invocation owns pairs of columns, first those of queries, then those of keys.
  for (var i = lane; i < 2u * half; i += 64u) {
    let keys = i / half;
    let d = i % half;
    let there = d + half < p.head_width;
    let first = select(0u, p.heads, keys == 1u);
    let end = select(p.heads, p.heads + p.kv_heads, keys == 1u);
    var sums = vec2f();
    for (var row = part * p.part; row < min(p.rows, (part + 1u) * p.part); row++) {
      var position = 0u;
      if (p.rotated != 0u) { position = positions[row]; }
      for (var head = first; head < end; head++) {
        let at = head_start(row, head) + d;
        var g = vec2f(f32(dy[at]), 0.0);
        var x = vec2f(f32(qkv[at]), 0.0);
        if (there) {
          g.y = f32(dy[at + half]);
          x.y = f32(qkv[at + half]);
        }
        sums += turned(g, position, d, -1.0) * x * inverses[row * (p.heads + p.kv_heads) + head];
      }
    }
    let to = (2u * part + keys) * p.head_width + d;
    parts[to] = sums.x;
    if (there) { parts[to + half] = sums.y; }
  }
}
