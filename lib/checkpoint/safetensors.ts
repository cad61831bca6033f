/**
 * The safetensors format: an 8-byte header length, a JSON header that gives each tensor's type, shape
 * and byte range, then the data. https://github.com/huggingface/safetensors#format
 */
import { z } from "zod";
import { UserError } from "../errors.ts";
import { openFile } from "../files.ts";

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

/** Bytes of a number, by the format's names of types. */
const BYTES: Record<string, number> = {
  ...{ BOOL: 1, U8: 1, I8: 1, U16: 2, I16: 2, U32: 4, I32: 4, U64: 8, I64: 8 },
  ...{ F16: 2, BF16: 2, F32: 4 },
};

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

/** Bytes of the longest header that the format allows. */
const LONGEST_HEADER = 100_000_000;

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
  let json = JSON.stringify(header);
  json += " ".repeat((8 - new TextEncoder().encode(json).length % 8) % 8);
  const text = new TextEncoder().encode(json);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  return [length, text, ...chunks];
}

export interface SafetensorsFile {
  readonly metadata: Record<string, string>;
  readonly tensors: Map<string, Weight>;
}

const Natural = z.number().int().nonnegative();
const Entry = z.strictObject({
  dtype: z.string(),
  shape: z.array(Natural),
  data_offsets: z.tuple([Natural, Natural]),
});
const Metadata = z.record(z.string(), z.string());

interface Header {
  readonly metadata: Record<string, string>;
  /** In the order of their bytes. */
  readonly entries: readonly (z.infer<typeof Entry> & { readonly name: string; readonly size: number })[];
}

/**
 * Reads a whole file. Tensors of whole numbers, such as masks that some GPT-2 exports carry along, are left out.
 * @throws {UserError} if it breaks the format's rules, holds a number that is not finite, or is of a type that
 *   is not read
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const broken = (why: string) =>
    new UserError(`${path} is not a whole safetensors file (${why}); restore it, or make it anew`);
  using file = await openFile(path, "give the path of a safetensors file");
  const { size } = await file.stat();
  const read = async (bytes: number) => {
    const buffer = new Uint8Array(bytes);
    for (let at = 0; at < bytes;) {
      const n = await file.read(buffer.subarray(at));
      if (n === null) throw broken("it was cut while it was read");
      at += n;
    }
    return buffer;
  };
  if (size < 8) throw broken(`${size} bytes`);
  const length = Number(new DataView((await read(8)).buffer).getBigUint64(0, true));
  if (length > size - 8) throw broken("the header is cut off");
  if (length > LONGEST_HEADER) throw broken(`its header of ${length} bytes is too long`);
  const { metadata, entries } = parseHeader(await read(length), size - 8 - length, broken);
  const tensors = new Map<string, Weight>();
  for (const { name, dtype, shape, size } of entries) {
    // One at a time, so that each is aligned, and those that are not needed take no memory for long.
    const bytes = await read(size);
    const precision = (Object.keys(formats) as Precision[]).find((key) => formats[key].name === dtype);
    if (!precision) continue;
    const data = formats[precision].decode(bytes);
    if (!allFinite(data)) throw broken(`${name} holds a number that is not finite`);
    tensors.set(name, { dtype: precision, shape, data });
  }
  return { metadata, tensors };
}

/** Checks all that the format says of a header. `data` is the number of bytes that follow it. */
function parseHeader(bytes: Uint8Array, data: number, broken: (why: string) => UserError): Header {
  let text: string, json: Record<string, unknown>;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    json = JSON.parse(text);
  } catch {
    throw broken("its header is no JSON");
  }
  if (!text.startsWith("{")) throw broken("its header is no JSON object");
  const fault = faultOfJson(text);
  if (fault) throw broken(`its header has ${fault}`);
  const metadata = Metadata.safeParse("__metadata__" in json ? json.__metadata__ : {});
  if (!metadata.success) throw broken("its __metadata__ holds more than texts");
  const entries = Object.entries(json).filter(([name]) => name !== "__metadata__").map(([name, value]) => {
    const parsed = Entry.safeParse(value);
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0];
      throw broken([name, ...path].join(".") + `: ${message}`);
    }
    const { dtype, shape, data_offsets: [from, to] } = parsed.data;
    const width = Object.hasOwn(BYTES, dtype) && BYTES[dtype];
    if (!width) throw broken(`${name} has type ${dtype}; F32, F16 and BF16 are read`);
    const size = to - from;
    if (size !== shape.reduce((a, b) => a * b, 1) * width) {
      throw broken(`${name} has shape [${shape}] of ${dtype}, but ${size} bytes`);
    }
    return { name, size, ...parsed.data };
  }).sort((a, b) => a.data_offsets[0] - b.data_offsets[0] || a.size - b.size);
  let end = 0;
  for (const { name, data_offsets: [from, to] } of entries) {
    if (to > data) throw broken(`it ends inside ${name}`);
    if (from < end) throw broken(`${name} overlaps with another tensor`);
    if (from > end) throw broken(`${from - end} bytes before ${name} belong to no tensor`);
    end = to;
  }
  if (data > end) throw broken(`${data - end} bytes too many`);
  return { metadata: metadata.data, entries };
}

/**
 * What the format forbids in JSON that JSON.parse lets pass: a key given twice, and numbers that are not written
 * as natural ones, such as 1.0. All numbers of a header are naturals.
 */
function faultOfJson(text: string): string | null {
  const objects: Set<string>[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[{}]|[-\d][-+.\deE]*/g)) {
    if (token === "{") objects.push(new Set());
    else if (token === "}") objects.pop();
    else if (token.startsWith('"')) {
      const name: string = JSON.parse(token.replace(/\s*:$/, ""));
      if (!name.isWellFormed()) return "half a surrogate pair";
      if (!token.endsWith(":")) continue;
      if (objects.at(-1)!.has(name)) return `${JSON.stringify(name)} twice`;
      objects.at(-1)!.add(name);
    } else if (!/^(0|[1-9]\d*)$/.test(token)) return `the number ${token}, which is not a natural one`;
  }
  return null;
}

function allFinite(data: Float32Array): boolean {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return false;
  return true;
}
