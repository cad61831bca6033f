// ReLU² (So et al., arXiv:2109.08668), y = max(u, 0)², and its slope, which is all that the backward pass needs.

/** y and slope. */
fn activated(u: f32) -> vec2f {
  let positive = select(u, 0.0, u < 0.0); // and stay NaN
  return vec2f(positive * positive, 2.0 * positive);
}
