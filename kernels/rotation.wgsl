// What the shaders of heads.ts share; it follows each of them. A pair is a column d of a head and d + ⌈D/2⌉, which
// RoPE turns against each other (Su et al., arXiv:2104.09864) by the angle of the row's position. A table's row
// holds the cosines of a position, then the sines. A head of odd width, which cannot be turned, has a pair whose
// second column is missing.

fn half_width() -> u32 { return (p.head_width + 1u) / 2u; }

fn turned(pair: vec2f, position: u32, d: u32, sign: f32) -> vec2f {
  if (p.rotated == 0u) { return pair; }
  let at = position * p.head_width + d;
  let cosine = table[at];
  let sine = sign * table[at + half_width()];
  return vec2f(pair.x * cosine - pair.y * sine, pair.y * cosine + pair.x * sine);
}

// Where qkv has a head of queries, or behind those of keys, of a row.
fn head_start(row: u32, head: u32) -> u32 {
  return (row * (p.heads + 2u * p.kv_heads) + head) * p.head_width;
}
