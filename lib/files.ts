/** Writes files so that they are either whole or absent, reads them, and hashes them. */
import { dirname } from "node:path";
import { UserError } from "./errors.ts";
import { beat } from "./pulse.ts";

export type Content = string | readonly Uint8Array<ArrayBuffer>[];

/** @throws {UserError} one line on why the system refuses to write `path`; any other error unchanged */
export function throwWriteError(error: unknown, path: string): never {
  const code = (error as { code?: string })?.code;
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    throw new UserError(
      `${path} cannot be written: no permission; change its rights or choose another folder`,
    );
  }
  if (code === "EROFS") throw new UserError(`${path} cannot be written: the file system is read-only`);
  if (code === "ENOSPC" || code === "EDQUOT") {
    throw new UserError(`${path} cannot be written: the disk is full; free some space and run again`);
  }
  if (code === "EEXIST" || code === "ENOTDIR" || code === "EISDIR") {
    throw new UserError(
      `${path} cannot be written: a file has the name of a folder there, or a folder that of a file; ` +
        "move it away, or choose another folder",
    );
  }
  // Deno gives this error no code.
  if (/os error 27\b/.test(String(error))) {
    throw new UserError(
      `${path} cannot be written: it grows past the largest file that is allowed (ulimit -f)`,
    );
  }
  throw error;
}

/** Explanations of the operating system's codes for paths that cannot be read. */
const UNREADABLE: Record<string, string> = {
  ENOENT: "does not exist",
  EISDIR: "is a folder, where a file is expected",
  ENOTDIR: "does not exist: a part of it is a file, not a folder",
  ENAMETOOLONG: "does not exist: the name is too long",
  EACCES: "cannot be read: no permission",
};

/** @throws {UserError} one line on why the system refuses to read `path`, and `remedy`; any other error unchanged */
export function throwReadError(error: unknown, path: string, remedy: string): never {
  const why = UNREADABLE[(error as { code?: string })?.code ?? ""];
  throw why ? new UserError(`${path} ${why}; ${remedy}`) : error;
}

/** Opens a file that a user names, to read it. Refuses folders, which Linux can open as well. */
export async function openFile(path: string, remedy: string): Promise<Deno.FsFile> {
  try {
    const file = await Deno.open(path);
    if (!(await file.stat()).isDirectory) return file;
    file.close();
  } catch (error) {
    throwReadError(error, path, remedy);
  }
  throw new UserError(`${path} ${UNREADABLE.EISDIR}; ${remedy}`);
}

/** Reads the text of a file that a user names. */
export async function readText(path: string, remedy: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throwReadError(error, path, remedy);
  }
}

/** Writes a new file and flushes it to disk. */
export async function writeNewFile(
  path: string,
  content: Content | AsyncIterable<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  for await (const chunk of typeof content === "string" ? [new TextEncoder().encode(content)] : content) {
    for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
  }
  await file.sync();
}

/** Flushes a folder's entries to disk, where the platform can. Only then is a rename safe from a power cut. */
export async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return; // Windows cannot open folders
  using folder = await Deno.open(path);
  // Some network file systems cannot do this, and fail with EINVAL.
  await folder.sync().catch((error) => {
    if (error.code !== "EINVAL") throw error;
  });
}

/** Renames a file or a folder so that the new name survives a power cut. */
export async function renameSynced(from: string, to: string): Promise<void> {
  await Deno.rename(from, to);
  await syncFolder(dirname(to));
}

/** Writes a file under a temporary name, flushes it to disk, and renames it: a kill leaves the old file or the new. */
export async function writeFileAtomic(path: string, content: Content): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await writeNewFile(temporary, content);
    await renameSynced(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throwWriteError(error, path);
  }
}

/** Writes all bytes, in as many calls as the system needs. */
export function writeAllSync(file: Deno.FsFile, bytes: Uint8Array, path: string): void {
  beat();
  try {
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  } catch (error) {
    throwWriteError(error, path);
  }
}

/** Fills `into` from a file, starting at byte `at`. */
export function readAllSync(file: Deno.FsFile, at: number, into: Uint8Array, path: string): void {
  beat();
  file.seekSync(at, Deno.SeekMode.Start);
  for (let got = 0; got < into.length;) {
    const n = file.readSync(into.subarray(got));
    if (n === null) throw new UserError(`${path} was cut off by someone; run the stage again`);
    got += n;
  }
}

/** A file that can be read at any offset. */
export class ReadFile {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  constructor(path: string) {
    this.#path = path;
    this.#file = Deno.openSync(path);
  }

  /** Fills `into`, starting at byte `at`. */
  read(at: number, into: Uint8Array): void {
    readAllSync(this.#file, at, into, this.#path);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** A file that is written from beginning to end. */
export class Appender {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  constructor(path: string) {
    this.#path = path;
    this.#file = Deno.openSync(path, { write: true, create: true, truncate: true });
  }

  write(bytes: Uint8Array): void {
    writeAllSync(this.#file, bytes, this.#path);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** A file written in pieces under a temporary name; it gets its own name once it is whole. */
export class AtomicWriter {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string) {
    this.#path = path;
    this.#temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
    this.#file = Deno.openSync(this.#temporary, { write: true, createNew: true });
  }

  static async open(path: string): Promise<AtomicWriter> {
    try {
      await Deno.mkdir(dirname(path), { recursive: true });
      return new AtomicWriter(path);
    } catch (error) {
      throwWriteError(error, path);
    }
  }

  write(bytes: Uint8Array): void {
    writeAllSync(this.#file, bytes, this.#path);
  }

  async commit(): Promise<void> {
    try {
      this.#file.syncSync();
      await renameSynced(this.#temporary, this.#path);
    } catch (error) {
      throwWriteError(error, this.#path);
    }
  }

  /** Closes the file, and removes it if it was not committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#file.close();
    await Deno.remove(this.#temporary).catch(() => {});
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

/**
 * The SHA-256 of a file, in hexadecimal.
 * @throws {Deno.errors.NotFound} if it does not exist
 * @throws {UserError} if it is a folder, or may not be read
 */
export async function hashFile(path: string): Promise<string> {
  try {
    // Read as a whole, it is hashed on another thread.
    if ((await Deno.stat(path)).size <= WHOLE) {
      return new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(path))).toHex();
    }
    const hash = sha256();
    const file = await Deno.open(path);
    for await (const chunk of file.readable) hash.update(chunk);
    return hash.digest("hex");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw error;
    throwReadError(error, path, "give the path of a file");
  }
}

/** The largest file, in bytes, that is read into memory as a whole. */
const WHOLE = 2 ** 26;

/** An incremental hash. Its module takes 15 ms to load, so it is loaded only when needed. */
const sha256 = () => process.getBuiltinModule("node:crypto").createHash("sha256");

/** The SHA-256 of content in memory, in hexadecimal. */
export function hashContent(content: Content): string {
  const hash = sha256();
  for (const chunk of typeof content === "string" ? [content] : content) hash.update(chunk);
  return hash.digest("hex");
}
