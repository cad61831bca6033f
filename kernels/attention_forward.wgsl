// Causal multi-head attention that never stores the T×T matrix: an online softmax over tiles of 16
// queries and 16 keys (FlashAttention: Dao et al., arXiv:2205.14135).
//
//   out[q] = Σ_{k ≤ q} softmax_k(q·k / √D) · v[k],   lse[q] = log Σ_{k ≤ q} exp(q·k / √D)
//
// qkv is (B, T, 3C): q, k and v side by side, each (H, D). out is (B, T, C), lse (B, H, T). A workgroup
// owns 16 queries of one head and up to 64 columns of their output. Invocation (x, y) scores query y
// against key x, and keeps columns 4x to 4x+3 of query y's output. Heads wider than 64 are scored 64
// columns at a time, by one workgroup (z) for each 64 columns of output.

struct Params {
  batch: u32, time: u32, heads: u32, head_width: u32,
  seed: u32, threshold: u32, keep_scale: f32, // dropout of probabilities; threshold 0 for none
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<storage, read_write> lse: array<f32>;

const LOWEST = -3.4e38;

var<workgroup> q_tile: array<vec4f, 256>; // 16 rows of 16 vectors: 64 columns
var<workgroup> k_tile: array<vec4f, 256>;
var<workgroup> v_tile: array<vec4f, 256>;
var<workgroup> scores: array<f32, 256>;
var<workgroup> weights: array<f32, 256>;

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

// Four columns of a row of q (part 0), k (1) or v (2) of head (b, h); zero outside.
fn load(b: u32, h: u32, part: u32, row: u32, column: u32) -> vec4f {
  let width = p.heads * p.head_width;
  let at = (b * p.time + row) * 3u * width + part * width + h * p.head_width + column;
  var value = vec4f();
  if (row < p.time) {
    for (var i = 0u; i < 4u; i++) {
      if (column + i < p.head_width) { value[i] = qkv[at + i]; }
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
  let query = group.x * 16u + y;
  let mine = group.z * 64u + 4u * x; // first of this invocation's output columns
  let chunks = (p.head_width + 63u) / 64u;
  let scale = inverseSqrt(f32(p.head_width));

  var top = LOWEST;
  var sum = 0.0;
  var result = vec4f();
  for (var tile = 0u; tile <= group.x; tile++) {
    let key = tile * 16u + x;
    var score = 0.0;
    for (var chunk = 0u; chunk < chunks; chunk++) {
      let column = chunk * 64u + 4u * x;
      q_tile[at] = load(b, h, 0u, query, column);
      k_tile[at] = load(b, h, 1u, tile * 16u + y, column);
      workgroupBarrier();
      for (var i = 0u; i < 16u; i++) { score += dot(q_tile[y * 16u + i], k_tile[x * 16u + i]); }
      workgroupBarrier();
    }
    v_tile[at] = load(b, h, 2u, tile * 16u + y, mine);
    let visible = key <= query && key < p.time;
    score = select(LOWEST, score * scale, visible);
    scores[at] = score;
    workgroupBarrier();
    var new_top = top;
    for (var i = 0u; i < 16u; i++) { new_top = max(new_top, scores[y * 16u + i]); }
    weights[at] = select(0.0, exp(score - new_top), visible);
    workgroupBarrier();
    scores[at] = weights[at] * kept(plane, query, key);
    workgroupBarrier();
    let shrink = exp(top - new_top);
    sum *= shrink;
    result *= shrink;
    top = new_top;
    for (var i = 0u; i < 16u; i++) {
      sum += weights[y * 16u + i];
      result += scores[y * 16u + i] * v_tile[i * 16u + x];
    }
    workgroupBarrier();
  }

  if (query < p.time) {
    let row = (b * p.time + query) * p.heads * p.head_width + h * p.head_width;
    for (var i = 0u; i < 4u; i++) {
      if (mine + i < p.head_width) { out[row + mine + i] = result[i] / sum; }
    }
    if (mine == 0u) { lse[plane * p.time + query] = top + log(sum); }
  }
}
