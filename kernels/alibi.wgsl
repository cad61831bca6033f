// ALiBi (Press et al., arXiv:2108.12409): the score of a query and a key loses slope·(query - key). Slopes are
// 2^(-8/n), 2^(-16/n), ... for the first n heads, where n, in p.alibi, is the largest power of two up to H; the other
// heads have every second slope of the series for 2n heads. p.alibi is 0 for no ALiBi.
fn alibi_slope(h: u32) -> f32 {
  if (p.alibi == 0u) { return 0.0; }
  let n = f32(p.alibi);
  return exp2(-select(f32(8u * (h + 1u)), f32(4u * (2u * h + 1u) - 8u * p.alibi), h >= p.alibi) / n);
}
