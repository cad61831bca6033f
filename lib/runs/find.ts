/** Which trainings a folder holds: the folders below it that have figures. */
import { join, relative } from "@std/path";
import { exists } from "../files.ts";
import { isLeftover } from "../folders.ts";
import { SNAPSHOTS } from "./snapshots.ts";

/** Figures of a run, in its folder. */
export const METRICS = "metrics.jsonl";

/** Folders below this many others are not searched, and runs that are too many are left out. */
const DEPTH = 6, MOST_RUNS = 1000;

/** Folders of a run that hold no runs. */
const INNER = ["best", "last", SNAPSHOTS];

export interface FoundRun {
  /** Its folder below the one that was searched, such as `small/pretrain`. */
  readonly id: string;
  readonly folder: string;
}

/** The runs below a folder, by name. Folders that cannot be read are left out. */
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
