// op(a)·op(b), m×n, for large products, as matmul.wgsl is for small ones. Two texts follow it: the loads,
// matmul_vectors.wgsl or matmul_scalars.wgsl, and one of *_end.wgsl, which stores a tile's sums.
//
// A workgroup computes a tile of 128×128, each of its 256 invocations an 8×8 block of it in 16 vectors of
// registers: of each value of k, four vectors read from workgroup memory serve 64 multiplications. The block is
// four quarters, half a tile apart, so that neighbours read neighbouring vectors and write neighbouring columns.
//
// k goes in steps of 16. Memory is read in blocks of 4×4, by four vectors of one stored row each; a block whose
// rows run along k is transposed on its way to workgroup memory. While a step is multiplied, the next one's
// blocks are on their way to registers.
//
// Workgroups along z share k, and each writes sums of its own (split-K).

override TRANSPOSE_A: bool = false;
override TRANSPOSE_B: bool = false;
override SPLIT: bool = false; // whether workgroups along z share k
override SUMS: bool = false; // whether the column sums of op(b) may be asked for, as row m of the result

const TILE = 128u;
const DEPTH = 16u;
const SIDE = 16u; // invocations along a side of the tile
const FOURS = 32u; // vectors along a side of the tile

// Of each of the 16 values of k, the tile's rows of a (columns of b) as vectors of four.
var<workgroup> a_tile: array<vec4f, 512>;
var<workgroup> b_tile: array<vec4f, 512>;

// A block of a: of four values of k from `at`, four rows from `row`.
fn block_a(at: u32, row: u32, end: u32) -> mat4x4f {
  if (TRANSPOSE_A) {
    return mat4x4f(load_a(at, row, end, p.m), load_a(at + 1u, row, end, p.m),
                   load_a(at + 2u, row, end, p.m), load_a(at + 3u, row, end, p.m));
  }
  return transpose(mat4x4f(load_a(row, at, p.m, p.k), load_a(row + 1u, at, p.m, p.k),
                           load_a(row + 2u, at, p.m, p.k), load_a(row + 3u, at, p.m, p.k)));
}

fn block_b(at: u32, column: u32, end: u32) -> mat4x4f {
  if (TRANSPOSE_B) {
    return transpose(mat4x4f(load_b(column, at, p.n, p.k), load_b(column + 1u, at, p.n, p.k),
                             load_b(column + 2u, at, p.n, p.k), load_b(column + 3u, at, p.n, p.k)));
  }
  return mat4x4f(load_b(at, column, end, p.n), load_b(at + 1u, column, end, p.n),
                 load_b(at + 2u, column, end, p.n), load_b(at + 3u, column, end, p.n));
}

fn finish_vector(row: u32, column: u32, sums: vec4f, part: u32) {
  for (var j = 0u; j < 4u; j++) {
    if (column + j < p.n) { finish(row, column + j, sums[j], part); }
  }
}

fn finish_row(row: u32, column: u32, sums: vec4f, part: u32) {
  if (row < p.m) { finish_vector(row, column, sums, part); }
}

