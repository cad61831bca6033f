// The end of a product with quantised weights: y = f(sum + bias), where f is nothing, GELU in its tanh form, or ReLU²;
// gelu.wgsl and relu2.wgsl say more.

@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<real>;

fn finish(row: u32, column: u32, sum: f32, part: u32) {
  var u = sum;
  if (p.has_bias != 0u) { u += bias[column]; }
  if (p.activation == 1u) {
    u *= 0.5 + 0.5 * tanh(clamp(0.7978845608028654 * (u + 0.044715 * u * u * u), -15.0, 15.0));
  } else if (p.activation == 2u) {
    u = select(u, 0.0, u < 0.0); // and stay NaN
    u *= u;
  }
  y[row * p.n + column] = real(u);
}
