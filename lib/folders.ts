/**
 * Replaces folders as a whole while others read them.
 *
 * A folder `best` is written as `best.partial`, which becomes `best.new` once it is complete. Then `best` moves
 * to `best.old`, `best.new` to `best`, and `best.old` is removed. A kill may leave any of these behind. Readers
 * work around leftovers without touching them; the next writer removes them.
 */
import { dirname, join } from "node:path";
import { type Content, exists, renameSynced, syncFolder, throwWriteError, writeNewFile } from "./files.ts";

/** Whether a name is one of those that writers give to files and folders that are not whole yet, or are replaced. */
export const isLeftover = (name: string) => /\.(tmp|partial|new|old)$/.test(name);

/**
 * Creates or replaces a folder, with files from memory.
 * @throws {UserError} if the system refuses; the folder is then unchanged
 */
export function writeFolderAtomic(path: string, files: Record<string, Content>): Promise<void> {
  return replaceFolder(path, async (partial) => {
    for (const [name, content] of Object.entries(files)) await writeNewFile(join(partial, name), content);
  });
}

/**
 * Creates or replaces a folder.
 * @param fill writes and flushes the files into the new folder, which is empty at first; if it fails, the old folder
 *   stays unchanged
 * @returns the result of `fill`
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

/** Removes leftovers of killed writers anywhere in a folder that nobody is writing; whatever is whole stays. */
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

/** Removes a folder; for readers it disappears at once. */
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

/** Removes a killed writer's leftovers. If the folder itself is missing, a complete `.new` becomes the folder. */
async function removeLeftovers(path: string): Promise<void> {
  if (!await exists(path) && await exists(`${path}.new`)) await renameSynced(`${path}.new`, path);
  for (const ending of ["partial", "new", "old"]) {
    await Deno.remove(`${path}.${ending}`, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/** Where a folder's files are: in place, or in `.new` after a kill between two renames. Null if there are none. */
export async function locateFolder(path: string): Promise<string | null> {
  // The third look catches a writer that has just moved the new folder into place.
  for (const place of [path, `${path}.new`, path]) if (await exists(place)) return place;
  return null;
}

/** How often a reader tries again when the folder is replaced. Writing one takes far longer than the pause. */
const TRIES = 20;
const PAUSE_MS = 5;

/**
 * Reads several files of a folder, all from the same version of it: if a writer replaces the folder
 * meanwhile, `read` runs again. `read` gets the path to read from, which is `path` if there is no such folder.
 */
export async function readFolder<T>(path: string, read: (place: string) => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    const found = await locateFolder(path);
    const place = found ?? path;
    const before = await generation(place);
    const outcome = await read(place).then((value) => ({ value }), (error) => ({ error }));
    // The folder may also have moved after it was found and before it was stat'ed.
    const whole = await generation(place) === before && (before === null) === (found === null);
    if (whole || attempt === TRIES) {
      if ("error" in outcome) throw outcome.error;
      return outcome.value;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Identifies one version of a folder among all that bear its name. Includes times because inodes are reused. */
async function generation(path: string): Promise<string | null> {
  const info = await Deno.stat(path).catch(() => null);
  return info ? [info.dev, info.ino, info.mtime?.getTime(), info.birthtime?.getTime()].join() : null;
}
