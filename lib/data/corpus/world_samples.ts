/** What a world writes, for the report: a text of each kind and family of a source's mix. */
import type { World } from "../world/world.ts";
import type { Source } from "./sources.ts";

export interface WorldSamples {
  /** As the report's list of files names it. */
  readonly source: string;
  readonly texts: readonly { readonly name: string; readonly text: string }[];
}

export function worldSamples(world: World, sources: readonly Source[]): WorldSamples[] {
  return sources.flatMap(({ files }) => files).flatMap(({ name: source, world: options }) => {
    if (!options) return [];
    const { seed, mix } = options;
    const names = [...world.kinds.keys(), ...world.families.keys()].filter((name) => !mix || mix[name]);
    const texts = names.map((name) => ({
      name,
      text: world.document(world.kinds.get(name)?.name ?? name, seed, 0).text,
    }));
    return [{ source, texts }];
  });
}
