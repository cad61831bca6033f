// The gradients of attention's keys and values. Probabilities are recomputed from lse, tile by tile:
//   P = exp(q·k·scale - lse)      dP = kept·(dout·v)      dS = P·(dP - delta)·scale
//   dk[k] = Σ_{q ≥ k} dS·q        dv[k] = Σ_{q ≥ k} kept·P·dout
// Tiles and chunks are those of attention_forward.wgsl; a workgroup owns 16 keys. Invocation (x, y)
// scores query y against key x, and keeps columns 4x to 4x+3 of the gradients of key y.

struct Params {
  batch: u32, time: u32, heads: u32, head_width: u32,
  seed: u32, threshold: u32, keep_scale: f32, // dropout of probabilities; threshold 0 for none
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> dout: array<f32>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read> delta: array<f32>;
@group(0) @binding(5) var<storage, read_write> dqkv: array<f32>;

var<workgroup> left: array<vec4f, 256>; // rows of queries: q, then dout
var<workgroup> right: array<vec4f, 256>; // rows of keys: k, then v
var<workgroup> weights: array<f32, 256>; // kept·P
var<workgroup> slopes: array<f32, 256>; // dS

// pcg2d: Jarzynski and Olano, "Hash Functions for GPU Rendering" (JCGT 9(3), 2020).
fn random_bits(seed: u32, index: u32) -> u32 {
  var v = vec2u(index, seed) * 1664525u + 1013904223u;
  v.x += v.y * 1664525u;
  v.y += v.x * 1664525u;
  v ^= v >> vec2u(16u);
  v.x += v.y * 1664525u;
  v.y += v.x * 1664525u;
  v ^= v >> vec2u(16u);
  return v.x;
}

// What a probability is multiplied by: 0 if dropped, else 1/(1 - rate).
fn kept(plane: u32, query: u32, key: u32) -> f32 {
  if (p.threshold == 0u) { return 1.0; }
  let index = (plane * p.time + query) * p.time + key;
  return select(0.0, p.keep_scale, random_bits(p.seed, index) >= p.threshold);
}

// Four columns of a row of q (part 0), k (1), v (2) or dout (3) of head (b, h); zero outside.
fn load(b: u32, h: u32, part: u32, row: u32, column: u32) -> vec4f {
  let width = p.heads * p.head_width;
  let within = h * p.head_width + column;
  let at = (b * p.time + row) * 3u * width + part * width + within;
  let at_dout = (b * p.time + row) * width + within;
  var value = vec4f();
  if (row < p.time) {
    for (var i = 0u; i < 4u; i++) {
      if (column + i < p.head_width) {
        if (part == 3u) { value[i] = dout[at_dout + i]; } else { value[i] = qkv[at + i]; }
      }
    }
  }
  return value;
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let plane = group.y;
  let b = plane / p.heads;
  let h = plane % p.heads;
  let x = lane.x;
  let y = lane.y;
  let at = y * 16u + x;
  let mine = group.z * 64u + 4u * x; // first of this invocation's columns
  let chunks = (p.head_width + 63u) / 64u;
  let scale = inverseSqrt(f32(p.head_width));

  var dk = vec4f();
  var dv = vec4f();
  for (var tile = group.x; tile * 16u < p.time; tile++) {
    let query0 = tile * 16u;
    let key0 = group.x * 16u;
    let query = query0 + y;
    let key = key0 + x;
    var score = 0.0;
    var dp = 0.0;
    for (var chunk = 0u; chunk < chunks; chunk++) {
      let column = chunk * 64u + 4u * x;
      left[at] = load(b, h, 0u, query, column);
      right[at] = load(b, h, 1u, key0 + y, column);
      workgroupBarrier();
      for (var i = 0u; i < 16u; i++) { score += dot(left[y * 16u + i], right[x * 16u + i]); }
      workgroupBarrier();
      left[at] = load(b, h, 3u, query, column);
      right[at] = load(b, h, 2u, key0 + y, column);
      workgroupBarrier();
      for (var i = 0u; i < 16u; i++) { dp += dot(left[y * 16u + i], right[x * 16u + i]); }
      workgroupBarrier();
    }
    var weight = 0.0;
    var slope = 0.0;
    let keep = kept(plane, query, key);
    if (key <= query && query < p.time) {
      let row = plane * p.time + query;
      weight = exp(score * scale - lse[row]);
      slope = weight * (keep * dp - delta[row]) * scale;
    }
    weights[at] = weight * keep;
    slopes[at] = slope;
    left[at] = load(b, h, 0u, query, mine);
    right[at] = load(b, h, 3u, query, mine);
    workgroupBarrier();
    for (var i = 0u; i < 16u; i++) {
      dk += slopes[i * 16u + y] * left[i * 16u + x];
      dv += weights[i * 16u + y] * right[i * 16u + x];
    }
    workgroupBarrier();
  }

  let key = group.x * 16u + y;
  if (key < p.time) {
    let width = p.heads * p.head_width;
    let start = (b * p.time + key) * 3u * width + h * p.head_width;
    for (var i = 0u; i < 4u; i++) {
      if (mine + i < p.head_width) {
        dqkv[start + width + mine + i] = dk[i];
        dqkv[start + 2u * width + mine + i] = dv[i];
      }
    }
  }
}
