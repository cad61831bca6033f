/** What a world writes, for the report: a text of each kind and family of a source's mix. */
import type { World } from "../world/world.ts";
import type { WorldTexts } from "../world/options.ts";

export interface WorldSamples {
  /** As the report's list of files names it. */
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
