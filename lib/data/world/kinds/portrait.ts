/** Portraits: a person, a child, a pet, a room, a town. */
import type { Kind, WorldFiles } from "../document.ts";
import type { Entity } from "../entity.ts";
import { inventedTown } from "../invented.ts";
import { readPeople } from "./people.ts";

/** Too small for what pets do here. */
const SMALL = "hámster";

export function load(files: WorldFiles): Promise<Kind> {
  const jobs = files.lexicon.professions.filter(({ places }) => places.length > 0);
  const pets = files.lexicon.flagged("pet").filter(({ singular, categories }) =>
    categories.has("mamífero") && singular !== SMALL
  );
  return readPeople(files, "portrait", {
    // What is told of a town would be wrong of one that exists.
    aldea: ({ random }) => inventedTown(random, files.lexicon),
    p: ({ casting }) => {
      const noun = casting.noun(pets);
      return { fields: { "": { kind: "animal", noun, name: casting.petName(noun.gender) }, especie: noun } };
    },
    oficio: (draws) => {
      const { gender } = (draws.value("a") as Entity).noun;
      const { masculine, feminine, places } = draws.random.pick(jobs);
      return { fields: { "": gender === "m" ? masculine : feminine, lugar: draws.random.pick(places) } };
    },
    miles: ({ random }) => random.between(2, 90),
    siglo: ({ random }) => random.between(95, 108),
  });
}
