// Per row of logits: lse = log Σ exp(logit), by an online softmax (Milakov and Gimelshein,
// arXiv:1805.02867), and loss = weight · (lse - logit[target]). A target of 0xffffffff carries no loss.
// One workgroup a row.

@group(0) @binding(1) var<storage, read> logits: array<real>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>; // one a row, if weighted
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;
@group(0) @binding(5) var<storage, read_write> lses: array<f32>;

override IGNORED: u32; // the target of a position that carries no loss
const LOWEST = -3.4e38;

var<workgroup> partial: array<vec2f, 64>; // (maximum, sum of exp(logit - maximum))

fn merge(a: vec2f, b: vec2f) -> vec2f {
  let top = max(a.x, b.x);
  return vec2f(top, a.y * exp(a.x - top) + b.y * exp(b.x - top));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= p.rows) { return; }
  let start = row * p.classes;
  var mine = vec2f(LOWEST, 0.0);
  for (var c = lane; c < p.classes; c += 64u) { mine = merge(mine, vec2f(f32(logits[start + c]), 1.0)); }
  partial[lane] = mine;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] = merge(partial[lane], partial[lane + half]); }
    workgroupBarrier();
  }
  if (lane == 0u) {
    let lse = partial[0].x + log(partial[0].y);
    lses[row] = lse;
    let target_class = targets[row];
    losses[row] = 0.0;
    if (target_class != IGNORED) { losses[row] = lse - f32(logits[start + target_class]); }
    if (p.weighted != 0u) { losses[row] *= weights[row]; }
  }
}
