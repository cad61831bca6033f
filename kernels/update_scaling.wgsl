// What scales an update with mixed precision, from the norm of its gradients. If that is not finite, the loss scale
// was too large: it is halved, and the update, which changes nothing, does not count (scaling.wgsl has the struct).
// After p.patience steps without that it is doubled, up to p.highest.

@group(0) @binding(1) var<storage, read> squared_norm: array<f32>;
@group(0) @binding(2) var<storage, read_write> scaling: Scaling;

@compute @workgroup_size(1)
fn main() {
  let scale = scaling.next;
  scaling.current = scale;
  if (!(sqrt(squared_norm[0]) / scale < 3.0e38)) {
    scaling.next = max(1.0, scale / 2.0);
    scaling.sound = 0.0;
    return;
  }
  scaling.correction1 = p.beta1 * scaling.correction1 + (1.0 - p.beta1);
  scaling.correction2 = p.beta2 * scaling.correction2 + (1.0 - p.beta2);
  scaling.sound += 1.0;
  if (scaling.sound >= p.patience) {
    scaling.next = min(p.highest, 2.0 * scale);
    scaling.sound = 0.0;
  }
}
