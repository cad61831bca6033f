import { statfs } from "node:fs/promises";
import { UserError } from "./errors.ts";

/**
 * @param need bytes that will be written into `folder`, which must exist
 * @param remedy what the user can do about it
 * @throws {UserError} if the disk has too little space for them
 */
export async function requireDisk(folder: string, need: number, remedy: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (need <= free) return;
  throw new UserError(
    `${folder}: ${inUnits(need)} will be written, the disk has ${inUnits(free)} left; ${remedy}`,
  );
}

const inUnits = (bytes: number) =>
  bytes < 1e8 ? `${(bytes / 1e6).toFixed(2)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
