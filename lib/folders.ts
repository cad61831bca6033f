/**
 * Folders that are replaced as a whole, while others read them.
 *
 * A folder `best` is written as `best.partial`, which becomes `best.new` once it is complete. Then `best` moves
 * to `best.old`, `best.new` to `best`, and `best.old` is removed. A kill may leave any of these behind. Readers
 * look around them and touch nothing; the next writer removes them.
 */
import { dirname, join } from "node:path";
import { type Content, exists, renameSynced, syncFolder, throwWriteError, writeNewFile } from "./files.ts";

/** Whether a name is one that a writer gives to what is not, or no longer, whole. */
export const isLeftover = (name: string) => /\.(tmp|partial|new|old)$/.test(name);

/**
 * Replaces a folder, or makes it, with files in memory.
 * @throws {UserError} if the system refuses; the folder is then as it was
 */
export function writeFolderAtomic(path: string, files: Record<string, Content>): Promise<void> {
  return replaceFolder(path, async (partial) => {
    for (const [name, content] of Object.entries(files)) await writeNewFile(join(partial, name), content);
  });
}

/**
 * Replaces a folder, or makes it.
 * @param fill writes and flushes the files of the folder that takes its place, which is empty; if it fails, the folder is
 *   as it was
 * @returns what `fill` does
 * @throws {UserError} if the system refuses
 */
export async function replaceFolder<T>(path: string, fill: (partial: string) => Promise<T>): Promise<T> {
  const partial = `${path}.partial`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await removeLeftovers(path);
    await Deno.mkdir(partial);
    const result = await fill(partial);
    await syncFolder(partial);
    await renameSynced(partial, `${path}.new`);
    if (await exists(path)) await Deno.rename(path, `${path}.old`);
    await renameSynced(`${path}.new`, path);
    await Deno.remove(`${path}.old`, { recursive: true }).catch(() => {});
    return result;
  } catch (error) {
    await Deno.remove(partial, { recursive: true }).catch(() => {});
    throwWriteError(error, path);
  }
}

/** Removes what killed writers left anywhere in a folder that nobody writes now; what is whole stays. */
export async function tidyFolder(folder: string): Promise<void> {
  try {
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    for (const name of names) {
      const path = join(folder, name);
      if (name.endsWith(".new")) await removeLeftovers(path.slice(0, -".new".length));
      else if (isLeftover(name)) await Deno.remove(path, { recursive: true });
      else if ((await Deno.lstat(path)).isDirectory) await tidyFolder(path);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throwWriteError(error, folder);
  }
}

/** Removes a folder; to readers it is gone at once. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await removeLeftovers(path);
    if (!await exists(path)) return;
    await renameSynced(path, `${path}.old`);
    await removeLeftovers(path);
  } catch (error) {
    throwWriteError(error, path);
  }
}

/** Removes what a killed writer of this folder left; a complete new one takes its place if it has none. */
async function removeLeftovers(path: string): Promise<void> {
  if (!await exists(path) && await exists(`${path}.new`)) await renameSynced(`${path}.new`, path);
  for (const ending of ["partial", "new", "old"]) {
    await Deno.remove(`${path}.${ending}`, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/** Where a folder's files are: there, or in `.new` after a kill between two renames. Null if nowhere. */
export async function locateFolder(path: string): Promise<string | null> {
  // The last look is for a writer that has just moved the new one into place.
  for (const place of [path, `${path}.new`, path]) if (await exists(place)) return place;
  return null;
}

/** Swaps that a reader sits out. Each takes a writer many times longer than the pause. */
const TRIES = 20;
const PAUSE_MS = 5;

/**
 * Reads several files of a folder, all from the same generation of it: if a writer replaces the folder
 * meanwhile, `read` runs again. It gets the place to read from, which is `path` if there is no such folder.
 */
export async function readFolder<T>(path: string, read: (place: string) => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    const found = await locateFolder(path);
    const place = found ?? path;
    const before = await generation(place);
    const outcome = await read(place).then((value) => ({ value }), (error) => ({ error }));
    // It may also move away between being found and being looked at.
    const whole = await generation(place) === before && (before === null) === (found === null);
    if (whole || attempt === TRIES) {
      if ("error" in outcome) throw outcome.error;
      return outcome.value;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** What tells a folder from those that had or will have its name. The time is for inodes that are used again. */
async function generation(path: string): Promise<string | null> {
  const info = await Deno.stat(path).catch(() => null);
  return info ? [info.dev, info.ino, info.mtime?.getTime(), info.birthtime?.getTime()].join() : null;
}
