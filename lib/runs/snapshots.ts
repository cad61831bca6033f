/** Checkpoints that a training kept on its way: the random start, steps that double, and the end. */
import { join } from "@std/path";

/** The folder of a run that holds them, each by the number of its step. */
export const SNAPSHOTS = "snapshots";

/** More than there are steps that double. */
const MOST = 64;

export const snapshotFolder = (run: string, step: number): string => join(run, SNAPSHOTS, String(step));

/** The steps of which a run has kept checkpoints, in their order. */
export async function snapshotSteps(run: string): Promise<number[]> {
  const entries = await Array.fromAsync(Deno.readDir(join(run, SNAPSHOTS))).catch(() => []);
  const names = entries.filter(({ name, isDirectory }) => isDirectory && /^\d{1,12}$/.test(name));
  return names.map(({ name }) => Number(name)).sort((a, b) => a - b).slice(0, MOST);
}
