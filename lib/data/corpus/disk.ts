/** Spools: the files between the passes, with documents one after another. */
import { Appender, ReadFile } from "../../files.ts";

/**
 * Documents in the format of a spool. Each has its length in bytes, its length in characters and the number of its
 * file, in 4 bytes each, and then its text in UTF-8.
 */
export class SpoolBuffer {
  #buffer: Uint8Array<ArrayBuffer>;
  #filled = 0;
  readonly #encoder = new TextEncoder();

  /** @param size of the first buffer, in bytes; it grows */
  constructor(size: number) {
    this.#buffer = new Uint8Array(size);
  }

  get length(): number {
    return this.#filled;
  }

  #reserve(size: number): void {
    const most = this.#filled + size;
    if (most <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(most, 2 * this.#buffer.length));
    larger.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = larger;
  }

  /** Adds a document of another spool. */
  copy({ bytes }: Spooled): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  add(text: string, file: number): void {
    this.#reserve(HEADER + 3 * text.length);
    const { written } = this.#encoder.encodeInto(text, this.#buffer.subarray(this.#filled + HEADER));
    const view = new DataView(this.#buffer.buffer, this.#filled);
    view.setUint32(0, written, true);
    view.setUint32(4, text.length, true);
    view.setUint32(8, file, true);
    this.#filled += HEADER + written;
  }

  /** Returns what was added as a new buffer, and empties this one. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.take().slice();
  }

  /** Like `bytes` without a copy: the result is valid until the next document is added. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#buffer.subarray(0, this.#filled);
    this.#filled = 0;
    return bytes;
  }
}

const HEADER = 12;

export interface Spooled {
  /** Length in characters (UTF-16 code units). */
  readonly length: number;
  readonly file: number;
  /** The whole record as it is in the spool, and the part of it that is the text. */
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
  /** Decoded when asked for. */
  readonly text: string;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function* recordsOf(bytes: Uint8Array<ArrayBuffer>): Generator<Spooled> {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 0; at < bytes.length;) {
    const size = view.getUint32(at, true);
    const content = bytes.subarray(at + HEADER, at + HEADER + size);
    yield {
      bytes: bytes.subarray(at, at + HEADER + size),
      content,
      length: view.getUint32(at + 4, true),
      file: view.getUint32(at + 8, true),
      get text() {
        return decoder.decode(content);
      },
    };
    at += HEADER + size;
  }
}

/** A part of a file, in bytes. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A file that is written in parts. */
export class PartWriter implements Disposable {
  readonly #file: Appender;
  #written = 0;

  constructor(path: string) {
    this.#file = new Appender(path);
  }

  /** Appends to a part and returns its new range. Parts are written one after another. */
  write(bytes: Uint8Array, part: Range): Range {
    const from = part.from < part.to ? part.from : this.#written;
    this.#file.write(bytes);
    this.#written += bytes.length;
    return { from, to: this.#written };
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

export const NOTHING: Range = { from: 0, to: 0 };

/** Whole documents of a spool, about `CHUNK` bytes at a time, in a buffer that the next ones overwrite. */
export function* readSpool(path: string, { from, to }: Range): Generator<Uint8Array<ArrayBuffer>> {
  using file = new ReadFile(path);
  let buffer = new Uint8Array(2 * CHUNK), held = 0, at = from;
  while (at < to) {
    const end = held + Math.min(CHUNK, to - at);
    if (end > buffer.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(buffer.subarray(0, held));
      buffer = larger;
    }
    file.read(at, buffer.subarray(held, end));
    at += end - held;
    const view = new DataView(buffer.buffer);
    let whole = 0;
    while (whole + HEADER <= end && whole + HEADER + view.getUint32(whole, true) <= end) {
      whole += HEADER + view.getUint32(whole, true);
    }
    if (whole > 0) yield buffer.subarray(0, whole);
    buffer.copyWithin(0, whole, end);
    held = end - whole;
  }
}

/** The documents in a range of a spool, one by one; the next may overwrite a document's bytes. */
export function* readRecords(path: string, range: Range): Generator<Spooled> {
  for (const chunk of readSpool(path, range)) yield* recordsOf(chunk);
}

/** Bytes that are read, sent to a thread or written at once. */
export const CHUNK = 1 << 16;
