/** Yes-or-no questions from the word files: what an animal eats, a thing's colour, how many legs it has. */
import { and } from "../grammar/conjunctions.ts";
import type { Value } from "../entity.ts";
import type { Random } from "../random.ts";
import type { Word } from "../words.ts";
import { countable, mentioned, ownColour } from "./knowledge_words.ts";
import { either, type Means, type Puzzle } from "./puzzle.ts";

const PLANTS = new Set(
  "hierba hoja semilla maíz avena néctar fruta planta alga lechuga zanahoria bambú".split(" "),
);
const MEAT = new Set("carne pez ratón conejo foca camarón cangrejo gallina pescado".split(" "));

type Check = (random: Random) => { name: string; bindings: Record<string, Value>; right: boolean };

/** Sí and no are equally likely; a wrong statement is answered with the right one. */
export function checks(means: Means): Puzzle {
  const { lexicon } = means.pools;
  const all = [meals(lexicon.nouns), colours(lexicon.nouns, means.pools.colours), counts(lexicon.nouns)];
  return (random) => {
    const { name, bindings, right } = random.pick(all)(random);
    const q = means.wordings.part(name, { bindings }, random);
    const long = means.wordings.say(`${right ? "sí" : "no"} ${name}`, { bindings }, random);
    return either(means, q, right, long, random);
  };
}

/** What animals eat; only animals that eat nothing but plants, or no plants at all. */
function meals(nouns: readonly Word[]): Check {
  const eaters = nouns.filter((x) => countable(x) && x.eats.length > 0).map((x) => {
    const foods = x.eats.map(({ noun }) => noun.singular);
    return {
      x,
      never: foods.every((food) => PLANTS.has(food))
        ? MEAT
        : foods.every((food) => MEAT.has(food))
        ? PLANTS
        : null,
    };
  });
  const strict = eaters.filter(({ never }) => never !== null);
  const wrong = new Map([
    [MEAT, ["carne", "peces", "ratones"]],
    [PLANTS, ["hierba", "hojas", "semillas"]],
  ]);
  return (random) => {
    const right = random.chance(0.5);
    const { x, never } = random.pick(right ? eaters : strict);
    const lista = and(...x.eats.map(mentioned));
    const w = right ? mentioned(random.pick(x.eats)) : random.pick(wrong.get(never!)!);
    return { name: "come eso", bindings: { x, w, lista }, right };
  };
}

function colours(nouns: readonly Word[], all: readonly string[]): Check {
  const sure = nouns.filter((x) => countable(x) && ownColour(x));
  return (random) => {
    const right = random.chance(0.5);
    const x = random.pick(sure);
    const [color] = x.colours;
    const w = right ? color : random.pick(all.filter((other) => other !== color));
    return { name: "es de ese color", bindings: { x, w, color }, right };
  };
}

function counts(nouns: readonly Word[]): Check {
  const parts = nouns.filter(countable).flatMap((x) =>
    x.parts.flatMap(({ noun: parte, count }) => count ? [{ x, parte, n: count }] : [])
  );
  return (random) => {
    const right = random.chance(0.5);
    const { x, parte, n } = random.pick(parts);
    const m = right ? n : random.pick([2, 3, 4, 5, 6, 8, 10].filter((other) => other !== n));
    return { name: "tiene esas partes", bindings: { x, parte, n, m }, right };
  };
}
