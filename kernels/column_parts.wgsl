// out[c] += Σ parts[i, c]: the second half of sums over rows that several workgroups shared.

struct Params { rows: u32, width: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= p.width) { return; }
  var sum = out[column];
  for (var at = column; at < arrayLength(&parts); at += p.width) { sum += parts[at]; }
  out[column] = sum;
}
