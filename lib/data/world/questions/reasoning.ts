/** razonar: what follows from a text, and what does not. */
import type { Turn } from "../../../text/prompt.ts";
import { inOneAddress } from "../address.ts";
import type { Family, WorldFiles } from "../document.ts";
import type { Random } from "../random.ts";
import { Wordings } from "../wordings.ts";
import { Asking } from "./asking.ts";
import { Pools } from "./cast.ts";
import type { Means } from "./puzzle.ts";
import { amounts, scales } from "./reasoning_scales.ts";
import { everyday } from "./reasoning_everyday.ts";
import { rules, syllogisms, truths } from "./reasoning_logic.ts";
import { kin, oneOfThree, within } from "./reasoning_places.ts";

export async function load(files: WorldFiles): Promise<Family> {
  const means: Means = {
    pools: new Pools(files.lexicon),
    asking: await Asking.load(files),
    wordings: await Wordings.read(`${files.folder}/questions/reasoning.yaml`),
  };
  const puzzles: readonly (readonly [(random: Random) => Turn | Turn[], number])[] = [
    [scales(means), 8],
    [amounts(means), 2],
    [syllogisms(means), 5],
    [truths(means), 2],
    [rules(means), 4],
    [within(means), 2],
    [oneOfThree(means), 2],
    [kin(means), 2],
    [everyday(means), 3],
  ];
  return {
    name: "razonar",
    ask: (random) => ({
      family: "razonar",
      turns: inOneAddress(() => [random.weighted(puzzles)(random)].flat()),
    }),
  };
}
