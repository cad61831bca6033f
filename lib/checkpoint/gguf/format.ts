/**
 * GGUF, the file format of llama.cpp: keys that describe the model, then its tensors.
 *
 *   "GGUF", version, number of tensors, number of keys
 *   for each key: its name, the type of its value, the value
 *   for each tensor: its name, dimensions (the innermost first), type, and offset in the data
 *   the data, each tensor at a multiple of `general.alignment`
 *
 * All numbers are little-endian. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import { BLOCK, BLOCK_BYTES, type BlockKind, dequantise, quantise } from "../../device/blocks.ts";
import { decodeNumbers, encodeNumbers } from "../safetensors.ts";

export const MAGIC = 0x46554747;
export const VERSION = 3;
/** The default alignment, in bytes. */
export const ALIGNMENT = 32;

/** Codes of the value types. */
export const VALUE_TYPES = {
  ...{ uint8: 0, int8: 1, uint16: 2, int16: 3, uint32: 4, int32: 5, float32: 6, bool: 7 },
  ...{ string: 8, array: 9, uint64: 10, int64: 11, float64: 12 },
} as const;

/** How a tensor's numbers are stored in a file. */
export interface TensorFormat {
  /** The number of the type in `ggml_type`. */
  readonly code: number;
  /** Numbers in a block; the innermost dimension is a multiple of it. */
  readonly block: number;
  /** Bytes of a block. */
  readonly bytes: number;
  decode(bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer>;
  /** @throws {RangeError} if a number is too large for the type */
  encode(data: Float32Array): Uint8Array<ArrayBuffer>;
}

const plain = (code: number, precision: "float32" | "float16" | "bfloat16", bytes: number): TensorFormat => ({
  ...{ code, block: 1, bytes },
  decode: (data) => decodeNumbers(data, precision),
  encode(data) {
    const most = precision === "float16" ? data.findIndex((x) => Math.abs(x) >= 65520) : -1;
    if (most >= 0) throw new RangeError(`${data[most]} is too large for float16`);
    return encodeNumbers(data, precision);
  },
});

const blocks = (code: number, kind: BlockKind): TensorFormat => ({
  ...{ code, block: BLOCK, bytes: BLOCK_BYTES[kind] },
  decode: (data) => dequantise(data, kind),
  encode: (data) => quantise(data, kind, { scales: "searched" }),
});

/** The tensor types that we read and write, by llama.cpp's names. */
export const TENSOR_FORMATS = {
  f32: plain(0, "float32", 4),
  f16: plain(1, "float16", 2),
  q4_0: blocks(2, "q4_0"),
  q8_0: blocks(8, "q8_0"),
  bf16: plain(30, "bfloat16", 2),
} as const satisfies Record<string, TensorFormat>;

export type TensorType = keyof typeof TENSOR_FORMATS;

/** Bytes that so many numbers take; they have to fill whole blocks. */
export function tensorBytes(type: TensorType, numbers: number): number {
  const { block, bytes } = TENSOR_FORMATS[type];
  return numbers / block * bytes;
}

/** The next multiple of an alignment. */
export const aligned = (at: number, alignment = ALIGNMENT) => Math.ceil(at / alignment) * alignment;

/** A value to write, with its type, because JavaScript has only one type for numbers. */
export type TypedValue =
  | { readonly uint32: number }
  | { readonly float32: number }
  | { readonly bool: boolean }
  | { readonly string: string }
  | { readonly strings: readonly string[] }
  | { readonly int32s: readonly number[] };

/** A key to write. */
export type Key = readonly [name: string, value: TypedValue];

/** A tensor to write. */
export interface TensorEntry {
  readonly name: string;
  /** The outermost dimension first, as everywhere here. */
  readonly shape: readonly number[];
  readonly type: TensorType;
}

const encoder = new TextEncoder();
const { uint32, int32, float32, bool, string, array } = VALUE_TYPES;

/** The start of a file, padded. The tensors' data follow in this order, each padded to the alignment. */
export function encodeStart(
  keys: readonly Key[],
  tensors: readonly TensorEntry[],
): Uint8Array<ArrayBuffer> {
  const out = new Bytes();
  out.u32(MAGIC).u32(VERSION).u64(tensors.length).u64(keys.length);
  for (const [key, value] of keys) {
    out.text(key);
    if ("uint32" in value) out.u32(uint32).u32(value.uint32);
    else if ("float32" in value) out.u32(float32).f32(value.float32);
    else if ("bool" in value) out.u32(bool).u8(Number(value.bool));
    else if ("string" in value) out.u32(string).text(value.string);
    else if ("strings" in value) {
      out.u32(array).u32(string).u64(value.strings.length);
      for (const text of value.strings) out.text(text);
    } else {
      out.u32(array).u32(int32).u64(value.int32s.length);
      for (const number of value.int32s) out.u32(number);
    }
  }
  let at = 0;
  for (const { name, shape, type } of tensors) {
    out.text(name).u32(shape.length);
    for (const size of shape.toReversed()) out.u64(size);
    out.u32(TENSOR_FORMATS[type].code).u64(at);
    at = aligned(at + tensorBytes(type, shape.reduce((a, b) => a * b, 1)));
  }
  return out.padded();
}

/** A growing buffer of bytes. */
class Bytes {
  #bytes = new Uint8Array(2 ** 16);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  #room(bytes: number): number {
    const at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length);
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  u8(x: number): this {
    const at = this.#room(1);
    this.#view.setUint8(at, x);
    return this;
  }

  /** Negative numbers are written as two's complement. */
  u32(x: number): this {
    const at = this.#room(4);
    this.#view.setUint32(at, x, true);
    return this;
  }

  u64(x: number): this {
    const at = this.#room(8);
    this.#view.setBigUint64(at, BigInt(x), true);
    return this;
  }

  f32(x: number): this {
    const at = this.#room(4);
    this.#view.setFloat32(at, x, true);
    return this;
  }

  text(x: string): this {
    const bytes = encoder.encode(x);
    this.u64(bytes.length);
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  padded(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, aligned(this.#length));
  }
}
