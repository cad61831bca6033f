// The gradients of attention's keys and values. Probabilities are recomputed from lse, tile by tile:
//   P = exp(s - lse)      dP = kept·(dout·v)      dS = P·(dP - delta)·scale
//   dk[k] = Σ_{q ≥ k} dS·q        dv[k] = Σ_{q ≥ k} kept·P·dout
// A workgroup owns 32 keys, which meet tiles of 16 queries; attention_backward.wgsl and attention.wgsl, which follow, say who
// does what.

var<workgroup> k_tile: array<vec4f, 512>;
var<workgroup> v_tile: array<vec4f, 512>;
var<workgroup> q_tile: array<vec4f, 256>;
var<workgroup> dout_tile: array<vec4f, 256>;
var<workgroup> weights: array<vec4f, 128>; // kept·P
var<workgroup> slopes: array<vec4f, 128>; // dS

fn bring_keys(plane: u32, key0: u32, column: u32, index: u32) {
  for (var i = index; i < 512u; i += 64u) {
    let to = place(i / 16u, i % 16u);
    k_tile[to] = load(1u, plane, key0 + i / 16u, column + 4u * (i % 16u));
    v_tile[to] = load(2u, plane, key0 + i / 16u, column + 4u * (i % 16u));
  }
}

fn bring_queries(plane: u32, query0: u32, column: u32, index: u32) {
  for (var i = index; i < 256u; i += 64u) {
    let to = place(i / 16u, i % 16u);
    q_tile[to] = load(0u, plane, query0 + i / 16u, column + 4u * (i % 16u));
    dout_tile[to] = load_dout(plane, query0 + i / 16u, column + 4u * (i % 16u));
  }
}

