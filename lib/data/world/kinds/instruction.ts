/** How something is done: planted, washed, mended, drawn, played, or reached on foot. */
import type { Kind, WorldFiles } from "../document.ts";
import { readScripts } from "./script.ts";

export function load(files: WorldFiles): Promise<Kind> {
  return readScripts(files, "instruction");
}
