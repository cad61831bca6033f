// What the attention shaders share; it follows each of them.
//
// qkv is (B, T, (H + 2G)·D): H heads of queries, G of keys and G of values side by side, each of D columns. Query head
// h reads key-value head h / (H / G), as grouped-query attention has it (Ainslie et al., arXiv:2305.13245). A plane is
// a head of a sequence, b·H + h.
// A workgroup of 64 invocations owns 32 rows of one plane (queries, or keys), which it meets with tiles of
// 16 rows of the other kind; scores are causal products of the two. Heads wider than 64 are scored 64 columns at
// a time, by one workgroup (z) for each 64 columns of results.
//
// An invocation has two places. Of the 32×16 scores it has two rows, of four columns each:
//   rows sy and sy + 16, columns sx, sx + 4, sx + 8 and sx + 12
// and of the 32×64 results four rows, of two vectors each:
//   rows oy, oy + 8, oy + 16 and oy + 24, vectors ox and ox + 8
//
// threshold, seed and keep_scale are the dropout of probabilities; threshold is 0 for none.

@group(0) @binding(1) var<storage, read> qkv: array<real>;

// Where a tile has a vector of a row. Rows that are read side by side are turned against each other, so that
// they lie in different banks of the workgroup's memory.
fn place(row: u32, vector: u32) -> u32 { return row * 16u + (vector ^ (row & 7u)); }

// pcg2d: Jarzynski and Olano, "Hash Functions for GPU Rendering" (JCGT 9(3), 2020).
fn random_bits(seed: u32, index: u32) -> u32 {
  var v = vec2u(index, seed) * 1664525u + 1013904223u;
  v.x += v.y * 1664525u;
  v.y += v.x * 1664525u;
  v ^= v >> vec2u(16u);
  v.x += v.y * 1664525u;
  v.y += v.x * 1664525u;
  v ^= v >> vec2u(16u);
  return v.x;
}

// What a probability is multiplied by: 0 if dropped, else 1/(1 - rate).
fn kept(plane: u32, query: u32, key: u32) -> f32 {
  let index = (plane * p.time + query) * p.time + key;
  return select(0.0, p.keep_scale, random_bits(p.seed, index) >= p.threshold);
}

// The same of four pairs.
fn kept4(plane: u32, queries: vec4u, keys: vec4u) -> vec4f {
  if (p.threshold == 0u) { return vec4f(1.0); }
  return vec4f(kept(plane, queries.x, keys.x), kept(plane, queries.y, keys.y),
               kept(plane, queries.z, keys.z), kept(plane, queries.w, keys.w));
}

// The key-value head of a plane's query head.
fn group_of(plane: u32) -> u32 { return plane % p.heads / (p.heads / p.kv_heads); }

// Where qkv has the first column of a row of q (part 0), k (1) or v (2), as a plane's head sees it.
fn qkv_start(part: u32, plane: u32, row: u32) -> u32 {
  var head = plane % p.heads;
  if (part > 0u) { head = p.heads + (part - 1u) * p.kv_heads + group_of(plane); }
  return ((plane / p.heads * p.time + row) * (p.heads + 2u * p.kv_heads) + head) * p.head_width;
}

// Four columns of a row of q (part 0), k (1) or v (2) of a plane; zero outside.
fn load(part: u32, plane: u32, row: u32, column: u32) -> vec4f {
  let at = qkv_start(part, plane, row) + column;
  var value = vec4f();
  if (row < p.time) {
    for (var i = 0u; i < 4u; i++) {
      if (column + i < p.head_width) { value[i] = f32(qkv[at + i]); }
    }
  }
  return value;
}

// Where (B, T, H·D) has the first column of a plane's row.
fn row_start(plane: u32, row: u32) -> u32 {
  return ((plane / p.heads * p.time + row) * p.heads + plane % p.heads) * p.head_width;
}