fn four(from_lse: bool, plane: u32, queries: vec4u) -> vec4f {
  // A query beyond the last reads another's, and counts for nothing.
  let at = plane * p.time + min(queries, vec4u(p.time - 1u));
  if (from_lse) { return vec4f(lse[at.x], lse[at.y], lse[at.z], lse[at.w]); }
  return vec4f(delta[at.x], delta[at.y], delta[at.z], delta[at.w]);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let first_plane = group.y / p.kv_heads * p.heads + group.y % p.kv_heads * (p.heads / p.kv_heads);
  let sx = index % 4u;
  let sy = index / 4u;
  let ox = index % 8u;
  let oy = index / 8u;
  let mine = group.z * 64u; // first column of the results
  let chunks = (p.head_width + 63u) / 64u;
  let scale = inverseSqrt(f32(p.head_width));
  let key0 = group.x * 32u;
  let keys0 = vec4u(key0 + sy);
  let keys1 = keys0 + 16u;
  if (chunks == 1u) { bring_keys(first_plane, key0, 0u, index); }
  var dk0_left = vec4f();
  var dk0_right = vec4f();
  var dk1_left = vec4f();
  var dk1_right = vec4f();
  var dk2_left = vec4f();
  var dk2_right = vec4f();
  var dk3_left = vec4f();
  var dk3_right = vec4f();
  var dv0_left = vec4f();
  var dv0_right = vec4f();
  var dv1_left = vec4f();
  var dv1_right = vec4f();
  var dv2_left = vec4f();
  var dv2_right = vec4f();
  var dv3_left = vec4f();
  var dv3_right = vec4f();
  // Every head of queries that reads these keys.
  for (var plane = first_plane; plane < first_plane + p.heads / p.kv_heads; plane++) {
    let alibi = alibi_slope(plane % p.heads);
    for (var query0 = key0; query0 < p.time; query0 += 16u) {
      var s0 = vec4f();
      var s1 = vec4f();
      var d_s0 = vec4f();
      var d_s1 = vec4f();
      for (var chunk = 0u; chunk < chunks; chunk++) {
        if (chunks > 1u) { bring_keys(plane, key0, chunk * 64u, index); }
        bring_queries(plane, query0, chunk * 64u, index);
        workgroupBarrier();
        for (var i = 0u; i < 16u; i++) {
          let a0 = k_tile[place(sy, i)];
          let a1 = k_tile[place(sy + 16u, i)];
          let b0 = q_tile[place(sx, i)];
          let b1 = q_tile[place(sx + 4u, i)];
          let b2 = q_tile[place(sx + 8u, i)];
          let b3 = q_tile[place(sx + 12u, i)];
          s0 += vec4f(dot(a0, b0), dot(a0, b1), dot(a0, b2), dot(a0, b3));
          s1 += vec4f(dot(a1, b0), dot(a1, b1), dot(a1, b2), dot(a1, b3));
        }
        for (var i = 0u; i < 16u; i++) {
          let a0 = v_tile[place(sy, i)];
          let a1 = v_tile[place(sy + 16u, i)];
          let b0 = dout_tile[place(sx, i)];
          let b1 = dout_tile[place(sx + 4u, i)];
          let b2 = dout_tile[place(sx + 8u, i)];
          let b3 = dout_tile[place(sx + 12u, i)];
          d_s0 += vec4f(dot(a0, b0), dot(a0, b1), dot(a0, b2), dot(a0, b3));
          d_s1 += vec4f(dot(a1, b0), dot(a1, b1), dot(a1, b2), dot(a1, b3));
        }
        workgroupBarrier();
      }
      let queries = vec4u(query0 + sx) + vec4u(0u, 4u, 8u, 12u);
      let lses = four(true, plane, queries);
      let deltas = four(false, plane, queries);
      let there = queries < vec4u(p.time);
      let weight0 = select(vec4f(), exp(s0 * scale - alibi * vec4f(queries - keys0) - lses), (keys0 <= queries) & there);
      let weight1 = select(vec4f(), exp(s1 * scale - alibi * vec4f(queries - keys1) - lses), (keys1 <= queries) & there);
      let kept0 = kept4(plane, queries, keys0);
      let kept1 = kept4(plane, queries, keys1);
      weights[4u * sy + sx] = weight0 * kept0;
      weights[4u * (sy + 16u) + sx] = weight1 * kept1;
      slopes[4u * sy + sx] = weight0 * (kept0 * d_s0 - deltas) * scale;
      slopes[4u * (sy + 16u) + sx] = weight1 * (kept1 * d_s1 - deltas) * scale;
      if (chunks > 1u) { bring_queries(plane, query0, mine, index); }
      workgroupBarrier();
      for (var s = 0u; s < 4u; s++) {
        let dkw0 = slopes[(oy) * 4u + s];
        let dkw1 = slopes[(oy + 8u) * 4u + s];
        let dkw2 = slopes[(oy + 16u) * 4u + s];
        let dkw3 = slopes[(oy + 24u) * 4u + s];
        let dkleft0 = q_tile[place(s, ox)];
        let dkright0 = q_tile[place(s, ox + 8u)];
        dk0_left += dkw0.x * dkleft0;
        dk0_right += dkw0.x * dkright0;
        dk1_left += dkw1.x * dkleft0;
        dk1_right += dkw1.x * dkright0;
        dk2_left += dkw2.x * dkleft0;
        dk2_right += dkw2.x * dkright0;
        dk3_left += dkw3.x * dkleft0;
        dk3_right += dkw3.x * dkright0;
        let dkleft1 = q_tile[place(s + 4u, ox)];
        let dkright1 = q_tile[place(s + 4u, ox + 8u)];
        dk0_left += dkw0.y * dkleft1;
        dk0_right += dkw0.y * dkright1;
        dk1_left += dkw1.y * dkleft1;
        dk1_right += dkw1.y * dkright1;
        dk2_left += dkw2.y * dkleft1;
        dk2_right += dkw2.y * dkright1;
        dk3_left += dkw3.y * dkleft1;
        dk3_right += dkw3.y * dkright1;
        let dkleft2 = q_tile[place(s + 8u, ox)];
        let dkright2 = q_tile[place(s + 8u, ox + 8u)];
        dk0_left += dkw0.z * dkleft2;
        dk0_right += dkw0.z * dkright2;
        dk1_left += dkw1.z * dkleft2;
        dk1_right += dkw1.z * dkright2;
        dk2_left += dkw2.z * dkleft2;
        dk2_right += dkw2.z * dkright2;
        dk3_left += dkw3.z * dkleft2;
        dk3_right += dkw3.z * dkright2;
        let dkleft3 = q_tile[place(s + 12u, ox)];
        let dkright3 = q_tile[place(s + 12u, ox + 8u)];
        dk0_left += dkw0.w * dkleft3;
        dk0_right += dkw0.w * dkright3;
        dk1_left += dkw1.w * dkleft3;
        dk1_right += dkw1.w * dkright3;
        dk2_left += dkw2.w * dkleft3;
        dk2_right += dkw2.w * dkright3;
        dk3_left += dkw3.w * dkleft3;
        dk3_right += dkw3.w * dkright3;
        let dvw0 = weights[(oy) * 4u + s];
        let dvw1 = weights[(oy + 8u) * 4u + s];
        let dvw2 = weights[(oy + 16u) * 4u + s];
        let dvw3 = weights[(oy + 24u) * 4u + s];
        let dvleft0 = dout_tile[place(s, ox)];
        let dvright0 = dout_tile[place(s, ox + 8u)];
        dv0_left += dvw0.x * dvleft0;
        dv0_right += dvw0.x * dvright0;
        dv1_left += dvw1.x * dvleft0;
        dv1_right += dvw1.x * dvright0;
        dv2_left += dvw2.x * dvleft0;
        dv2_right += dvw2.x * dvright0;
        dv3_left += dvw3.x * dvleft0;
        dv3_right += dvw3.x * dvright0;
        let dvleft1 = dout_tile[place(s + 4u, ox)];
        let dvright1 = dout_tile[place(s + 4u, ox + 8u)];
        dv0_left += dvw0.y * dvleft1;
        dv0_right += dvw0.y * dvright1;
        dv1_left += dvw1.y * dvleft1;
        dv1_right += dvw1.y * dvright1;
        dv2_left += dvw2.y * dvleft1;
        dv2_right += dvw2.y * dvright1;
        dv3_left += dvw3.y * dvleft1;
        dv3_right += dvw3.y * dvright1;
        let dvleft2 = dout_tile[place(s + 8u, ox)];
        let dvright2 = dout_tile[place(s + 8u, ox + 8u)];
        dv0_left += dvw0.z * dvleft2;
        dv0_right += dvw0.z * dvright2;
        dv1_left += dvw1.z * dvleft2;
        dv1_right += dvw1.z * dvright2;
        dv2_left += dvw2.z * dvleft2;
        dv2_right += dvw2.z * dvright2;
        dv3_left += dvw3.z * dvleft2;
        dv3_right += dvw3.z * dvright2;
        let dvleft3 = dout_tile[place(s + 12u, ox)];
        let dvright3 = dout_tile[place(s + 12u, ox + 8u)];
        dv0_left += dvw0.w * dvleft3;
        dv0_right += dvw0.w * dvright3;
        dv1_left += dvw1.w * dvleft3;
        dv1_right += dvw1.w * dvright3;
        dv2_left += dvw2.w * dvleft3;
        dv2_right += dvw2.w * dvright3;
        dv3_left += dvw3.w * dvleft3;
        dv3_right += dvw3.w * dvright3;
      }
      workgroupBarrier();
    }
  }
  write_row(1u, first_plane, key0 + oy, mine + 4u * ox, dk0_left);
  write_row(1u, first_plane, key0 + oy, mine + 4u * ox + 32u, dk0_right);
  write_row(1u, first_plane, key0 + oy + 8u, mine + 4u * ox, dk1_left);
  write_row(1u, first_plane, key0 + oy + 8u, mine + 4u * ox + 32u, dk1_right);
  write_row(1u, first_plane, key0 + oy + 16u, mine + 4u * ox, dk2_left);
  write_row(1u, first_plane, key0 + oy + 16u, mine + 4u * ox + 32u, dk2_right);
  write_row(1u, first_plane, key0 + oy + 24u, mine + 4u * ox, dk3_left);
  write_row(1u, first_plane, key0 + oy + 24u, mine + 4u * ox + 32u, dk3_right);
  write_row(2u, first_plane, key0 + oy, mine + 4u * ox, dv0_left);
  write_row(2u, first_plane, key0 + oy, mine + 4u * ox + 32u, dv0_right);
  write_row(2u, first_plane, key0 + oy + 8u, mine + 4u * ox, dv1_left);
  write_row(2u, first_plane, key0 + oy + 8u, mine + 4u * ox + 32u, dv1_right);
  write_row(2u, first_plane, key0 + oy + 16u, mine + 4u * ox, dv2_left);
  write_row(2u, first_plane, key0 + oy + 16u, mine + 4u * ox + 32u, dv2_right);
  write_row(2u, first_plane, key0 + oy + 24u, mine + 4u * ox, dv3_left);
  write_row(2u, first_plane, key0 + oy + 24u, mine + 4u * ox + 32u, dv3_right);
}

