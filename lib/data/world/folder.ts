import { join } from "@std/path";
import { HELD_OUT } from "../held_out.ts";
import { UserError } from "../../errors.ts";

/** Words, wordings and frames, from the project's root. */
export const WORLD_FOLDER = "data/world";

/** The files that the world's texts and conversations depend on, including the held-out files. */
export async function worldFiles(): Promise<string[]> {
  return [...await filesIn(WORLD_FOLDER), ...Object.values(HELD_OUT)];
}

/** @throws {UserError} if there is no such folder */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UserError(`${folder} does not exist; it comes with the project: work in the project's folder`);
  });
  const found = await Promise.all(entries.map(({ name, isDirectory }) => {
    const path = join(folder, name);
    return isDirectory ? filesIn(path) : [path];
  }));
  return found.flat().sort();
}
