/** Samples of the world's text for the report: one of each kind and family in a source's mix. */
import type { World } from "../world/world.ts";
import type { WorldTexts } from "../world/options.ts";

export interface WorldSamples {
  /** The source's name in the report's list of files. */
  readonly source: string;
  readonly texts: readonly { readonly name: string; readonly text: string }[];
}

export function worldSamples(world: World, { seed, mix }: WorldTexts): WorldSamples["texts"] {
  const names = [...world.kinds.keys(), ...world.families.keys()].filter((name) => !mix || mix[name]);
  return names.map((name) => ({
    name,
    text: world.document(world.kinds.get(name)?.name ?? name, seed, 0).text,
  }));
}
