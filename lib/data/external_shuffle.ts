/**
 * Putting more records into random order than memory holds. A record's random key says which of some files it goes
 * to; then one file after another is read and sorted by key (Sandelius, "A Simple Randomization Procedure", 1962).
 * The order follows from the seed and the number of each record, however many files there are.
 */
import { join } from "@std/path";
import { ReadFile, writeAllSync } from "../files.ts";
import { randomBits } from "../tensor/random.ts";

/** Bytes that a file is meant to have, files at most, and bytes that wait in memory to be written to each. */
const FILE = 1 << 24, FILES = 1024, WAITING = 1 << 15;
/** Before each record: its key and its size in bytes. */
const HEADER = 8;

export class ExternalShuffle {
  readonly #files: ShuffleFile[];
  readonly #seed: number;
  #records = 0;

  /**
   * @param folder of the temporary files
   * @param bytes of all records, roughly: so that there are as many files as it takes to read one at a time
   */
  constructor(folder: string, { seed, bytes }: { seed: number; bytes: number }) {
    const files = Math.max(1, Math.min(FILES, Math.ceil(bytes / FILE)));
    this.#files = Array.from({ length: files }, (_, i) => new ShuffleFile(join(folder, `shuffle-${i}`)));
    this.#seed = seed;
  }

  add(record: Uint8Array): void {
    const key = randomBits(this.#seed, this.#records++);
    this.#files[Math.floor(key / 2 ** 32 * this.#files.length)].add(key, record);
  }

  /** All records in their new order, once, many in one piece; the next piece may overwrite it. */
  *drain(): Generator<Uint8Array> {
    let buffers = { read: new Uint8Array(0), sorted: new Uint8Array(0) };
    for (const file of this.#files) {
      const { bytes } = file;
      if (bytes > buffers.read.length) {
        buffers = { read: new Uint8Array(2 * bytes), sorted: new Uint8Array(2 * bytes) };
      }
      const read = buffers.read.subarray(0, bytes);
      file.takeInto(read);
      yield sortRecords(read, buffers.sorted);
    }
  }
}

/** Copies the records into the order of their keys, without headers; those of one key stay in order. */
function sortRecords(bytes: Uint8Array<ArrayBuffer>, into: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const places: number[] = [];
  for (let at = 0; at < bytes.length; at += HEADER + view.getUint32(at + 4, true)) places.push(at);
  const key = (place: number) => view.getUint32(place, true);
  const order = Float64Array.from(places).sort((a, b) => key(a) - key(b) || a - b);
  let end = 0;
  for (const place of order) {
    const from = place + HEADER, size = view.getUint32(place + 4, true);
    into.set(bytes.subarray(from, from + size), end);
    end += size;
  }
  return into.subarray(0, end);
}

/** Some of the records, in a file that is written, read once and removed. */
class ShuffleFile {
  readonly #path: string;
  readonly #waiting = new Uint8Array(WAITING);
  readonly #view = new DataView(this.#waiting.buffer);
  #filled = 0;
  bytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  add(key: number, record: Uint8Array): void {
    if (this.#filled + HEADER + record.length > WAITING) this.#flush();
    this.#view.setUint32(this.#filled, key, true);
    this.#view.setUint32(this.#filled + 4, record.length, true);
    this.#filled += HEADER;
    this.bytes += HEADER + record.length;
    if (this.#filled + record.length > WAITING) {
      this.#flush();
      appendTo(this.#path, record);
    } else {
      this.#waiting.set(record, this.#filled);
      this.#filled += record.length;
    }
  }

  #flush(): void {
    appendTo(this.#path, this.#waiting.subarray(0, this.#filled));
    this.#filled = 0;
  }

  /** Reads all of it, and makes room on the disk. */
  takeInto(into: Uint8Array): void {
    this.#flush();
    {
      using file = new ReadFile(this.#path);
      file.read(0, into);
    }
    Deno.removeSync(this.#path);
  }
}

/** Opens the file for one write, so that no limit of open files is met. */
function appendTo(path: string, bytes: Uint8Array): void {
  using file = Deno.openSync(path, { append: true, create: true });
  writeAllSync(file, bytes, path);
}
