import { statfs } from "node:fs/promises";
import { UserError } from "./errors.ts";

/**
 * @param need bytes that will be written into `folder`, which is there
 * @param remedy what the user can do about it
 * @throws {UserError} if the disk has no room for them
 */
export async function requireDisk(folder: string, need: number, remedy: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (need <= free) return;
  throw new UserError(
    `${folder}: ${gigabytes(need)} will be written, the disk has ${gigabytes(free)} left; ${remedy}`,
  );
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
