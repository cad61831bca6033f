/** clasificar: what kind of thing something is, which one is the odd one out, what flies and what can be eaten. */
import type { Family, WorldFiles } from "../document.ts";
import { Wordings } from "../wordings.ts";
import { Asking } from "./asking.ts";
import { Pools } from "./cast.ts";
import { facts } from "./classification_facts.ts";
import { groups, kinds } from "./classification_kinds.ts";
import { invented, properties, seaOrLand } from "./classification_properties.ts";
import { contrasts, sentiments, words } from "./classification_words.ts";
import type { Means, Puzzle } from "./puzzle.ts";

export async function load(files: WorldFiles): Promise<Family> {
  const means: Means = {
    pools: new Pools(files.lexicon),
    asking: await Asking.load(files),
    wordings: await Wordings.read(`${files.folder}/questions/classification.yaml`),
  };
  const puzzles: readonly (readonly [Puzzle, number])[] = [
    [kinds(means), 8],
    [groups(means), 6],
    [properties(means), 6],
    [invented(means), 4],
    [words(means), 3],
    [sentiments(means), 3],
    [contrasts(means), 2],
    [seaOrLand(means), 1],
    [facts(means), 16],
  ];
  return {
    name: "clasificar",
    ask(random) {
      const puzzle = random.weighted(puzzles);
      return { family: "clasificar", turns: [puzzle(random)] };
    },
  };
}
