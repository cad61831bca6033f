// The gradient of attention's queries. Probabilities are recomputed from lse, tile by tile:
//   P = exp(s - lse)      dP = kept·(dout·v)      dS = P·(dP - delta)·scale
//   dq[q] = Σ_{k ≤ q} dS·k
// where delta[q] = Σ dout·out is the mean that the softmax's backward subtracts (arXiv:2205.14135, appendix B: it
// needs no row of the T×T matrix).
// A workgroup owns 32 queries; attention_backward.wgsl and attention.wgsl, which follow, say who
// does what.

var<workgroup> q_tile: array<vec4f, 512>;
var<workgroup> dout_tile: array<vec4f, 512>;
var<workgroup> k_tile: array<vec4f, 256>;
var<workgroup> v_tile: array<vec4f, 256>;
var<workgroup> slopes: array<vec4f, 128>; // dS
var<workgroup> half_deltas: array<f32, 64>; // two of each query

fn bring_queries(plane: u32, query0: u32, column: u32, index: u32) {
  for (var i = index; i < 512u; i += 64u) {
    let to = place(i / 16u, i % 16u);
    q_tile[to] = load(0u, plane, query0 + i / 16u, column + 4u * (i % 16u));
    dout_tile[to] = load_dout(plane, query0 + i / 16u, column + 4u * (i % 16u));
  }
}

fn bring_keys(plane: u32, key0: u32, column: u32, index: u32) {
  for (var i = index; i < 256u; i += 64u) {
    let to = place(i / 16u, i % 16u);
    k_tile[to] = load(1u, plane, key0 + i / 16u, column + 4u * (i % 16u));
    v_tile[to] = load(2u, plane, key0 + i / 16u, column + 4u * (i % 16u));
  }
}

