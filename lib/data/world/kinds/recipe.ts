/** Recipes: dishes made of ingredients that go together, with amounts and steps. */
import type { Kind, WorldFiles } from "../document.ts";
import { readScripts } from "./script.ts";

export function load(files: WorldFiles): Promise<Kind> {
  // An amount that a kitchen has of most things, always more than one.
  return readScripts(files, "recipe", { n: ({ random }) => random.between(2, 5) });
}
