/**
 * Numbers quantised to 8 or 4 bits, in the same blocks that GGUF files hold. A block has 32 consecutive numbers of a
 * row and the float16 scale d that they share, little-endian:
 *
 *   q8_0  34 bytes: d, then 32 bytes q from -128 to 127; a number is d·q
 *   q4_0  18 bytes: d, then 16 bytes of two q from 0 to 15, the lower four bits those of the first 16 numbers, the
 *         upper those of the last 16; a number is d·(q - 8)
 *
 * Layout and rounding are those of ggml's quantize_row_q8_0_ref and quantize_row_q4_0_ref:
 * https://github.com/ggml-org/llama.cpp/blob/master/ggml/src/ggml-quants.c
 */

/** Numbers in a block. */
export const BLOCK = 32;

/** Bytes of a block. */
export const BLOCK_BYTES = { q8_0: 34, q4_0: 18 } as const;

/** The kinds of blocks, by GGUF's names. */
export type BlockKind = keyof typeof BLOCK_BYTES;

export interface QuantiseOptions {
  /**
   * How q4_0 picks a block's scale: `largest` represents the block's largest number exactly, as llama.cpp does;
   * `searched` tries several scales and takes the one with the least squared error.
   */
  readonly scales?: "largest" | "searched";
}

const HALF = BLOCK / 2;
const MAX_FLOAT16 = 65504;

/** Bytes that so many numbers take in blocks; they have to fill whole blocks. */
export function blockBytes(kind: BlockKind, numbers: number): number {
  if (numbers % BLOCK !== 0) throw new RangeError(`${numbers} numbers are no whole blocks of ${BLOCK}`);
  return numbers / BLOCK * BLOCK_BYTES[kind];
}

/**
 * @param values finite numbers that fill whole blocks; the rows of a matrix have a width that is a multiple of 32
 * @throws {RangeError} if they do not fill whole blocks, or are too large for a float16 scale
 */
export function quantise(
  values: Float32Array,
  kind: BlockKind,
  { scales = "largest" }: QuantiseOptions = {},
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(blockBytes(kind, values.length));
  const into = new DataView(bytes.buffer);
  for (let from = 0, at = 0; from < values.length; from += BLOCK, at += BLOCK_BYTES[kind]) {
    const block = values.subarray(from, from + BLOCK);
    if (kind === "q8_0") writeQ8(block, into, at);
    else if (scales === "largest") writeQ4(block, into, at);
    else writeSearchedQ4(block, into, at);
  }
  return bytes;
}

/** @throws {RangeError} if the bytes are not whole blocks */
export function dequantise(bytes: Uint8Array, kind: BlockKind): Float32Array<ArrayBuffer> {
  const size = BLOCK_BYTES[kind];
  if (bytes.length % size !== 0) throw new RangeError(`${bytes.length} bytes are no whole blocks of ${size}`);
  const values = new Float32Array(bytes.length / size * BLOCK);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0, to = 0; at < bytes.length; at += size, to += BLOCK) {
    const scale = view.getFloat16(at, true);
    if (kind === "q8_0") {
      for (let i = 0; i < BLOCK; i++) values[to + i] = scale * view.getInt8(at + 2 + i);
    } else {
      for (let i = 0; i < HALF; i++) {
        const pair = bytes[at + 2 + i];
        values[to + i] = scale * ((pair & 15) - 8);
        values[to + HALF + i] = scale * ((pair >> 4) - 8);
      }
    }
  }
  return values;
}

/** The number that is furthest from zero, with its sign. */
function largest(block: Float32Array): number {
  let largest = 0;
  for (const x of block) if (Math.abs(x) > Math.abs(largest)) largest = x;
  return largest;
}

/** Both are rounded to float32, because ggml computes in it. */
function scaleOf(largest: number, level: number): { scale: number; inverse: number } {
  const scale = Math.fround(largest / level);
  if (Math.abs(scale) > MAX_FLOAT16) {
    throw new RangeError(`${largest} is too large: its block's scale would be no float16`);
  }
  return { scale, inverse: scale === 0 ? 0 : Math.fround(1 / scale) };
}

function writeQ8(block: Float32Array, into: DataView, at: number): void {
  const { scale, inverse } = scaleOf(Math.abs(largest(block)), 127);
  into.setFloat16(at, scale, true);
  for (let i = 0; i < BLOCK; i++) {
    const x = Math.fround(block[i] * inverse);
    // Halves are rounded away from zero. A very small scale has an infinite inverse.
    into.setInt8(
      at + 2 + i,
      Math.max(-127, Math.min(127, Math.sign(x) * Math.floor(Math.abs(x) + 0.5))) || 0,
    );
  }
}

const levels = new Uint8Array(BLOCK);

function writeQ4(block: Float32Array, into: DataView, at: number): void {
  const { scale, inverse } = scaleOf(largest(block), -8);
  for (let i = 0; i < BLOCK; i++) {
    levels[i] = Math.min(15, Math.trunc(Math.fround(Math.fround(block[i] * inverse) + 8.5)));
  }
  writeLevels(scale, into, at);
}

function writeLevels(scale: number, into: DataView, at: number): void {
  into.setFloat16(at, scale, true);
  for (let i = 0; i < HALF; i++) into.setUint8(at + 2 + i, levels[i] | levels[i + HALF] << 4);
}

/** The levels that the search maps the largest number to; -8 is what `largest` does. */
const CANDIDATES = [-8, ...Array.from({ length: 23 }, (_, i) => -10 + i * 0.2), 7, 6.5, 6, 5.5];

/**
 * For each candidate: rounds to levels, fits the scale to them by least squares, rounds to the levels of the
 * fitted scale, and keeps the best. The scale of `largest` is a candidate unchanged, so the error is never above its.
 */
function writeSearchedQ4(block: Float32Array, into: DataView, at: number): void {
  const extreme = largest(block);
  let best = toFloat16(scaleOf(extreme, -8).scale);
  let least = errorOf(block, best);
  for (const level of CANDIDATES) {
    const scale = fitted(block, extreme / level);
    if (!(Math.abs(scale) <= MAX_FLOAT16)) continue;
    const rounded = toFloat16(scale);
    const error = errorOf(block, rounded);
    if (error < least) {
      least = error;
      best = rounded;
    }
  }
  const inverse = best === 0 ? 0 : 1 / best;
  for (let i = 0; i < BLOCK; i++) levels[i] = levelOf(block[i] * inverse) + 8;
  writeLevels(best, into, at);
}

const float16 = new Float16Array(1);

function toFloat16(x: number): number {
  float16[0] = x;
  return float16[0];
}

/** The nearest level of a number that was divided by the scale. */
const levelOf = (x: number) => Math.max(-8, Math.min(7, Math.round(x)));

/** Σ(x - dq)² with the best levels q for the scale d. */
function errorOf(block: Float32Array, scale: number): number {
  const inverse = scale === 0 ? 0 : 1 / scale;
  let error = 0;
  for (let i = 0; i < BLOCK; i++) {
    const rest = block[i] - scale * levelOf(block[i] * inverse);
    error += rest * rest;
  }
  return error;
}

/** The scale that minimises Σ(x - dq)² for the levels q of a scale: Σxq / Σq². */
function fitted(block: Float32Array, scale: number): number {
  const inverse = scale === 0 ? 0 : 1 / scale;
  let product = 0, square = 0;
  for (let i = 0; i < BLOCK; i++) {
    const level = levelOf(block[i] * inverse);
    product += block[i] * level;
    square += level * level;
  }
  return square === 0 ? 0 : product / square;
}