// Every second product of a row of out and of dout.
fn half_delta(plane: u32, row: u32, half: u32) -> f32 {
  let start = row_start(plane, min(row, p.time - 1u));
  var sum = 0.0;
  for (var d = half; d < p.head_width; d += 2u) { sum += f32(out[start + d]) * f32(dout[start + d]); }
  return sum;
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
  // A query beyond the last reads another's, and writes nothing.
  let at0 = plane * p.time + min(queries0.x, p.time - 1u);
  let at1 = plane * p.time + min(queries1.x, p.time - 1u);
  let lse0 = lse[at0];
  let lse1 = lse[at1];
  half_deltas[index] = half_delta(plane, query0 + index / 2u, index % 2u);
  workgroupBarrier();
  let delta0 = half_deltas[2u * sy] + half_deltas[2u * sy + 1u];
  let delta1 = half_deltas[2u * (sy + 16u)] + half_deltas[2u * (sy + 16u) + 1u];
  if (sx == 0u && mine == 0u) {
    if (queries0.x < p.time) { delta[at0] = delta0; }
    if (queries1.x < p.time) { delta[at1] = delta1; }
  }
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
    var s0 = vec4f();
    var s1 = vec4f();
    var d_s0 = vec4f();
    var d_s1 = vec4f();
    for (var chunk = 0u; chunk < chunks; chunk++) {
      if (chunks > 1u) { bring_queries(plane, query0, chunk * 64u, index); }
      bring_keys(plane, key0, chunk * 64u, index);
      workgroupBarrier();
      for (var i = 0u; i < 16u; i++) {
        let a0 = q_tile[place(sy, i)];
        let a1 = q_tile[place(sy + 16u, i)];
        let b0 = k_tile[place(sx, i)];
        let b1 = k_tile[place(sx + 4u, i)];
        let b2 = k_tile[place(sx + 8u, i)];
        let b3 = k_tile[place(sx + 12u, i)];
        s0 += vec4f(dot(a0, b0), dot(a0, b1), dot(a0, b2), dot(a0, b3));
        s1 += vec4f(dot(a1, b0), dot(a1, b1), dot(a1, b2), dot(a1, b3));
      }
      for (var i = 0u; i < 16u; i++) {
        let a0 = dout_tile[place(sy, i)];
        let a1 = dout_tile[place(sy + 16u, i)];
        let b0 = v_tile[place(sx, i)];
        let b1 = v_tile[place(sx + 4u, i)];
        let b2 = v_tile[place(sx + 8u, i)];
        let b3 = v_tile[place(sx + 12u, i)];
        d_s0 += vec4f(dot(a0, b0), dot(a0, b1), dot(a0, b2), dot(a0, b3));
        d_s1 += vec4f(dot(a1, b0), dot(a1, b1), dot(a1, b2), dot(a1, b3));
      }
      workgroupBarrier();
    }
    let keys = vec4u(key0 + sx) + vec4u(0u, 4u, 8u, 12u);
    let weight0 = select(vec4f(), exp(s0 * scale - alibi * vec4f(queries0 - keys) - lse0), keys <= queries0);
    let weight1 = select(vec4f(), exp(s1 * scale - alibi * vec4f(queries1 - keys) - lse1), keys <= queries1);
    slopes[4u * sy + sx] = weight0 * (kept4(plane, queries0, keys) * d_s0 - delta0) * scale;
    slopes[4u * (sy + 16u) + sx] = weight1 * (kept4(plane, queries1, keys) * d_s1 - delta1) * scale;
    if (chunks > 1u) { bring_keys(plane, key0, mine, index); }
    workgroupBarrier();
    for (var s = 0u; s < 4u; s++) {
      let rw0 = slopes[(oy) * 4u + s];
      let rw1 = slopes[(oy + 8u) * 4u + s];
      let rw2 = slopes[(oy + 16u) * 4u + s];
      let rw3 = slopes[(oy + 24u) * 4u + s];
      let rleft0 = k_tile[place(s, ox)];
      let rright0 = k_tile[place(s, ox + 8u)];
      r0_left += rw0.x * rleft0;
      r0_right += rw0.x * rright0;
      r1_left += rw1.x * rleft0;
      r1_right += rw1.x * rright0;
      r2_left += rw2.x * rleft0;
      r2_right += rw2.x * rright0;
      r3_left += rw3.x * rleft0;
      r3_right += rw3.x * rright0;
      let rleft1 = k_tile[place(s + 4u, ox)];
      let rright1 = k_tile[place(s + 4u, ox + 8u)];
      r0_left += rw0.y * rleft1;
      r0_right += rw0.y * rright1;
      r1_left += rw1.y * rleft1;
      r1_right += rw1.y * rright1;
      r2_left += rw2.y * rleft1;
      r2_right += rw2.y * rright1;
      r3_left += rw3.y * rleft1;
      r3_right += rw3.y * rright1;
      let rleft2 = k_tile[place(s + 8u, ox)];
      let rright2 = k_tile[place(s + 8u, ox + 8u)];
      r0_left += rw0.z * rleft2;
      r0_right += rw0.z * rright2;
      r1_left += rw1.z * rleft2;
      r1_right += rw1.z * rright2;
      r2_left += rw2.z * rleft2;
      r2_right += rw2.z * rright2;
      r3_left += rw3.z * rleft2;
      r3_right += rw3.z * rright2;
      let rleft3 = k_tile[place(s + 12u, ox)];
      let rright3 = k_tile[place(s + 12u, ox + 8u)];
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
  write_row(0u, plane, query0 + oy, mine + 4u * ox, r0_left);
  write_row(0u, plane, query0 + oy, mine + 4u * ox + 32u, r0_right);
  write_row(0u, plane, query0 + oy + 8u, mine + 4u * ox, r1_left);
  write_row(0u, plane, query0 + oy + 8u, mine + 4u * ox + 32u, r1_right);
  write_row(0u, plane, query0 + oy + 16u, mine + 4u * ox, r2_left);
  write_row(0u, plane, query0 + oy + 16u, mine + 4u * ox + 32u, r2_right);
  write_row(0u, plane, query0 + oy + 24u, mine + 4u * ox, r3_left);
  write_row(0u, plane, query0 + oy + 24u, mine + 4u * ox + 32u, r3_right);
}

