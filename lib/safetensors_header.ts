/**
 * The start of a safetensors file: an 8-byte header length, then a JSON header that gives each tensor's type, shape and
 * byte range. https://github.com/huggingface/safetensors#format
 */
import { z } from "zod";
import { UserError } from "./errors.ts";
import { openFile } from "./files.ts";

/** Bytes per number, by the format's names of types. */
const BYTES: Record<string, number> = {
  ...{ BOOL: 1, U8: 1, I8: 1, U16: 2, I16: 2, U32: 4, I32: 4, U64: 8, I64: 8 },
  ...{ F16: 2, BF16: 2, F32: 4 },
};

/** The longest header that the format allows, in bytes. */
const LONGEST_HEADER = 100_000_000;

/** The bytes before the data: the header's length, then the header, padded to align the data. */
export function encodeHeader(header: Readonly<Record<string, unknown>>): Uint8Array<ArrayBuffer>[] {
  let json = JSON.stringify(header);
  json += " ".repeat((8 - new TextEncoder().encode(json).length % 8) % 8);
  const text = new TextEncoder().encode(json);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  return [length, text];
}

const Natural = z.number().int().nonnegative();
const Entry = z.strictObject({
  dtype: z.string(),
  shape: z.array(Natural),
  data_offsets: z.tuple([Natural, Natural]),
});
const Metadata = z.record(z.string(), z.string());

export interface Header {
  readonly metadata: Record<string, string>;
  /** Sorted by position in the file. */
  readonly entries: readonly (z.infer<typeof Entry> & { readonly name: string; readonly size: number })[];
  /** Number of bytes in the file before the data. */
  readonly before: number;
}

/**
 * Reads a file's header, and none of its data.
 * @param remedy what to do if the file is missing or not whole
 * @throws {UserError} if the file breaks the format's rules, or its data are cut off
 */
export async function readHeader(path: string, remedy: string): Promise<Header> {
  using file = await openFile(path, remedy);
  return await headerOf(file, notWhole(path, remedy));
}

export const notWhole = (path: string, remedy: string) => (why: string) =>
  new UserError(`${path} is not a whole safetensors file (${why}); ${remedy}`);

/** Reads the next `bytes` bytes of a file. */
export async function readBytes(file: Deno.FsFile, bytes: number, broken: (why: string) => UserError) {
  const buffer = new Uint8Array(bytes);
  for (let at = 0; at < bytes;) {
    const n = await file.read(buffer.subarray(at));
    if (n === null) throw broken("it was cut while it was read");
    at += n;
  }
  return buffer;
}

/** The header of a file that was just opened. Leaves the file at the start of the data. */
export async function headerOf(file: Deno.FsFile, broken: (why: string) => UserError): Promise<Header> {
  const { size } = await file.stat();
  if (size < 8) throw broken(`${size} bytes`);
  const { buffer } = await readBytes(file, 8, broken);
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  if (length > size - 8) throw broken("the header is cut off");
  if (length > LONGEST_HEADER) throw broken(`its header of ${length} bytes is too long`);
  return parseHeader(await readBytes(file, length, broken), size - 8 - length, broken);
}

/** Checks everything that the format demands of a header. `data` is the number of bytes that follow it. */
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
  return { metadata: metadata.data, entries, before: 8 + bytes.length };
}

/**
 * Faults that the format forbids but JSON.parse accepts: duplicate keys, and numbers not written as natural numbers,
 * such as 1.0. All numbers in a header are natural numbers.
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
