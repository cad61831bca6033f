// Attention of new positions over a cache that holds the keys and values of all positions so far, the new
// ones included. slots is (B, 2): a sequence's row of the caches, and the number of its earlier positions,
// past; query t of T sees keys 0 to past + t. qkv is (B, T, (H + 2G)·D), of which the queries are used; the caches
// are (rows, capacity, G·D); out is (B, T, H·D). alibi.wgsl follows.
//
// A workgroup owns one query of one head and walks its keys 64 at a time with an online softmax: an
// invocation scores one key of the 64, then gathers its share of the output's columns.

@group(0) @binding(1) var<storage, read> slots: array<vec2u>;
@group(0) @binding(2) var<storage, read> qkv: array<f32>;
@group(0) @binding(3) var<storage, read> keys: array<f32>;
@group(0) @binding(4) var<storage, read> values: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

const LOWEST = -3.4e38;

var<workgroup> weights: array<f32, 64>;
var<workgroup> scratch: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let t = group.x;
  let b = group.y / p.heads;
  let h = group.y % p.heads;
  let width = p.kv_heads * p.head_width; // of a row of the caches
  let query = ((b * p.time + t) * (p.heads + 2u * p.kv_heads) + h) * p.head_width;
  let cache = slots[b].x * p.capacity * width + h / (p.heads / p.kv_heads) * p.head_width;
  let to = ((b * p.time + t) * p.heads + h) * p.head_width;
  let seen = slots[b].y + t + 1u;
  let scale = inverseSqrt(f32(p.head_width));
  let alibi = alibi_slope(h);

  var top = LOWEST;
  var sum = 0.0;
  for (var first = 0u; first < seen; first += 64u) {
    let key = first + lane;
    var score = LOWEST;
    if (key < seen) {
      score = 0.0;
      for (var d = 0u; d < p.head_width; d++) { score += qkv[query + d] * keys[cache + key * width + d]; }
      score = score * scale - alibi * f32(seen - 1u - key);
    }
    scratch[lane] = score;
    workgroupBarrier();
    var new_top = top;
    for (var i = 0u; i < 64u; i++) { new_top = max(new_top, scratch[i]); }
    weights[lane] = select(0.0, exp(score - new_top), key < seen);
    workgroupBarrier();
    let shrink = exp(top - new_top);
    sum *= shrink;
    for (var i = 0u; i < 64u; i++) { sum += weights[i]; }
    // Columns lane, lane + 64, ... belong to this invocation alone, so out itself holds the running sums.
    for (var d = lane; d < p.head_width; d += 64u) {
      var result = select(out[to + d] * shrink, 0.0, first == 0u);
      for (var i = 0u; i < min(64u, seen - first); i++) {
        result += weights[i] * values[cache + (first + i) * width + d];
      }
      out[to + d] = result;
    }
    top = new_top;
    workgroupBarrier();
  }
  for (var d = lane; d < p.head_width; d += 64u) { out[to + d] /= sum; }
}
