/** A sparse file of records of equal size, read and written by number; missing records take no disk space. */
import { readAllSync, writeAllSync } from "../../files.ts";

export class RecordFile implements Disposable {
  readonly #path: string;
  readonly #size: number;
  readonly #file: Deno.FsFile;

  /** @param size of a record, in bytes */
  constructor(path: string, size: number) {
    this.#path = path;
    this.#size = size;
    this.#file = Deno.openSync(path, { read: true, write: true, create: true, truncate: true });
  }

  /** Writes records, numbered from `number` on. */
  write(number: number, records: Uint8Array): void {
    this.#file.seekSync(number * this.#size, Deno.SeekMode.Start);
    writeAllSync(this.#file, records, this.#path);
  }

  /** Fills `into` with the records from `number` on. */
  read(number: number, into: Uint8Array): void {
    readAllSync(this.#file, number * this.#size, into, this.#path);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
