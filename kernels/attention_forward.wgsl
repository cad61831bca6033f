// Causal multi-head attention that never stores the T×T matrix: an online softmax over tiles of 32 queries and 16
// keys (FlashAttention: Dao et al., arXiv:2205.14135). attention.wgsl, which follows, says who does what.
//
//   s[q, k] = q·k / √D - slope·(q - k)   (slope is ALiBi's, or 0)
//   out[q] = Σ_{k ≤ q} softmax_k(s) · v[k],   lse[q] = log Σ_{k ≤ q} exp(s)
//
// out is (B, T, H·D), lse (B, H, T).

@group(0) @binding(2) var<storage, read_write> out: array<real>;
@group(0) @binding(3) var<storage, read_write> lse: array<f32>;

const LOWEST = -3.4e38;

var<workgroup> q_tile: array<vec4f, 512>;
var<workgroup> kv_tile: array<vec4f, 256>; // keys, then values
var<workgroup> weights: array<vec4f, 128>; // of a row, those that one invocation scored
var<workgroup> shared4: array<f32, 128>; // of a row, what its four invocations found
var<workgroup> shrinks: array<f32, 32>;

fn bring_queries(plane: u32, query0: u32, column: u32, index: u32) {
  for (var i = index; i < 512u; i += 64u) {
    q_tile[place(i / 16u, i % 16u)] = load(0u, plane, query0 + i / 16u, column + 4u * (i % 16u));
  }
}

fn bring_keys(part: u32, plane: u32, key0: u32, column: u32, index: u32) {
  for (var i = index; i < 256u; i += 64u) {
    kv_tile[place(i / 16u, i % 16u)] = load(part, plane, key0 + i / 16u, column + 4u * (i % 16u));
  }
}

fn largest(x: vec4f) -> f32 { return max(max(x.x, x.y), max(x.z, x.w)); }

fn row_of_four(row: u32) -> vec4f {
  return vec4f(shared4[4u * row], shared4[4u * row + 1u], shared4[4u * row + 2u], shared4[4u * row + 3u]);
}

