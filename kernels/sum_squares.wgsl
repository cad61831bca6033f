// out[g] = Σ x² over the g-th run of RUN elements: the first half of a global gradient norm.

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

override RUN: u32;

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let run = group.y * groups.x + group.x;
  if (run * RUN >= p.n) { return; }
  let end = min(p.n, (run + 1u) * RUN);
  var sum = 0.0;
  for (var i = run * RUN + lane; i < end; i += 256u) { sum += x[i] * x[i]; }
  partial[lane] = sum;
  workgroupBarrier();
  for (var half = 128u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  if (lane == 0u) { out[run] = partial[0]; }
}
