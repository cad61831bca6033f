// op(a)·op(b), m×n, for small products, where many invocations with little to do each are done first; large ones
// are matmul_blocks.wgsl's. The text that follows it, one of *_end.wgsl, defines `finish`, which stores a tile's sums. One shader
// serves y, dx and dW of a linear layer.
//
// A workgroup computes a 64×64 tile of the product, each of its 256 invocations a 4×4 block of it in registers.
// It walks k in steps of 16: both strips are brought to workgroup memory once and read 64 times.
// op transposes when the override says so; a is stored m×k (or k×m), b k×n (or n×k). Elements outside
// the matrices read as zero, so no size needs to be a multiple of anything.
//
// Workgroups along z share k, and each writes sums of its own (split-K).

override TRANSPOSE_A: bool = false;
override TRANSPOSE_B: bool = false;
override SPLIT: bool = false; // whether workgroups along z share k
override SUMS: bool = false; // whether the column sums of op(b) may be asked for, as row m of the result

@group(0) @binding(1) var<storage, read> a: array<real>;
@group(0) @binding(2) var<storage, read> b: array<real>;

const TILE = 64u;
const DEPTH = 16u;

// Of each of the 16 values of k, the tile's 64 rows of a (columns of b) as 16 vectors.
var<workgroup> a_tile: array<vec4f, 256>;
var<workgroup> b_tile: array<vec4f, 256>;

fn load_a(row: u32, at: u32) -> f32 {
  if (row >= p.m || at >= p.k) { return 0.0; }
  return f32(a[select(row * p.k + at, at * p.m + row, TRANSPOSE_A)]);
}

fn load_b(at: u32, column: u32) -> f32 {
  if (at >= p.k || column >= p.n) { return 0.0; }
  return f32(b[select(at * p.n + column, column * p.k + at, TRANSPOSE_B)]);
}

fn finish_vector(row: u32, column: u32, sums: vec4f, part: u32) {
  for (var j = 0u; j < 4u; j++) {
    if (column + j < p.n) { finish(row, column + j, sums[j], part); }
  }
}

fn finish_row(row: u32, column: u32, sums: vec4f, part: u32) {
  if (row < p.m) { finish_vector(row, column, sums, part); }
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_id) lane: vec3u, @builtin(local_invocation_index) index: u32) {
  let row0 = group.y * TILE;
  let column0 = group.x * TILE;

  // Which vector of each tile this invocation loads: neighbours load neighbouring addresses.
  let fast = index % 16u;
  let slow = index / 16u;
  let a_depth = select(fast, slow, TRANSPOSE_A);
  let a_four = select(slow, fast, TRANSPOSE_A);
  let b_depth = select(slow, fast, TRANSPOSE_B);
  let b_four = select(fast, slow, TRANSPOSE_B);
  let row = row0 + a_four * 4u;
  let column = column0 + b_four * 4u;

  // Whole steps of k for each part, so that no part reads what is another's.
  let share = (p.k + DEPTH * groups.z - 1u) / (DEPTH * groups.z) * DEPTH;
  let end = min(p.k, (group.z + 1u) * share);
  var r0 = vec4f();
  var r1 = vec4f();
  var r2 = vec4f();
  var r3 = vec4f();
  let summing = SUMS && p.has_bias != 0u && group.y == 0u;
  var column_sums = vec4f();
  for (var k0 = group.z * share; k0 < end; k0 += DEPTH) {
    a_tile[a_depth * 16u + a_four] = vec4f(
      load_a(row, k0 + a_depth), load_a(row + 1u, k0 + a_depth),
      load_a(row + 2u, k0 + a_depth), load_a(row + 3u, k0 + a_depth));
    b_tile[b_depth * 16u + b_four] = vec4f(
      load_b(k0 + b_depth, column), load_b(k0 + b_depth, column + 1u),
      load_b(k0 + b_depth, column + 2u), load_b(k0 + b_depth, column + 3u));
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let rows = a_tile[d * 16u + lane.y];
      let columns = b_tile[d * 16u + lane.x];
      r0 += rows.x * columns;
      r1 += rows.y * columns;
      r2 += rows.z * columns;
      r3 += rows.w * columns;
      if (summing) { column_sums += columns; }
    }
    workgroupBarrier();
  }

  let mine = row0 + lane.y * 4u;
  let left = column0 + lane.x * 4u;
  finish_row(mine, left, r0, group.z);
  finish_row(mine + 1u, left, r1, group.z);
  finish_row(mine + 2u, left, r2, group.z);
  finish_row(mine + 3u, left, r3, group.z);
  if (summing && lane.y == 0u) { finish_vector(p.m, left, column_sums, group.z); }
}

