/**
 * Reads GGUF files. Every size that a file claims is checked against the file's real size before it is used, so that
 * a broken or hostile file leads to a message and does not fill the memory.
 */
import { UserError } from "../../errors.ts";
import { openFile } from "../../files.ts";
import { readBytes } from "../../safetensors_header.ts";
import {
  aligned,
  ALIGNMENT,
  MAGIC,
  TENSOR_FORMATS,
  tensorBytes,
  type TensorType,
  VALUE_TYPES,
} from "./format.ts";

type Broken = (why: string) => UserError;

export type Value = number | boolean | string | readonly (number | boolean | string)[];

/** A tensor in an open file. */
export interface GgufTensor {
  readonly type: TensorType;
  /** The outermost dimension first. */
  readonly shape: readonly number[];
  readonly size: number;
  /** Offset in the file, in bytes. */
  readonly at: number;
}

/** The most bytes of all keys and names together. The largest vocabularies take a tenth of it. */
const LONGEST_START = 100_000_000;
/** The most entries of an array: as many as the ids of a vocabulary may be here. */
const LONGEST_ARRAY = 2 ** 22;
const MOST_DIMENSIONS = 4;
/** The fewest bytes of a key with its value, and of a tensor's description. */
const SMALLEST_KEY = 14, SMALLEST_TENSOR = 33;
/** Names, for messages, of types that we do not read; `ggml_type` in https://github.com/ggml-org/ggml. */
const OTHER_TYPES: Record<number, string> = {
  ...{ 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K" },
  ...{ 20: "IQ4_NL", 23: "IQ4_XS", 39: "MXFP4" },
};

export const REMEDY = "give a whole GGUF file";

export class GgufReader implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #broken: Broken;

  private constructor(
    file: Deno.FsFile,
    broken: Broken,
    readonly keys: ReadonlyMap<string, Value>,
    readonly tensors: ReadonlyMap<string, GgufTensor>,
  ) {
    this.#file = file;
    this.#broken = broken;
  }

  /**
   * Reads a file's keys and the descriptions of its tensors, but no weights.
   * @throws {UserError} if it is missing, breaks the format's rules, or has a tensor type that is not supported
   */
  static async open(path: string): Promise<GgufReader> {
    const broken = (why: string) => new UserError(`${path} is no whole GGUF file (${why}); ${REMEDY}`);
    const file = await openFile(path, REMEDY);
    try {
      const { size } = await file.stat();
      const start = new Start(file, size, broken);
      const counts = readCounts(start, broken);
      const keys = readKeys(start, counts.keys, broken);
      const tensors = readTensors(start, counts.tensors, broken);
      const alignment = alignmentOf(keys, broken);
      return new GgufReader(
        file,
        broken,
        keys,
        place(tensors, aligned(start.at, alignment), size, { alignment, broken }),
      );
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * A tensor's numbers in float32, whatever its type.
   * @throws {UserError} if one of them is not finite
   */
  async read(name: string): Promise<Float32Array<ArrayBuffer>> {
    const data = TENSOR_FORMATS[this.tensors.get(name)!.type].decode(await this.readStored(name));
    for (let i = 0; i < data.length; i++) {
      if (!Number.isFinite(data[i])) throw this.#broken(`${name} holds a number that is not finite`);
    }
    return data;
  }

  /** A tensor's bytes as they are stored. */
  async readStored(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const { type, size, at } = this.tensors.get(name)!;
    await this.#file.seek(at, Deno.SeekMode.Start);
    return await readBytes(this.#file, tensorBytes(type, size), this.#broken);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** The start of a file, read piece by piece. */
class Start {
  readonly #file: Deno.FsFile;
  readonly #broken: Broken;
  #buffer = new Uint8Array(0);
  #view = new DataView(this.#buffer.buffer);
  #used = 0;
  /** Bytes read so far. */
  at = 0;

  constructor(file: Deno.FsFile, readonly size: number, broken: Broken) {
    this.#file = file;
    this.#broken = broken;
  }

  get left(): number {
    return this.size - this.at;
  }

  /** Reads the next so many bytes; returns where they begin in the buffer. */
  #take(bytes: number): number {
    if (bytes > this.left) throw this.#broken("it is cut off before its tensors");
    if (this.at + bytes > LONGEST_START) {
      throw this.#broken(`its keys and names take more than ${LONGEST_START / 1e6} MB`);
    }
    if (this.#used + bytes > this.#buffer.length) this.#fill(bytes);
    const from = this.#used;
    this.#used += bytes;
    this.at += bytes;
    return from;
  }

  #fill(bytes: number): void {
    const rest = this.#buffer.subarray(this.#used);
    const buffer = new Uint8Array(Math.min(Math.max(bytes, 2 ** 20), this.left));
    buffer.set(rest);
    for (let at = rest.length; at < buffer.length;) {
      const n = this.#file.readSync(buffer.subarray(at));
      if (n === null) throw this.#broken("it was cut while it was read");
      at += n;
    }
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer);
    this.#used = 0;
  }

  u32(): number {
    const at = this.#take(4);
    return this.#view.getUint32(at, true);
  }

  /** Rounded above 2^53: a number that large is wrong anywhere in a file. */
  u64(): number {
    const at = this.#take(8);
    return Number(this.#view.getBigUint64(at, true));
  }

  text(): string {
    const length = this.u64();
    const at = this.#take(length);
    try {
      return utf8.decode(this.#buffer.subarray(at, at + length));
    } catch {
      throw this.#broken("a text is no UTF-8");
    }
  }

  value(type: number): number | boolean | string {
    const { uint8, int8, uint16, int16, uint32, int32, float32, bool, uint64, int64, float64 } = VALUE_TYPES;
    if (type === VALUE_TYPES.string) return this.text();
    const at = this.#take(BYTES[type]);
    const view = this.#view;
    switch (type) {
      case uint8:
        return view.getUint8(at);
      case int8:
        return view.getInt8(at);
      case uint16:
        return view.getUint16(at, true);
      case int16:
        return view.getInt16(at, true);
      case uint32:
        return view.getUint32(at, true);
      case int32:
        return view.getInt32(at, true);
      case float32:
        return view.getFloat32(at, true);
      case bool:
        return view.getUint8(at) !== 0;
      case uint64:
        return Number(view.getBigUint64(at, true));
      case int64:
        return Number(view.getBigInt64(at, true));
      default:
        return type === float64 ? view.getFloat64(at, true) : NaN;
    }
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes of a value, by its type; for a text, the bytes of its length. */
const BYTES: Record<number, number> = {
  ...{ 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 8: 8, 10: 8, 11: 8, 12: 8 },
};

function readCounts(start: Start, broken: Broken): { tensors: number; keys: number } {
  if (start.size < 24) throw broken(`${start.size} bytes`);
  if (start.u32() !== MAGIC) throw broken("it does not begin with GGUF");
  const version = start.u32();
  if (version !== 2 && version !== 3) {
    const why = version > 0 && version % 2 ** 24 === 0 ? "it is big-endian" : `version ${version}`;
    throw broken(`${why}; versions 2 and 3 are read, little-endian`);
  }
  const tensors = start.u64(), keys = start.u64();
  if (keys > start.left / SMALLEST_KEY) throw broken(`it cannot hold the ${keys} keys that it claims`);
  if (tensors > start.left / SMALLEST_TENSOR) {
    throw broken(`it cannot hold the ${tensors} tensors that it claims`);
  }
  return { tensors, keys };
}

function readKeys(start: Start, count: number, broken: Broken): Map<string, Value> {
  const keys = new Map<string, Value>();
  for (let i = 0; i < count; i++) {
    const key = start.text(), type = start.u32();
    if (keys.has(key)) throw broken(`${key} stands there twice`);
    keys.set(
      key,
      type === VALUE_TYPES.array ? readArray(start, key, broken) : start.value(known(type, key, broken)),
    );
  }
  return keys;
}

function readArray(start: Start, key: string, broken: Broken): Value {
  const type = known(start.u32(), key, broken), length = start.u64();
  if (length > LONGEST_ARRAY || length * BYTES[type] > start.left) {
    throw broken(
      `${key} claims ${length} entries; the file is too short for them, or they are above ${LONGEST_ARRAY}`,
    );
  }
  return Array.from({ length }, () => start.value(type));
}

function known(type: number, key: string, broken: Broken): number {
  if (!Object.hasOwn(BYTES, type)) throw broken(`${key} has values of type ${type}, which is not read`);
  return type;
}

type Unplaced = Omit<GgufTensor, "at"> & { readonly offset: number };

function readTensors(start: Start, count: number, broken: Broken): Map<string, Unplaced> {
  const tensors = new Map<string, Unplaced>();
  for (let i = 0; i < count; i++) {
    const name = start.text(), dimensions = start.u32();
    if (tensors.has(name)) throw broken(`${name} stands there twice`);
    if (dimensions < 1 || dimensions > MOST_DIMENSIONS) throw broken(`${name} has ${dimensions} dimensions`);
    const shape = Array.from({ length: dimensions }, () => start.u64()).reverse();
    const size = shape.reduce((a, b) => a * b, 1);
    const code = start.u32(), offset = start.u64();
    const type = (Object.keys(TENSOR_FORMATS) as TensorType[]).find((key) =>
      TENSOR_FORMATS[key].code === code
    );
    if (!type) {
      const called = OTHER_TYPES[code] ? ` (${OTHER_TYPES[code]})` : "";
      throw broken(`${name} has type ${code}${called}; F32, F16, BF16, Q8_0 and Q4_0 are read`);
    }
    if (shape.at(-1)! % TENSOR_FORMATS[type].block !== 0) {
      throw broken(
        `${name} is [${shape}], but rows of ${type} are whole blocks of ${TENSOR_FORMATS[type].block}`,
      );
    }
    tensors.set(name, { type, shape, size, offset });
  }
  return tensors;
}

function alignmentOf(keys: ReadonlyMap<string, Value>, broken: Broken): number {
  const alignment = keys.get("general.alignment") ?? ALIGNMENT;
  // llama.cpp requires a power of two.
  if (typeof alignment === "number" && Number.isInteger(Math.log2(alignment)) && alignment <= 2 ** 20) {
    return alignment;
  }
  throw broken(
    `general.alignment is ${String(alignment).slice(0, 40)}, not a power of two of at most ${2 ** 20}`,
  );
}

/** Checks the tensors' offsets, and turns them into offsets in the file. */
function place(
  tensors: ReadonlyMap<string, Unplaced>,
  data: number,
  size: number,
  { alignment, broken }: { alignment: number; broken: Broken },
): Map<string, GgufTensor> {
  const placed = new Map<string, GgufTensor>();
  let end = 0, before = "";
  const inOrder = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.size - b.size);
  for (const [name, { offset, ...tensor }] of inOrder) {
    if (offset % alignment !== 0) throw broken(`${name} does not begin at a multiple of ${alignment} bytes`);
    if (offset < end) throw broken(`${name} overlaps with ${before}`);
    end = offset + tensorBytes(tensor.type, tensor.size);
    before = name;
    // Written with ! so that it also throws if `end` is NaN or infinite.
    if (!(data + end <= size)) throw broken(`it ends before ${name} does`);
    if (tensor.size > 0) placed.set(name, { ...tensor, at: data + offset });
    else throw broken(`${name} is [${tensor.shape}], which holds no number`);
  }
  return placed;
}
