/** Fetches each file once. Partial files are kept and resumed; whole ones are checked and never fetched again. */
import { dirname, join } from "@std/path";
import { UserError } from "../../errors.ts";
import { lockFolder } from "../../lock.ts";
import { exists, hashContent, hashFile, renameSynced, throwWriteError } from "../../files.ts";
import { hubHeaders, refusedByHub, type SourceFile, unreachable } from "./sources.ts";

/** After this many attempts in a row without new data, a download is given up. */
const ATTEMPTS = 5;
/** A connection that sends nothing for this long counts as dropped. */
const SILENCE_MS = 60_000;

export interface DownloadOptions {
  readonly folder: string;
  /** Called with the bytes received so far and the bytes in all, or null if the server does not say. */
  readonly progress?: (done: number, all: number | null) => void;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly pause?: number;
}

/** Longest name in bytes: file systems allow 255, and the names of partial files are a little longer. */
const LONGEST_NAME = 200;

/** Where the file at a URL is kept: each URL has its own folder, so that equal names do not collide. */
export function downloadPath(folder: string, url: string): string {
  return join(folder, hashContent(url).slice(0, 12), fileName(new URL(url).pathname));
}

/** The last part of a URL's path, made safe as a file name on every file system. */
function fileName(pathname: string): string {
  const decoded = pathname.replace(/(%[\da-f]{2})+/gi, (bytes) => {
    try {
      return decodeURIComponent(bytes);
    } catch {
      return bytes; // not UTF-8
    }
  });
  const last = decoded.split(/[/\\]/).at(-1)!.replace(/[\p{Cc}\p{Cf}:*?"<>|]/gu, "_").replace(/[. ]+$/, "");
  // Cut the beginning, as the extension at the end is needed.
  const characters = [...last.toWellFormed()];
  const size = () => new TextEncoder().encode(characters.join("")).length;
  while (size() > LONGEST_NAME) characters.splice(0, Math.ceil((size() - LONGEST_NAME) / 4));
  return characters.join("") || "file";
}

/** A failure that another attempt may get past. */
class Dropped extends Error {}

/**
 * @returns where the file is, and its checksum
 * @throws {UserError} if it cannot be fetched, is not as expected, or is being fetched by another process
 */
export async function download(
  remote: NonNullable<SourceFile["remote"]>,
  options: DownloadOptions,
): Promise<{ path: string; sha256: string }> {
  const path = downloadPath(options.folder, remote.url);
  if (await exists(path)) return { path, sha256: await check(path, remote) };
  await using _lock = await lockFolder(dirname(path), `download of ${remote.url}`);
  const partial = `${path}.part`;
  await Deno.mkdir(dirname(path), { recursive: true }).catch((error) => throwWriteError(error, path));
  await fetchWhole(remote, partial, options);
  const sha256 = await check(partial, remote);
  await renameSynced(partial, path);
  await Deno.remove(`${partial}.tag`).catch(() => {});
  return { path, sha256 };
}

/** Tries until the file is whole, or until several attempts in a row brought nothing. */
async function fetchWhole(
  remote: NonNullable<SourceFile["remote"]>,
  partial: string,
  { progress = () => {}, pause = 500 }: DownloadOptions,
): Promise<void> {
  for (let failures = 0, before = await sizeOf(partial);;) {
    try {
      return await attempt(remote, partial, progress);
    } catch (error) {
      if (!(error instanceof Dropped)) throw error;
      const here = await sizeOf(partial);
      failures = here > before ? 1 : failures + 1;
      before = here;
      if (failures === ATTEMPTS) {
        throw new UserError(
          `${remote.url}: ${error.message}, ${ATTEMPTS} times in a row; ${here} bytes are kept, so run again ` +
            "later to go on",
        );
      }
      await new Promise((resolve) => setTimeout(resolve, pause * 2 ** (failures - 1)));
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await Deno.stat(path).catch(() => null))?.size ?? 0;
}

/** Returns the file's checksum; removes the file if the checksum is not the expected one. */
async function check(path: string, { url, sha256 }: NonNullable<SourceFile["remote"]>): Promise<string> {
  const found = await hashFile(path);
  if (sha256 === undefined || found === sha256.toLowerCase()) return found;
  await Deno.remove(path);
  throw new UserError(
    `${url}: its sha256 is ${found}, but ${sha256} is expected; the file was removed: check the address and ` +
      "the checksum, then run again",
  );
}

/** One request, which continues where the last one ended. On return the file is whole. */
async function attempt(
  { url, huggingface }: NonNullable<SourceFile["remote"]>,
  partial: string,
  progress: NonNullable<DownloadOptions["progress"]>,
): Promise<void> {
  let here = await sizeOf(partial);
  // The tag of the partial file: if the server's file has changed since, the download starts over.
  const tag = here > 0 ? await Deno.readTextFile(`${partial}.tag`).catch(() => "") : "";
  const headers: Record<string, string> = {
    "accept-encoding": "identity",
    ...huggingface ? hubHeaders() : {},
  };
  if (tag) Object.assign(headers, { range: `bytes=${here}-`, "if-range": tag });
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await fetch(url, { headers, signal: silence.signal }).catch((error) => {
      if (silence.signal.aborted) throw new Dropped("the server is silent");
      const told = unreachable(url, error);
      if (/connection (closed|reset)|body|incomplete/i.test(told.message)) {
        throw new Dropped("the connection was dropped");
      }
      throw told;
    });
    const { status } = response;
    if (status === 416) {
      // Nothing is left to fetch: either the file is whole, or the server's file has changed.
      await response.body?.cancel();
      const all = Number(/\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1]);
      if (all === here) return;
      await Deno.remove(partial);
      throw new Dropped("the file has changed");
    }
    if (!response.ok) {
      await response.body?.cancel();
      if (status === 429 || status >= 500) throw new Dropped(`the server answers ${status}`);
      if (huggingface && (status === 401 || status === 403)) throw refusedByHub(huggingface);
      const why = status === 404 || status === 410
        ? "there is no such file"
        : status === 401 || status === 403
        ? "the server refuses it"
        : "the server does not give it";
      throw new UserError(`${url}: ${why} (${status}); check the address in prepare-corpus.sources`);
    }
    const going = status === 206;
    if (!going) here = 0;
    const rest = Number(response.headers.get("content-length") ?? NaN);
    const all = Number.isNaN(rest) ? null : here + rest;
    try {
      if (!going) {
        const etag = response.headers.get("etag");
        const strong = etag && !etag.startsWith("W/") ? etag : response.headers.get("last-modified") ?? "";
        await Deno.writeTextFile(`${partial}.tag`, strong);
      }
      const file = await Deno.open(partial, { write: true, create: true, truncate: !going, append: going });
      try {
        for await (const chunk of response.body ?? []) {
          clearTimeout(timer);
          timer = setTimeout(() => silence.abort(), SILENCE_MS);
          for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
          here += chunk.length;
          progress(here, all);
        }
        await file.sync();
      } finally {
        file.close();
      }
    } catch (error) {
      if (error instanceof TypeError || silence.signal.aborted) {
        throw new Dropped("the connection was dropped");
      }
      throwWriteError(error, partial);
    }
    if (all !== null && here < all) throw new Dropped("the connection was dropped");
  } finally {
    clearTimeout(timer);
  }
}
