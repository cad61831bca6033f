import { assert, assertEquals, assertThrows } from "@std/assert";
import { normals } from "../tensor/random.ts";
import { BLOCK, BLOCK_BYTES, blockBytes, type BlockKind, dequantise, quantise } from "./blocks.ts";

const KINDS = Object.keys(BLOCK_BYTES) as BlockKind[];
const block = (value: (i: number) => number) => Float32Array.from({ length: BLOCK }, (_, i) => value(i));

/** float16 1, 0.5 and -1 in little-endian bytes. */
const [ONE, HALF, MINUS_ONE] = [[0x00, 0x3c], [0x00, 0x38], [0x00, 0xbc]];

Deno.test("q8_0 is a float16 scale, then 32 signed bytes, halves rounded away from zero", () => {
  const bytes = quantise(block((i) => i === 31 ? 127 : i % 2 ? -i / 2 : i / 2), "q8_0");
  const expected = [
    ...[0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5, -6, 6, -7, 7, -8],
    ...[8, -9, 9, -10, 10, -11, 11, -12, 12, -13, 13, -14, 14, -15, 15, 127],
  ];
  assertEquals([...bytes.subarray(0, 2)], ONE);
  assertEquals([...new Int8Array(bytes.buffer, 2)], expected);
});

Deno.test("q4_0 has the first 16 numbers in the lower four bits and the last 16 in the upper", () => {
  const values = block((i) => (i < 16 ? i - 8 : 23 - i) / 2);
  values[15] = 3.5;
  const bytes = quantise(values, "q4_0");
  const pairs = Array.from({ length: 16 }, (_, i) => i | 15 - i << 4);
  assertEquals([...bytes], [...HALF, ...pairs]);
  assertEquals(dequantise(bytes, "q4_0"), values);
});

Deno.test("a q4_0 block whose largest number is positive has a negative scale", () => {
  const bytes = quantise(block((i) => i === 3 ? 8 : i === 20 ? -7 : 0), "q4_0");
  assertEquals([...bytes.subarray(0, 2)], MINUS_ONE);
  assertEquals(
    [...bytes.subarray(2)],
    Array.from({ length: 16 }, (_, i) => i === 3 ? 0x80 : i === 4 ? 0xf8 : 0x88),
  );
});

/** Numbers of many magnitudes, a different one for each block. */
function numbers(blocks: number): Float32Array {
  return normals(7, blocks * BLOCK, 1).map((x, i) => x * 10 ** (i / BLOCK % 9 - 5 | 0));
}

Deno.test("numbers come back within half a step of their block's scale, or a step at q4_0's end", () => {
  const values = numbers(200);
  for (const kind of KINDS) {
    const back = dequantise(quantise(values, kind), kind);
    for (let from = 0; from < values.length; from += BLOCK) {
      const most = Math.max(...values.subarray(from, from + BLOCK).map(Math.abs));
      const step = most / (kind === "q8_0" ? 127 : 8);
      for (let i = from; i < from + BLOCK; i++) {
        // The scale's own rounding, to 11 bits, or to 2^-24 below 2^-14, moves a number by up to 128 or 8 times its.
        const slack = most * 2 ** -11 + 128 * 2 ** -25;
        const bound = step * (kind === "q4_0" && Math.abs(values[i]) > 7.4 * step ? 1 : 0.5) + slack;
        assert(Math.abs(back[i] - values[i]) <= bound, `${kind}: ${values[i]} came back as ${back[i]}`);
      }
    }
  }
});

Deno.test("numbers that came back are kept bit for bit when they are quantised again", () => {
  for (const kind of KINDS) {
    // Scales that float16 represents exactly.
    const once = dequantise(quantise(numbers(50).map((x) => Math.max(1, Math.abs(x)) * 8), kind), kind);
    assertEquals(dequantise(quantise(once, kind), kind), once);
  }
});

const squaredError = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0);

Deno.test("searched scales of q4_0 have no block of larger error, and a tenth less in all", () => {
  const values = normals(3, 500 * BLOCK, 0.02);
  const [plain, searched] = (["largest", "searched"] as const).map((scales) =>
    dequantise(quantise(values, "q4_0", { scales }), "q4_0")
  );
  for (let at = 0; at < values.length; at += BLOCK) {
    const [x, a, b] = [values, plain, searched].map((v) => v.subarray(at, at + BLOCK));
    assert(squaredError(x, b) <= squaredError(x, a));
  }
  assert(squaredError(values, searched) < 0.9 * squaredError(values, plain));
});

Deno.test("zeros and numbers below the smallest scale come back as zeros", () => {
  for (const kind of KINDS) {
    for (const scales of ["largest", "searched"] as const) {
      for (const tiny of [0, 1e-45, 1e-9]) {
        const back = dequantise(quantise(block((i) => i % 3 ? tiny : -tiny), kind, { scales }), kind);
        assert(back.every((x) => x === 0), `${kind}, ${scales}, ${tiny}: ${back}`);
      }
    }
  }
});

Deno.test("the bytes of blocks may lie at an odd place", () => {
  for (const kind of KINDS) {
    const bytes = quantise(numbers(3), kind);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    assertEquals(dequantise(shifted.subarray(1), kind), dequantise(bytes, kind));
  }
});

Deno.test("what is no whole block, or too large for a scale, is refused", () => {
  assertEquals(KINDS.map((kind) => blockBytes(kind, 96)), [102, 54]);
  for (const kind of KINDS) {
    assertThrows(
      () => quantise(new Float32Array(33), kind),
      RangeError,
      "33 numbers are no whole blocks of 32",
    );
    assertThrows(() => dequantise(new Uint8Array(35), kind), RangeError, "35 bytes are no whole blocks");
    assertThrows(() => quantise(block(() => 1e9), kind), RangeError, "is too large");
  }
});
