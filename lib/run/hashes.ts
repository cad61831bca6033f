/** Hashes of files, each computed once. */
import { hashFile } from "../files.ts";

/** A file's hash, and the size and time that identify its content without reading it. */
export interface Stamp {
  /** SHA-256, in hexadecimal. */
  readonly hash: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** Like make, assumes that a file has not changed if its size and time have not. */
export class FileHashes {
  readonly #known = new Map<string, Stamp>();
  /** Paths of the files that had to be read. */
  readonly read: string[] = [];

  /** Takes over a file's stamp from a manifest. */
  know(path: string, stamp: Stamp): void {
    this.#known.set(key(path, stamp), stamp);
  }

  /** @throws {Deno.errors.NotFound} */
  async stamp(path: string): Promise<Stamp> {
    const { size: bytes, mtime } = await Deno.stat(path);
    const modified = mtime?.getTime() ?? 0;
    const known = this.#known.get(key(path, { bytes, modified }));
    if (known) return known;
    this.read.push(path);
    const stamp = { hash: await hashFile(path), bytes, modified };
    this.know(path, stamp);
    return stamp;
  }
}

const key = (path: string, { bytes, modified }: Omit<Stamp, "hash">) => `${path}\n${bytes}\n${modified}`;
