import { join } from "@std/path";

/** Words, wordings and frames, from the project's root. */
export const WORLD_FOLDER = "data/world";

/** The files that texts and conversations of the world depend on. */
export async function worldFiles(folder: string = WORLD_FOLDER): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const found = await Promise.all(entries.map(({ name, isDirectory }) => {
    const path = join(folder, name);
    return isDirectory ? worldFiles(path) : [path];
  }));
  return found.flat().sort();
}
