/**
 * The safetensors format: an 8-byte header length, a JSON header that gives each tensor's type, shape
 * and byte range, then the data. https://github.com/huggingface/safetensors#format
 */
import { UserError } from "../errors.ts";

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

/** Types that are read, all as float32. */
const READERS: Record<string, { bytes: number; read(bytes: Uint8Array): Float32Array }> = {
  F32: { bytes: 4, read: (b) => new Float32Array(b.buffer, b.byteOffset, b.length / 4) },
  F16: { bytes: 2, read: (b) => Float32Array.from(new Float16Array(b.buffer, b.byteOffset, b.length / 2)) },
  BF16: {
    bytes: 2,
    read(b) {
      const bits = Uint32Array.from(new Uint16Array(b.buffer, b.byteOffset, b.length / 2), (x) => x << 16);
      return new Float32Array(bits.buffer);
    },
  },
};

export type Precision = "float32" | "float16";

/** The file's bytes, as chunks. In float16 it takes half the room, and keeps three decimal digits. */
export function encodeSafetensors(
  tensors: Iterable<readonly [string, StoredTensor]>,
  metadata: Record<string, string> = {},
  precision: Precision = "float32",
): Uint8Array<ArrayBuffer>[] {
  const header: Record<string, unknown> = { __metadata__: { format: "pt", ...metadata } };
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const [name, { shape, data }] of tensors) {
    const stored = precision === "float16" ? Float16Array.from(data) : data;
    const { buffer, byteOffset, byteLength } = stored;
    header[name] = {
      dtype: precision === "float16" ? "F16" : "F32",
      shape,
      data_offsets: [at, at += byteLength],
    };
    chunks.push(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
  }
  let json = JSON.stringify(header);
  json += " ".repeat((8 - new TextEncoder().encode(json).length % 8) % 8);
  const text = new TextEncoder().encode(json);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  return [length, text, ...chunks];
}

export interface SafetensorsFile {
  readonly metadata: Record<string, string>;
  readonly tensors: Map<string, StoredTensor>;
}

/**
 * Reads a whole file.
 * @throws {UserError} if it is truncated, altered in its header, or of a type that is not read
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const broken = (why: string) =>
    new UserError(`${path} is not a whole safetensors file (${why}); restore it, or make it anew`);
  let file: Uint8Array<ArrayBuffer>;
  try {
    file = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UserError(`${path} does not exist`);
    throw error;
  }
  if (file.length < 8) throw broken(`${file.length} bytes`);
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  if (length > file.length - 8) throw broken("the header is cut off");
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  } catch {
    throw broken("its header is no JSON");
  }
  const data = file.subarray(8 + length);
  const tensors = new Map<string, StoredTensor>();
  let end = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets: [from, to] } = entry as HeaderEntry;
    const reader = READERS[dtype];
    if (!reader) {
      if (/^(BOOL|[UI]\d+)$/.test(dtype)) continue; // masks that some GPT-2 exports carry along
      throw broken(`${name} has type ${dtype}; F32, F16 and BF16 are read`);
    }
    if (to > data.length) throw broken(`it ends inside ${name}`);
    if (to - from !== shape.reduce((a, b) => a * b, 1) * reader.bytes) {
      throw broken(`${name} has shape [${shape}], but ${to - from} bytes`);
    }
    end = Math.max(end, to);
    const bytes = (data.byteOffset + from) % 4 ? data.slice(from, to) : data.subarray(from, to);
    tensors.set(name, { shape, data: reader.read(bytes) });
  }
  if (data.length > end) throw broken(`${data.length - end} bytes too many`);
  return { metadata: header.__metadata__ as Record<string, string> ?? {}, tensors };
}
