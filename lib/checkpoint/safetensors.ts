/** Reads and writes weights in safetensors files. */
import type { UserError } from "../errors.ts";
import { openFile } from "../files.ts";
import { encodeHeader, headerOf, notWhole, readBytes } from "../safetensors_header.ts";

/** The format of a tensor's numbers. float16 keeps three decimal digits; bfloat16 keeps two, and float32's range. */
export type Precision = "float32" | "float16" | "bfloat16";

/** A tensor in memory, not on a device. */
export interface Weight {
  /** The precision that it was read from, or is to be written in. */
  readonly dtype: Precision;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A tensor of raw bytes, such as quantised blocks. */
export interface ByteTensor {
  readonly dtype: "uint8";
  readonly shape: readonly number[];
  readonly data: Uint8Array<ArrayBuffer>;
}

/** By name. */
export type Weights = ReadonlyMap<string, Weight>;

/** How numbers are stored in a file. */
interface Format {
  readonly name: string;
  /** Bytes of a number. */
  readonly bytes: number;
  decode(bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer>;
  encode(data: Float32Array): Float32Array | Float16Array | Uint16Array;
}

const formats: Record<Precision, Format> = {
  float32: {
    name: "F32",
    bytes: 4,
    decode: ({ buffer }) => new Float32Array(buffer),
    encode: (data) => data,
  },
  float16: {
    name: "F16",
    bytes: 2,
    decode: ({ buffer }) => Float32Array.from(new Float16Array(buffer)),
    encode: (data) => Float16Array.from(data),
  },
  bfloat16: {
    name: "BF16",
    bytes: 2,
    decode({ buffer }) {
      const bits = Uint32Array.from(new Uint16Array(buffer), (x) => x << 16);
      return new Float32Array(bits.buffer);
    },
    encode(data) {
      const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
      // The upper 16 bits, rounded to the nearest, with ties to even.
      return Uint16Array.from(bits, (x) => (x + 0x7fff + (x >>> 16 & 1)) >>> 16);
    },
  },
};

/** Bytes that so many numbers take in a file. */
export const bytesOf = (dtype: Precision | "uint8", numbers: number) =>
  (dtype === "uint8" ? 1 : formats[dtype].bytes) * numbers;

/** Encodes numbers as a file stores them. */
export function encodeNumbers(data: Float32Array, precision: Precision): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = formats[precision].encode(data);
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** Decodes numbers from a file's bytes. */
export function decodeNumbers(
  bytes: Uint8Array<ArrayBuffer>,
  precision: Precision,
): Float32Array<ArrayBuffer> {
  return formats[precision].decode(bytes);
}

/** The format's name for bytes. */
const BYTES = "U8";

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** The start of a file; the tensors' numbers follow, in this order. */
export function encodeStart(
  tensors: Iterable<readonly [name: string, tensor: Pick<Weight | ByteTensor, "dtype" | "shape">]>,
  metadata: Record<string, string> = {},
): Uint8Array<ArrayBuffer>[] {
  const header: Record<string, unknown> = { __metadata__: { format: "pt", ...metadata } };
  let at = 0;
  for (const [name, { dtype, shape }] of tensors) {
    const end = at + bytesOf(dtype, sizeOf(shape));
    header[name] = { dtype: dtype === "uint8" ? BYTES : formats[dtype].name, shape, data_offsets: [at, end] };
    at = end;
  }
  return encodeHeader(header);
}

/** The file's bytes, as chunks. */
export function encodeSafetensors(
  weights: Iterable<readonly [string, Weight | ByteTensor]>,
  metadata: Record<string, string> = {},
): Uint8Array<ArrayBuffer>[] {
  const list = [...weights];
  const contents = list.map(([, tensor]) =>
    tensor.dtype === "uint8" ? tensor.data : encodeNumbers(tensor.data, tensor.dtype)
  );
  return [...encodeStart(list, metadata), ...contents];
}

/** A tensor in an open file. */
export interface StoredTensor {
  readonly dtype: Precision;
  readonly shape: readonly number[];
  /** Count of its numbers. */
  readonly size: number;
  /** Offset in the file, in bytes. */
  readonly at: number;
}

/**
 * A file whose tensors are read on demand. Integer tensors, such as masks in some GPT-2 exports, are left out, except
 * byte tensors, which are listed separately.
 */
export class SafetensorsReader implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #broken: (why: string) => UserError;

  private constructor(
    file: Deno.FsFile,
    broken: (why: string) => UserError,
    readonly metadata: Record<string, string>,
    /** By name, in the order of the file. */
    readonly tensors: ReadonlyMap<string, StoredTensor>,
    /** The same for byte tensors. */
    readonly bytes: ReadonlyMap<string, Omit<StoredTensor, "dtype">>,
  ) {
    this.#file = file;
    this.#broken = broken;
  }

  /** @throws {UserError} if the file is missing, breaks the format's rules, or has a type that is not supported */
  static async open(path: string): Promise<SafetensorsReader> {
    const broken = notWhole(path, "restore it, or make it anew");
    const file = await openFile(path, "give the path of a safetensors file");
    try {
      const { metadata, entries, before } = await headerOf(file, broken);
      const tensors = new Map<string, StoredTensor>(), bytes = new Map<string, Omit<StoredTensor, "dtype">>();
      for (const { name, dtype, shape, data_offsets: [from] } of entries) {
        const precision = (Object.keys(formats) as Precision[]).find((key) => formats[key].name === dtype);
        const stored = { shape, size: sizeOf(shape), at: before + from };
        if (precision) tensors.set(name, { dtype: precision, ...stored });
        else if (dtype === BYTES) bytes.set(name, stored);
      }
      return new SafetensorsReader(file, broken, metadata, tensors, bytes);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * Reads some numbers of a tensor; all by default.
   * @throws {UserError} if one of them is not finite
   */
  async read(name: string, from = 0, count = this.tensors.get(name)!.size - from): Promise<Float32Array> {
    const { dtype, at } = this.tensors.get(name)!;
    await this.#file.seek(at + bytesOf(dtype, from), Deno.SeekMode.Start);
    const data = formats[dtype].decode(await readBytes(this.#file, bytesOf(dtype, count), this.#broken));
    if (!allFinite(data)) throw this.#broken(`${name} holds a number that is not finite`);
    return data;
  }

  /** Reads all bytes of a byte tensor. */
  async readBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const { at, size } = this.bytes.get(name)!;
    await this.#file.seek(at, Deno.SeekMode.Start);
    return await readBytes(this.#file, size, this.#broken);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

export interface SafetensorsFile {
  readonly metadata: Record<string, string>;
  readonly tensors: Map<string, Weight>;
}

/**
 * Reads a whole file.
 * @throws {UserError} if it breaks the format's rules, holds a number that is not finite, or is of a type that
 *   is not read
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  using file = await SafetensorsReader.open(path);
  const tensors = new Map<string, Weight>();
  // Reads tensors one at a time, so that each array is aligned.
  for (const [name, { dtype, shape }] of file.tensors) {
    tensors.set(name, { dtype, shape, data: await file.read(name) });
  }
  return { metadata: file.metadata, tensors };
}

function allFinite(data: Float32Array): boolean {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return false;
  return true;
}
