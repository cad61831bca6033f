/** Weights in safetensors files. */
import { openFile } from "../files.ts";
import { encodeHeader, headerOf, notWhole, readBytes } from "../safetensors_header.ts";

/** What a file holds a tensor's numbers in. float16 keeps three decimal digits, bfloat16 two, and float32's range. */
export type Precision = "float32" | "float16" | "bfloat16";

/** A tensor without a device. */
export interface Weight {
  /** What it was read in, or is to be written in. */
  readonly dtype: Precision;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** By name. */
export type Weights = ReadonlyMap<string, Weight>;

/** How numbers lie in a file. */
interface Format {
  readonly name: string;
  decode(bytes: Uint8Array<ArrayBuffer>): Float32Array;
  encode(data: Float32Array): Float32Array | Float16Array | Uint16Array;
}

const formats: Record<Precision, Format> = {
  float32: { name: "F32", decode: ({ buffer }) => new Float32Array(buffer), encode: (data) => data },
  float16: {
    name: "F16",
    decode: ({ buffer }) => Float32Array.from(new Float16Array(buffer)),
    encode: (data) => Float16Array.from(data),
  },
  bfloat16: {
    name: "BF16",
    decode({ buffer }) {
      const bits = Uint32Array.from(new Uint16Array(buffer), (x) => x << 16);
      return new Float32Array(bits.buffer);
    },
    encode(data) {
      const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
      // The upper half, rounded to the nearest, and to even halfway.
      return Uint16Array.from(bits, (x) => (x + 0x7fff + (x >>> 16 & 1)) >>> 16);
    },
  },
};

/** The file's bytes, as chunks. */
export function encodeSafetensors(
  weights: Iterable<readonly [string, Weight]>,
  metadata: Record<string, string> = {},
): Uint8Array<ArrayBuffer>[] {
  const header: Record<string, unknown> = { __metadata__: { format: "pt", ...metadata } };
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const [name, { dtype, shape, data }] of weights) {
    const { buffer, byteOffset, byteLength } = formats[dtype].encode(data);
    header[name] = { dtype: formats[dtype].name, shape, data_offsets: [at, at += byteLength] };
    chunks.push(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
  }
  return [...encodeHeader(header), ...chunks];
}

export interface SafetensorsFile {
  readonly metadata: Record<string, string>;
  readonly tensors: Map<string, Weight>;
}

/**
 * Reads a whole file. Tensors of whole numbers, such as masks that some GPT-2 exports carry along, are left out.
 * @throws {UserError} if it breaks the format's rules, holds a number that is not finite, or is of a type that
 *   is not read
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const broken = notWhole(path, "restore it, or make it anew");
  using file = await openFile(path, "give the path of a safetensors file");
  const { metadata, entries } = await headerOf(file, broken);
  const tensors = new Map<string, Weight>();
  for (const { name, dtype, shape, size } of entries) {
    // One at a time, so that each is aligned, and those that are not needed take no memory for long.
    const bytes = await readBytes(file, size, broken);
    const precision = (Object.keys(formats) as Precision[]).find((key) => formats[key].name === dtype);
    if (!precision) continue;
    const data = formats[precision].decode(bytes);
    if (!allFinite(data)) throw broken(`${name} holds a number that is not finite`);
    tensors.set(name, { dtype: precision, shape, data });
  }
  return { metadata, tensors };
}

function allFinite(data: Float32Array): boolean {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return false;
  return true;
}
