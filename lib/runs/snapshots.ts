/** Checkpoints that a training keeps on its way: of steps 0, 1, 2, 4, 8, … and of the end. */
import { join } from "@std/path";

/** The folder of a run that holds them, each in a folder named by its step. */
export const SNAPSHOTS = "snapshots";

/** The most snapshots that are listed: more than there can be steps that are powers of two. */
const MOST = 64;

export const snapshotFolder = (run: string, step: number): string => join(run, SNAPSHOTS, String(step));

/** The steps whose checkpoints a run has kept, in order. */
export async function snapshotSteps(run: string): Promise<number[]> {
  const entries = await Array.fromAsync(Deno.readDir(join(run, SNAPSHOTS))).catch(() => []);
  const names = entries.filter(({ name, isDirectory }) => isDirectory && /^\d{1,12}$/.test(name));
  return names.map(({ name }) => Number(name)).sort((a, b) => a - b).slice(0, MOST);
}
