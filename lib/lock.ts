/**
 * One writer per folder: a lock file beside it, which the operating system locks, and unlocks when the process ends in
 * any way. So a lock file left by a killed process does not lock anything; its content is for messages only.
 */
import { dirname } from "@std/path";
import { z } from "zod";
import { describe, UserError } from "./errors.ts";
import { throwWriteError } from "./files.ts";

const Holder = z.object({ pid: z.number(), task: z.string(), since: z.string() });

/**
 * Locks a folder, which need not exist, until the lock is disposed of.
 * @param task the task to name in the message to others
 * @throws {UserError} at once if another process, or another part of this one, has the lock
 */
export async function lockFolder(folder: string, task: string): Promise<AsyncDisposable> {
  const path = `${folder.replace(/\/+$/, "")}.lock`;
  for (;;) {
    const file = await open(path);
    try {
      if (!await tryLock(file, path) && !await tryAgain(file, path)) throw await heldBy(folder, path);
      // The previous holder may have removed the file after we opened it and before we locked it.
      if (!await isSame(file, path)) {
        file.close();
        continue;
      }
      const holder: z.infer<typeof Holder> = { pid: Deno.pid, task, since: new Date().toISOString() };
      await file.truncate();
      await file.write(new TextEncoder().encode(JSON.stringify(holder) + "\n"));
    } catch (error) {
      file.close();
      throw error;
    }
    return {
      async [Symbol.asyncDispose]() {
        // Removed while still locked: anyone who opens the path from here on creates a new file.
        await Deno.remove(path).catch(() => {});
        file.close();
      },
    };
  }
}

/**
 * The time since which another process has had a folder's lock, or null if none has it. Nothing is written or kept.
 */
export async function lockedSince(folder: string): Promise<Date | null> {
  try {
    const path = `${folder.replace(/\/+$/, "")}.lock`;
    using file = await Deno.open(path);
    if (await file.tryLock(false)) return null; // closing the file releases the lock
    return new Date(Holder.parse(JSON.parse(await Deno.readTextFile(path))).since);
  } catch {
    return null;
  }
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    return await Deno.open(path, { read: true, write: true, create: true });
  } catch (error) {
    throwWriteError(error, path);
  }
}

async function tryLock(file: Deno.FsFile, path: string): Promise<boolean> {
  try {
    return await file.tryLock(true);
  } catch (error) {
    throw new UserError(
      `${path} cannot be locked (${describe(error)}); choose a folder on another file system`,
    );
  }
}

/** Tries again after a moment: someone who only checks the lock holds it briefly. */
async function tryAgain(file: Deno.FsFile, path: string): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return await tryLock(file, path);
}

async function isSame(file: Deno.FsFile, path: string): Promise<boolean> {
  const [ours, there] = await Promise.all([file.stat(), Deno.stat(path).catch(() => null)]);
  return there !== null && ours.ino === there.ino && ours.dev === there.dev;
}

async function heldBy(folder: string, path: string): Promise<UserError> {
  const remedy = "wait until it has ended, or end it";
  try {
    const { pid, task, since } = Holder.parse(JSON.parse(await Deno.readTextFile(path)));
    return new UserError(
      `${folder} is being written by process ${pid} (${task}, since ${since.slice(0, 19)}Z); ${remedy}`,
    );
  } catch {
    // The holder has not written its name yet, or the system lets nobody read a locked file.
    return new UserError(`${folder} is being written by another process; ${remedy}`);
  }
}
