// An activation's value and its slope, element by element. gelu.wgsl and relu2.wgsl define `activated`.

@group(0) @binding(1) var<storage, read> u: array<real>;
@group(0) @binding(2) var<storage, read_write> y: array<real>;
@group(0) @binding(3) var<storage, read_write> slope: array<real>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= p.n) { return; }
  let both = activated(f32(u[i]));
  y[i] = real(both.x);
  slope[i] = real(both.y);
}
