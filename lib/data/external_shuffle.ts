/**
 * Shuffles more records than fit in memory. Each record gets a random key, which says to which file it is written; then
 * each file in turn is read and sorted by key (Sandelius, "A Simple Randomization Procedure", 1962).
 * The order depends on the seed and on the records' numbers, but not on how many files there are.
 */
import { join } from "@std/path";
import { ReadFile, writeAllSync } from "../files.ts";
import { randomBits } from "../tensor/random.ts";

/** Target size of a file in bytes, most files, and bytes buffered in memory for each. */
const FILE = 1 << 24, FILES = 1024, WAITING = 1 << 15;
/** Before each record: its key and its size in bytes. */
const HEADER = 8;

export class ExternalShuffle {
  readonly #files: ShuffleFile[];
  readonly #seed: number;
  #records = 0;

  /**
   * @param folder of the temporary files
   * @param bytes of all records, roughly: it decides how many files there are, as one at a time must fit in memory
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

  /** All records in their new order, once. A piece holds many records, and the next one may overwrite it. */
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

/** Copies the records, without headers, in the order of their keys; records with equal keys stay in order. */
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

/** Some of the records, in a file that is written, read once and then removed. */
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

  /** Reads the whole file and removes it from the disk. */
  takeInto(into: Uint8Array): void {
    this.#flush();
    {
      using file = new ReadFile(this.#path);
      file.read(0, into);
    }
    Deno.removeSync(this.#path);
  }
}

/** Opens the file for one write only, to stay within the system's limit of open files. */
function appendTo(path: string, bytes: Uint8Array): void {
  using file = Deno.openSync(path, { append: true, create: true });
  writeAllSync(file, bytes, path);
}
