/** Portraits: a person, a child, a pet, a room, a town. */
import type { Kind, WorldFiles } from "../document.ts";
import type { Entity } from "../entity.ts";
import { inventedTown } from "../invented.ts";
import { relative } from "./draws.ts";
import { readPeople } from "./people.ts";

/** Too small for what pets do here. */
const SMALL = "hámster";
/** Some months old, while others are some years. */
const YOUNG = new Set(["cachorro", "gatito"]);
/** Whom people of any age may have. */
const SAME_AGE = new Set(["hermano", "primo", "cuñado", "sobrino"]);

export function load(files: WorldFiles): Promise<Kind> {
  const jobs = files.lexicon.professions.filter(({ places }) => places.length > 0);
  const pets = files.lexicon.flagged("pet").filter(({ singular, categories }) =>
    categories.has("mamífero") && singular !== SMALL
  );
  return readPeople(files, "portrait", {
    // What is told of a town would be wrong of one that exists.
    aldea: ({ random }) => inventedTown(random, files.lexicon),
    p: ({ casting, random }) => {
      const noun = casting.noun(pets);
      const pet = { kind: "animal", noun, name: casting.petName(noun.gender) } as const;
      const unidad = YOUNG.has(noun.singular) ? "meses" : "años";
      return { fields: { "": pet, especie: noun, edad: random.between(2, 9), unidad } };
    },
    familiar: relative(files.lexicon.family.filter(({ masculine }) => SAME_AGE.has(masculine))),
    oficio: (draws) => {
      const { gender } = (draws.value("a") as Entity).noun;
      const { masculine, feminine, places } = draws.random.pick(jobs);
      return { fields: { "": gender === "m" ? masculine : feminine, lugar: draws.random.pick(places) } };
    },
    miles: ({ random }) => random.between(2, 30),
    siglo: ({ random }) => random.between(95, 108),
  });
}
