/** Finds the trainings in a folder: all folders below it that have metrics. */
import { join, relative } from "@std/path";
import { exists } from "../files.ts";
import { isLeftover } from "../folders.ts";
import { SNAPSHOTS } from "./snapshots.ts";

/** The file of figures in a run's folder. */
export const METRICS = "metrics.jsonl";

/** Folders nested deeper than this are not searched; runs beyond the maximum are left out. */
const DEPTH = 6, MOST_RUNS = 1000;

/** Folders inside a run in which there are no other runs. */
const INNER = ["best", "last", SNAPSHOTS];

export interface FoundRun {
  /** Path of its folder relative to the one that was searched, such as `small/pretrain`. */
  readonly id: string;
  readonly folder: string;
}

/** The runs below a folder, sorted by name. Folders that cannot be read are skipped. */
export async function findRuns(root: string): Promise<FoundRun[]> {
  const found: FoundRun[] = [];
  const search = async (folder: string, depth: number): Promise<void> => {
    if (found.length >= MOST_RUNS) return;
    if (folder !== root && await exists(join(folder, METRICS))) {
      found.push({ id: relative(root, folder).replaceAll("\\", "/"), folder });
    }
    if (depth === 0) return;
    const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
    const names = entries.filter((entry) => entry.isDirectory).map(({ name }) => name).sort();
    for (const name of names) {
      if (!INNER.includes(name) && !isLeftover(name)) await search(join(folder, name), depth - 1);
    }
  };
  await search(root, DEPTH);
  return found;
}
