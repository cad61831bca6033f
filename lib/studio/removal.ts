/**
 * Deleting a training removes its folder below models/, and nothing else. The folder is renamed first, so that it
 * disappears at once as a whole; if the process is killed, the rest has a name that is never searched.
 */
import { join } from "@std/path";
import { exists, renameSynced, throwWriteError } from "../files.ts";
import { isLeftover } from "../folders.ts";
import { lockFolder } from "../lock.ts";

export interface Contents {
  /** The folder; null if nothing was saved. */
  readonly folder: string | null;
  /** The folders in it, such as pretrain and instruct. */
  readonly parts: readonly string[];
  readonly bytes: number;
  /** Whether it came with the project. */
  readonly shipped: boolean;
}

/** Models that come with the project. */
export const SHIPPED: readonly string[] = ["small"];

/** Suffix of a folder that is being deleted; names that end in .tmp are never searched. */
const DELETED = ".deleted.tmp";

/** What lib/lock.ts adds to the name of a folder. */
const LOCK = ".lock";

const folderOf = (name: string) => join("models", name);

/** What exists of a training. */
export async function contentsOf(name: string): Promise<Contents> {
  const folder = folderOf(name), shipped = SHIPPED.includes(name);
  if (!await exists(folder)) return { folder: null, parts: [], bytes: 0, shipped };
  return { folder, parts: await partsOf(folder), bytes: await bytesIn(folder), shipped };
}

async function partsOf(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.filter(({ name, isDirectory }) => isDirectory && !isLeftover(name)).map(({ name }) => name)
    .sort();
}

/** The folders that a process may be writing, including those that are locked but not created yet. */
async function writtenIn(folder: string): Promise<Set<string>> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const locked = entries.filter(({ name }) => name.endsWith(LOCK)).map(({ name }) =>
    name.slice(0, -LOCK.length)
  );
  return new Set([...await partsOf(folder), ...locked]);
}

/** Bytes of all files; files that disappear meanwhile are not counted. */
async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const { name, isDirectory } of await Array.fromAsync(Deno.readDir(folder)).catch(() => [])) {
    const path = join(folder, name);
    bytes += isDirectory ? await bytesIn(path) : (await Deno.lstat(path).catch(() => null))?.size ?? 0;
  }
  return bytes;
}

/**
 * Removes the folder of a training, if there is one.
 * @throws {UserError} if a process is writing in it, or the system refuses
 */
export async function removeModels(name: string): Promise<void> {
  const folder = folderOf(name);
  await removeDeleted();
  if (!await exists(folder)) return;
  await using locks = new AsyncDisposableStack();
  for (const part of await writtenIn(folder)) locks.use(await lockFolder(join(folder, part), "studio"));
  try {
    await renameSynced(folder, folder + DELETED);
    await Deno.remove(folder + DELETED, { recursive: true });
  } catch (error) {
    throwWriteError(error, folder);
  }
}

/** Removes what is left of deletions during which the studio was killed. */
export async function removeDeleted(): Promise<void> {
  const entries = await Array.fromAsync(Deno.readDir("models")).catch(() => []);
  for (const { name } of entries.filter(({ name }) => name.endsWith(DELETED))) {
    // What cannot be removed now is tried again with the next deletion.
    await Deno.remove(join("models", name), { recursive: true }).catch(() => {});
  }
}
