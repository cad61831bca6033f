/** Recipes: dishes put together from what goes with each other, with amounts and steps. */
import type { Kind, WorldFiles } from "../document.ts";
import { readScripts } from "./script.ts";

export function load(files: WorldFiles): Promise<Kind> {
  // As many as a kitchen has of most things, and always several.
  return readScripts(files, "recipe", { n: ({ random }) => random.between(2, 5) });
}