@compute @workgroup_size(SIDE, SIDE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_id) lane: vec3u, @builtin(local_invocation_index) index: u32) {
  let row0 = group.y * TILE;
  let column0 = group.x * TILE;
  // A tile has 128 blocks of each operand: half of the invocations bring those of a, half those of b. Along the
  // stored rows neighbours are neighbours.
  let mine = index % TILE;
  let brings_a = index < TILE;
  let a_four = select(mine / 4u, mine % FOURS, TRANSPOSE_A);
  let a_depth = select(mine % 4u, mine / FOURS, TRANSPOSE_A) * 4u;
  let b_four = select(mine % FOURS, mine / 4u, TRANSPOSE_B);
  let b_depth = select(mine / FOURS, mine % 4u, TRANSPOSE_B) * 4u;

  // Whole steps of k for each part, so that no part reads what is another's.
  let share = (p.k + DEPTH * groups.z - 1u) / (DEPTH * groups.z) * DEPTH;
  let end = min(p.k, (group.z + 1u) * share);
  var k0 = group.z * share;
  var next = mat4x4f();
  if (brings_a) { next = block_a(k0 + a_depth, row0 + a_four * 4u, end); }
  else { next = block_b(k0 + b_depth, column0 + b_four * 4u, end); }
  var r0a = vec4f();
  var r0b = vec4f();
  var r1a = vec4f();
  var r1b = vec4f();
  var r2a = vec4f();
  var r2b = vec4f();
  var r3a = vec4f();
  var r3b = vec4f();
  var r4a = vec4f();
  var r4b = vec4f();
  var r5a = vec4f();
  var r5b = vec4f();
  var r6a = vec4f();
  var r6b = vec4f();
  var r7a = vec4f();
  var r7b = vec4f();
  let summing = SUMS && p.has_bias != 0u && group.y == 0u;
  var left_sums = vec4f();
  var right_sums = vec4f();
  while (k0 < end) {
    if (brings_a) {
      a_tile[a_depth * FOURS + a_four] = next[0];
      a_tile[(a_depth + 1u) * FOURS + a_four] = next[1];
      a_tile[(a_depth + 2u) * FOURS + a_four] = next[2];
      a_tile[(a_depth + 3u) * FOURS + a_four] = next[3];
    } else {
      b_tile[b_depth * FOURS + b_four] = next[0];
      b_tile[(b_depth + 1u) * FOURS + b_four] = next[1];
      b_tile[(b_depth + 2u) * FOURS + b_four] = next[2];
      b_tile[(b_depth + 3u) * FOURS + b_four] = next[3];
    }
    workgroupBarrier();
    k0 += DEPTH;
    if (brings_a) { next = block_a(k0 + a_depth, row0 + a_four * 4u, end); }
    else { next = block_b(k0 + b_depth, column0 + b_four * 4u, end); }
    for (var d = 0u; d < DEPTH; d++) {
      let top = a_tile[d * FOURS + lane.y];
      let low = a_tile[d * FOURS + lane.y + SIDE];
      let left = b_tile[d * FOURS + lane.x];
      let right = b_tile[d * FOURS + lane.x + SIDE];
      r0a += top.x * left;
      r0b += top.x * right;
      r1a += top.y * left;
      r1b += top.y * right;
      r2a += top.z * left;
      r2b += top.z * right;
      r3a += top.w * left;
      r3b += top.w * right;
      r4a += low.x * left;
      r4b += low.x * right;
      r5a += low.y * left;
      r5b += low.y * right;
      r6a += low.z * left;
      r6b += low.z * right;
      r7a += low.w * left;
      r7b += low.w * right;
      if (summing) {
        left_sums += left;
        right_sums += right;
      }
    }
    workgroupBarrier();
  }

  let row = row0 + lane.y * 4u;
  let column = column0 + lane.x * 4u;
  finish_row(row, column, r0a, group.z);
  finish_row(row, column + TILE / 2u, r0b, group.z);
  finish_row(row + 1u, column, r1a, group.z);
  finish_row(row + 1u, column + TILE / 2u, r1b, group.z);
  finish_row(row + 2u, column, r2a, group.z);
  finish_row(row + 2u, column + TILE / 2u, r2b, group.z);
  finish_row(row + 3u, column, r3a, group.z);
  finish_row(row + 3u, column + TILE / 2u, r3b, group.z);
  finish_row(row + TILE / 2u, column, r4a, group.z);
  finish_row(row + TILE / 2u, column + TILE / 2u, r4b, group.z);
  finish_row(row + TILE / 2u + 1u, column, r5a, group.z);
  finish_row(row + TILE / 2u + 1u, column + TILE / 2u, r5b, group.z);
  finish_row(row + TILE / 2u + 2u, column, r6a, group.z);
  finish_row(row + TILE / 2u + 2u, column + TILE / 2u, r6b, group.z);
  finish_row(row + TILE / 2u + 3u, column, r7a, group.z);
  finish_row(row + TILE / 2u + 3u, column + TILE / 2u, r7b, group.z);
  if (summing && lane.y == 0u) {
    finish_vector(p.m, column, left_sums, group.z);
    finish_vector(p.m, column + TILE / 2u, right_sums, group.z);
  }
}

