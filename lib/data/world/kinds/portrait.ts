/** Portraits: a person, a child, a pet, a room, a town. */
import type { Kind, WorldFiles } from "../document.ts";
import type { Entity } from "../entity.ts";
import { inventedTown } from "../invented.ts";
import { relative } from "./draws.ts";
import { readPeople } from "./people.ts";

/** Left out, as it is too small for what pets do in these texts. */
const SMALL = "hámster";
/** Pets whose age is told in months instead of years. */
const YOUNG = new Set(["cachorro", "gatito"]);
/** Relatives that people of any age may have. */
const SAME_AGE = new Set(["hermano", "primo", "cuñado", "sobrino"]);

export function load(files: WorldFiles): Promise<Kind> {
  const jobs = files.lexicon.professions.filter(({ places }) => places.length > 0);
  const pets = files.lexicon.flagged("pet").filter(({ singular, categories }) =>
    categories.has("mamífero") && singular !== SMALL
  );
  return readPeople(files, "portrait", {
    // An invented town, as the text would be wrong about a real one.
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
