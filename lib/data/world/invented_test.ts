import { assert, assertEquals } from "@std/assert";
import { inventedName, inventedNoun, inventedTown } from "./invented.ts";
import { Lexicon } from "./lexicon.ts";
import { Random } from "./random.ts";

const lexicon = await Lexicon.read(new URL("../../../data/world/words", import.meta.url).pathname);
const DRAWS = 100_000;

/** Spanish syllables as they are written: what begins one, its vowels, what may end it before another. */
const SYLLABLE =
  "(?:[bcdfgjlmnñprstvz]|ch|ll|rr|qu|gu|[bcfgp][lr]|[dt]r)?(?:i[aeoáé]|ue|[aeiouáéíóú])[nmrsl]?";
const WORD = new RegExp(`^(?:${SYLLABLE})+$`);
/** Spellings that Spanish does not have, within what the pattern above lets through. */
const MISSPELLED =
  /n[bp]|m(?![bpaeiouáéíóú])|q(?!u[eéií])|z[eéií]|([^lr])\1|[^aeiouáéíóúlrñ]?(?:sr|lr)|^rr|gue[aeiou]/;

const draws = <T>(draw: (random: Random) => T): T[] => {
  const random = new Random(7);
  return Array.from({ length: DRAWS }, () => draw(random));
};

const KINDS: readonly [string, (random: Random) => string][] = [
  ["men's names", (random) => inventedName(random, lexicon, "m")],
  ["women's names", (random) => inventedName(random, lexicon, "f")],
  ["towns", (random) => inventedTown(random, lexicon)],
  ["nouns", (random) => inventedNoun(random, lexicon).singular],
];

for (const [kind, draw] of KINDS) {
  Deno.test(`of 100,000 invented ${kind}, 30,000 differ, all can be said, and none is in the lexicon`, () => {
    const all = draws(draw);
    const different = new Set(all);
    assert(different.size >= 30_000, `${different.size} differ`);
    for (const name of different) {
      const words = name.toLowerCase().split(" ");
      const invented = words[words.length - 1];
      assert(!lexicon.has(invented) && !lexicon.has(name.toLowerCase()), `${name} exists`);
      assert(WORD.test(invented) && !MISSPELLED.test(invented), `${name} cannot be said`);
      assert(name.length <= 24, name);
    }
  });
}

Deno.test("an invented word ends as its gender does, and takes a capital where it is a name", () => {
  for (const { singular, gender } of draws((random) => inventedNoun(random, lexicon))) {
    assert((gender === "f") === singular.endsWith("a"), singular);
    assertEquals(singular, singular.toLowerCase());
  }
  for (const name of draws((random) => inventedName(random, lexicon, "f"))) {
    assert(/^\p{Lu}\p{Ll}*a$/u.test(name), name);
  }
  for (const name of draws((random) => inventedName(random, lexicon, "m"))) {
    assert(/^\p{Lu}\p{Ll}*[^a]$/u.test(name), name);
  }
  for (const town of draws((random) => inventedTown(random, lexicon))) {
    assert(/^(?:\p{Lu}\p{Ll}+ ?)+$/u.test(town), town);
  }
});

Deno.test("equal seeds invent equal words", () => {
  const some = (seed: number) => {
    const random = new Random(seed);
    return [inventedName(random, lexicon, "f"), inventedTown(random, lexicon), inventedNoun(random, lexicon)];
  };
  assertEquals(some(3), some(3));
  assert(JSON.stringify(some(3)) !== JSON.stringify(some(4)));
});
