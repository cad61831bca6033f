// Matrices whose rows are stored in blocks of 32 numbers, in 8 or 4 bits; lib/device/blocks.ts has the layout. Blocks
// take an even number of bytes, so that four bytes of one lie in one word or in the halves of two.

@group(0) @binding(2) var<storage, read> stored: array<u32>;

fn word(at: u32) -> u32 {
  let i = at / 4u;
  if (at % 4u == 0u) { return stored[i]; }
  return (stored[i] >> 16u) | (stored[i + 1u] << 16u);
}

// Where the block of a number begins, in bytes; rows are `width` numbers wide.
fn block_at(row: u32, column: u32, width: u32) -> u32 {
  return (row * (width / 32u) + column / 32u) * p.block_bytes;
}

fn block_scale(block: u32) -> f32 { return unpack2x16float(word(block)).x; }

// Four neighbours of a block, from the i-th on, a multiple of four, without their scale.
fn block_four(block: u32, i: u32) -> vec4f {
  if (p.block_bytes == 34u) {
    let four = word(block + 2u + i);
    return vec4f(vec4i(vec4u(four << 24u, four << 16u, four << 8u, four)) >> vec4u(24u));
  }
  let four = word(block + 2u + i % 16u) >> (i / 16u * 4u);
  return vec4f(vec4u(four, four >> 8u, four >> 16u, four >> 24u) & vec4u(15u)) - 8.0;
}
