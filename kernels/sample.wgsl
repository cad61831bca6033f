// Draws the next token of each row of logits (rows, vocab), a workgroup a row. settings has four numbers for each row
// of each step: temperature, top-k, top-p and a draw in [0, 1). The token goes to next, where the next step's embedding
// reads it, and to chosen (steps, rows), as a number: NONE where a logit is not finite.
//
// Cuts are found without sorting: the k-th highest logit, and the lowest one of the nucleus, are built bit by bit from
// the top, each bit by counting, or adding up the weights of, the logits that are not below.

@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> settings: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> next: array<u32>;
@group(0) @binding(4) var<storage, read_write> chosen: array<f32>;

override NONE: f32;
const LANES = 256u;
const LOWEST = -3.4e38;

var<workgroup> shares: array<f32, 256>;
var<workgroup> counts: array<u32, 256>;
var<workgroup> owner: u32;

// A number whose order as an unsigned integer is that of x, and the number that it is of.
fn key_of(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(bits | 0x80000000u, ~bits, bits >> 31u == 1u);
}
fn value_of(key: u32) -> f32 { return bitcast<f32>(select(key & 0x7fffffffu, ~key, key >> 31u == 0u)); }

fn sum_of(lane: u32, mine: f32) -> f32 {
  shares[lane] = mine;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) { shares[lane] += shares[lane + half]; }
    workgroupBarrier();
  }
  let sum = shares[0];
  workgroupBarrier();
  return sum;
}

fn count_of(lane: u32, mine: u32) -> u32 {
  counts[lane] = mine;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) { counts[lane] += counts[lane + half]; }
    workgroupBarrier();
  }
  let count = counts[0];
  workgroupBarrier();
  return count;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let start = row * p.vocab;
  let setting = settings[p.step * p.rows + row];
  let greedy = setting.x == 0.0;
  let sharpness = 1.0 / select(setting.x, 1.0, greedy);
  let k = u32(setting.y);
  let top_p = setting.z;

  var top = LOWEST;
  var broken = 0u;
  for (var id = lane; id < p.vocab; id += LANES) {
    let logit = logits[start + id];
    if ((bitcast<u32>(logit) & 0x7f800000u) == 0x7f800000u) { broken = 1u; }
    top = max(top, logit);
  }
  broken = count_of(lane, broken);
  shares[lane] = top;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) { shares[lane] = max(shares[lane], shares[lane + half]); }
    workgroupBarrier();
  }
  top = shares[0];
  workgroupBarrier();

  // The key of the lowest logit that is kept, and how many of those that have just this one, the first ones.
  var threshold = select(0u, key_of(top), greedy);
  var ties = select(p.vocab, 1u, greedy);
  if (!greedy && k > 0u && k < p.vocab) {
    for (var bit = 0x80000000u; bit > 0u; bit /= 2u) {
      let candidate = threshold | bit;
      var among = 0u;
      for (var id = lane; id < p.vocab; id += LANES) {
        among += select(0u, 1u, key_of(logits[start + id]) >= candidate);
      }
      if (count_of(lane, among) >= k) { threshold = candidate; }
    }
    var higher = 0u;
    for (var id = lane; id < p.vocab; id += LANES) {
      higher += select(0u, 1u, key_of(logits[start + id]) > threshold);
    }
    ties = k - count_of(lane, higher);
  }
  if (!greedy && top_p < 1.0) {
    // Of the weights that top-k has left: those above its threshold, and of `equal` ones there `tied` together.
    var mine = 0.0;
    var equal = 0u;
    for (var id = lane; id < p.vocab; id += LANES) {
      let logit = logits[start + id];
      let key = key_of(logit);
      if (key > threshold) { mine += exp((logit - top) * sharpness); }
      if (key == threshold) { equal += 1u; }
    }
    equal = min(ties, count_of(lane, equal));
    let higher = sum_of(lane, mine);
    let tied = select(0.0, f32(equal) * exp((value_of(threshold) - top) * sharpness), equal > 0u);
    let needed = top_p * (higher + tied);
    var nucleus = 0u;
    for (var bit = 0x80000000u; bit > 0u; bit /= 2u) {
      let candidate = nucleus | bit;
      mine = 0.0;
      for (var id = lane; id < p.vocab; id += LANES) {
        let logit = logits[start + id];
        let key = key_of(logit);
        if (key >= candidate && key > threshold) { mine += exp((logit - top) * sharpness); }
      }
      let reached = sum_of(lane, mine) + select(0.0, tied, threshold >= candidate);
      if (reached >= needed) { nucleus = candidate; }
    }
    nucleus = clamp(nucleus, threshold, key_of(top));
    mine = 0.0;
    for (var id = lane; id < p.vocab; id += LANES) {
      let logit = logits[start + id];
      if (key_of(logit) > nucleus) { mine += exp((logit - top) * sharpness); }
    }
    let left = max(0.0, needed - sum_of(lane, mine));
    let fewest = max(1u, u32(ceil(left / exp((value_of(nucleus) - top) * sharpness))));
    ties = select(fewest, min(ties, fewest), nucleus == threshold);
    threshold = nucleus;
  }

  // Each invocation has a run of ids. The first one finds the run that the draw falls into, whose owner walks it.
  let run = (p.vocab + LANES - 1u) / LANES;
  let first = lane * run;
  let end = min(first + run, p.vocab);
  var equal = 0u;
  for (var id = first; id < end; id++) { equal += select(0u, 1u, key_of(logits[start + id]) == threshold); }
  counts[lane] = equal;
  workgroupBarrier();
  var before = 0u;
  for (var other = 0u; other < lane; other++) { before += counts[other]; }
  var mine = 0.0;
  var met = before;
  for (var id = first; id < end; id++) {
    let logit = logits[start + id];
    let key = key_of(logit);
    if (key > threshold || (key == threshold && met < ties)) { mine += exp((logit - top) * sharpness); }
    if (key == threshold) { met += 1u; }
  }
  shares[lane] = mine;
  workgroupBarrier();
  if (lane == 0u) {
    var total = 0.0;
    for (var other = 0u; other < LANES; other++) { total += shares[other]; }
    var rest = setting.w * total;
    for (var other = 0u; other < LANES; other++) {
      let share = shares[other];
      if (share == 0.0) { continue; }
      owner = other;
      if (rest < share) { break; }
      rest -= share;
    }
    shares[0] = rest;
  }
  workgroupBarrier();
  if (lane == owner) {
    var rest = shares[0];
    var token = first;
    met = before;
    for (var id = first; id < end; id++) {
      let logit = logits[start + id];
      let key = key_of(logit);
      let kept = key > threshold || (key == threshold && met < ties);
      if (key == threshold) { met += 1u; }
      let weight = select(0.0, exp((logit - top) * sharpness), kept);
      if (weight == 0.0) { continue; }
      token = id;
      rest -= weight;
      if (rest < 0.0) { break; }
    }
    next[row] = token;
    chosen[p.step * p.rows + row] = select(f32(token), NONE, broken > 0u);
  }
}
