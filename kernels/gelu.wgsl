// GELU in its tanh form (Hendrycks and Gimpel, arXiv:1606.08415) and its slope, which is all that the backward pass
// needs:
//   y = u/2 · (1 + t)      t = tanh(√(2/π) · (u + 0.044715·u³))
//   slope = (1 + t)/2 + u/2 · (1 - t²) · √(2/π)·(1 + 3·0.044715·u²)

const SQRT_2_OVER_PI = 0.7978845608028654;

/** y and slope. */
fn activated(u: f32) -> vec2f {
  // Some GPUs compute tanh by exp, which overflows; tanh(±15) is ±1 in f32 already.
  let t = tanh(clamp(SQRT_2_OVER_PI * (u + 0.044715 * u * u * u), -15.0, 15.0));
  // Far from 0 it is multiplied by what rounding leaves of 1 - t², so it must not grow there.
  let near = select(u, sign(u) * 5.5, abs(u) > 5.5); // and stay NaN
  let bend = SQRT_2_OVER_PI * (near + 3.0 * 0.044715 * near * near * near);
  return vec2f(0.5 * u * (1.0 + t), 0.5 * (1.0 + t) + 0.5 * (1.0 - t * t) * bend);
}