fn write_row(plane: u32, row: u32, column: u32, value: vec4f) {
  if (row >= p.time) { return; }
  let start = row_start(plane, row);
  for (var i = 0u; i < 4u; i++) {
    if (column + i < p.head_width) { out[start + column + i] = real(value[i]); }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let plane = group.y;
  let sx = index % 4u;
  let sy = index / 4u;
  let ox = index % 8u;
  let oy = index / 8u;
  let mine = group.z * 64u; // first column of the results
  let chunks = (p.head_width + 63u) / 64u;
  let scale = inverseSqrt(f32(p.head_width));
  let alibi = alibi_slope(plane % p.heads);
  let query0 = group.x * 32u;
  let queries0 = vec4u(query0 + sy);
  let queries1 = queries0 + 16u;
  if (chunks == 1u) { bring_queries(plane, query0, 0u, index); }

  // Of the two rows of scores: their largest so far, and the sum of what this invocation scored.
  var top0 = LOWEST;
  var top1 = LOWEST;
  var sum0 = 0.0;
  var sum1 = 0.0;
  var r0_left = vec4f();
  var r0_right = vec4f();
  var r1_left = vec4f();
  var r1_right = vec4f();
  var r2_left = vec4f();
  var r2_right = vec4f();
  var r3_left = vec4f();
  var r3_right = vec4f();
  let end = min(query0 + 32u, p.time);
  for (var key0 = 0u; key0 < end; key0 += 16u) {
    var score0 = vec4f();
    var score1 = vec4f();
    for (var chunk = 0u; chunk < chunks; chunk++) {
      if (chunks > 1u) { bring_queries(plane, query0, chunk * 64u, index); }
      bring_keys(1u, plane, key0, chunk * 64u, index);
      workgroupBarrier();
      for (var i = 0u; i < 16u; i++) {
        let q0 = q_tile[place(sy, i)];
        let q1 = q_tile[place(sy + 16u, i)];
        let k0 = kv_tile[place(sx, i)];
        let k1 = kv_tile[place(sx + 4u, i)];
        let k2 = kv_tile[place(sx + 8u, i)];
        let k3 = kv_tile[place(sx + 12u, i)];
        score0 += vec4f(dot(q0, k0), dot(q0, k1), dot(q0, k2), dot(q0, k3));
        score1 += vec4f(dot(q1, k0), dot(q1, k1), dot(q1, k2), dot(q1, k3));
      }
      workgroupBarrier();
    }
    let keys = vec4u(key0 + sx) + vec4u(0u, 4u, 8u, 12u);
    let visible0 = keys <= queries0;
    let visible1 = keys <= queries1;
    score0 = select(vec4f(LOWEST), score0 * scale - alibi * vec4f(queries0 - keys), visible0);
    score1 = select(vec4f(LOWEST), score1 * scale - alibi * vec4f(queries1 - keys), visible1);
    shared4[4u * sy + sx] = largest(score0);
    shared4[4u * (sy + 16u) + sx] = largest(score1);
    bring_keys(2u, plane, key0, mine, index);
    workgroupBarrier();
    let new0 = max(top0, largest(row_of_four(sy)));
    let new1 = max(top1, largest(row_of_four(sy + 16u)));
    let weight0 = select(vec4f(), exp(score0 - new0), visible0);
    let weight1 = select(vec4f(), exp(score1 - new1), visible1);
    let shrink0 = exp(top0 - new0);
    let shrink1 = exp(top1 - new1);
    sum0 = sum0 * shrink0 + dot(weight0, vec4f(1.0));
    sum1 = sum1 * shrink1 + dot(weight1, vec4f(1.0));
    top0 = new0;
    top1 = new1;
    weights[4u * sy + sx] = weight0 * kept4(plane, queries0, keys);
    weights[4u * (sy + 16u) + sx] = weight1 * kept4(plane, queries1, keys);
    if (sx == 0u) {
      shrinks[sy] = shrink0;
      shrinks[sy + 16u] = shrink1;
    }
    workgroupBarrier();
    r0_left *= shrinks[oy];
    r0_right *= shrinks[oy];
    r1_left *= shrinks[oy + 8u];
    r1_right *= shrinks[oy + 8u];
    r2_left *= shrinks[oy + 16u];
    r2_right *= shrinks[oy + 16u];
    r3_left *= shrinks[oy + 24u];
    r3_right *= shrinks[oy + 24u];
    for (var s = 0u; s < 4u; s++) {
      let rw0 = weights[(oy) * 4u + s];
      let rw1 = weights[(oy + 8u) * 4u + s];
      let rw2 = weights[(oy + 16u) * 4u + s];
      let rw3 = weights[(oy + 24u) * 4u + s];
      let rleft0 = kv_tile[place(s, ox)];
      let rright0 = kv_tile[place(s, ox + 8u)];
      r0_left += rw0.x * rleft0;
      r0_right += rw0.x * rright0;
      r1_left += rw1.x * rleft0;
      r1_right += rw1.x * rright0;
      r2_left += rw2.x * rleft0;
      r2_right += rw2.x * rright0;
      r3_left += rw3.x * rleft0;
      r3_right += rw3.x * rright0;
      let rleft1 = kv_tile[place(s + 4u, ox)];
      let rright1 = kv_tile[place(s + 4u, ox + 8u)];
      r0_left += rw0.y * rleft1;
      r0_right += rw0.y * rright1;
      r1_left += rw1.y * rleft1;
      r1_right += rw1.y * rright1;
      r2_left += rw2.y * rleft1;
      r2_right += rw2.y * rright1;
      r3_left += rw3.y * rleft1;
      r3_right += rw3.y * rright1;
      let rleft2 = kv_tile[place(s + 8u, ox)];
      let rright2 = kv_tile[place(s + 8u, ox + 8u)];
      r0_left += rw0.z * rleft2;
      r0_right += rw0.z * rright2;
      r1_left += rw1.z * rleft2;
      r1_right += rw1.z * rright2;
      r2_left += rw2.z * rleft2;
      r2_right += rw2.z * rright2;
      r3_left += rw3.z * rleft2;
      r3_right += rw3.z * rright2;
      let rleft3 = kv_tile[place(s + 12u, ox)];
      let rright3 = kv_tile[place(s + 12u, ox + 8u)];
      r0_left += rw0.w * rleft3;
      r0_right += rw0.w * rright3;
      r1_left += rw1.w * rleft3;
      r1_right += rw1.w * rright3;
      r2_left += rw2.w * rleft3;
      r2_right += rw2.w * rright3;
      r3_left += rw3.w * rleft3;
      r3_right += rw3.w * rright3;
    }
    workgroupBarrier();
  }

  shared4[4u * sy + sx] = sum0;
  shared4[4u * (sy + 16u) + sx] = sum1;
  workgroupBarrier();
  if (sx == 0u && mine == 0u) {
    if (queries0.x < p.time) { lse[plane * p.time + queries0.x] = top0 + log(dot(row_of_four(sy), vec4f(1.0))); }
    if (queries1.x < p.time) {
      lse[plane * p.time + queries1.x] = top1 + log(dot(row_of_four(sy + 16u), vec4f(1.0)));
    }
  }
  let total0 = dot(row_of_four(oy), vec4f(1.0));
  write_row(plane, query0 + oy, mine + 4u * ox, r0_left / total0);
  write_row(plane, query0 + oy, mine + 4u * ox + 32u, r0_right / total0);
  let total1 = dot(row_of_four(oy + 8u), vec4f(1.0));
  write_row(plane, query0 + oy + 8u, mine + 4u * ox, r1_left / total1);
  write_row(plane, query0 + oy + 8u, mine + 4u * ox + 32u, r1_right / total1);
  let total2 = dot(row_of_four(oy + 16u), vec4f(1.0));
  write_row(plane, query0 + oy + 16u, mine + 4u * ox, r2_left / total2);
  write_row(plane, query0 + oy + 16u, mine + 4u * ox + 32u, r2_right / total2);
  let total3 = dot(row_of_four(oy + 24u), vec4f(1.0));
  write_row(plane, query0 + oy + 24u, mine + 4u * ox, r3_left / total3);
  write_row(plane, query0 + oy + 24u, mine + 4u * ox + 32u, r3_right / total3);
}

