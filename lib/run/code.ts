/** Hashes of the code that a result depends on. */
import { relative } from "@std/path";
import type { FileHashes } from "./hashes.ts";
import { importGraph } from "./imports.ts";

/** The project's folder. */
const ROOT = new URL("../../", import.meta.url).pathname;

/**
 * Modules that a result does not depend on, by path from the project's root. They show results, store them,
 * or decide whether a stage runs; a change in one does not make a result stale.
 */
const PRESENTATION = [
  /^lib\/(disk_space|errors|files|folders|page|plot|progress)\.ts$/,
  /^lib\/(evaluate|data\/corpus)\/report(_\w+)?\.ts$/,
  // Presets are compared by their values. training.ts holds what these modules compute from them.
  /^lib\/run\/(?!training\.ts$)/,
  /^lib\/data\/corpus\/options\.ts$/,
  /^lib\/.*_section\.ts$/,
  // A stage depends on the results of the stages before it, not on their code.
  /^stages\//,
];

/** Hashes of the modules, kernels and lock file that compute a stage's result, by path from the root. */
export async function codeHashes(module: string, hashes: FileHashes): Promise<Record<string, string>> {
  const entry = new URL(module).pathname;
  const leaveOut = (path: string) => PRESENTATION.some((pattern) => pattern.test(relative(ROOT, path)));
  const files = [...await importGraph(entry, leaveOut), `${ROOT}deno.lock`];
  const entries = await Promise.all(
    files.map(async (path) => [relative(ROOT, path), (await hashes.stamp(path)).hash] as const),
  );
  return Object.fromEntries(entries);
}

/** The paths whose hashes differ. Null if only one hash of all files was recorded, as older versions did. */
export function changedCode(
  before: string | Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string[] | null {
  if (typeof before === "string") return null;
  const paths = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...paths].filter((path) => before[path] !== now[path]).sort();
}
