/** Instructions: how to plant, wash, mend, draw or play something, or walk somewhere. */
import type { Kind, WorldFiles } from "../document.ts";
import { readScripts } from "./script.ts";

export function load(files: WorldFiles): Promise<Kind> {
  return readScripts(files, "instruction");
}
