/** Draws the names, persons and things of a text, so that none comes twice. */
import { type Age, entity } from "./entity.ts";
import type { Gender, Noun } from "./grammar/nouns.ts";
import { inventedName, inventedNoun, inventedTown } from "./invented.ts";
import type { Lexicon } from "./lexicon.ts";
import type { Random } from "./random.ts";
import type { Word } from "./words.ts";

/** Share of invented names, towns and nouns: a model can only copy them from the text. */
const INVENTED = 0.4;

const AGES = {
  child: { m: "niño", f: "niña" },
  adult: { m: "hombre", f: "mujer" },
  old: { m: "anciano", f: "anciana" },
} as const;

export interface PersonWanted {
  readonly age?: Age;
  readonly gender?: Gender;
  /** What the person is, such as a profession: "panadera". */
  readonly noun?: Noun;
}

export class Casting {
  /** A list, as there are few: hashing a new string for a set takes longer than comparing. */
  readonly #used: string[] = [];

  constructor(private readonly lexicon: Lexicon, private readonly random: Random) {}

  /** A first name. */
  name(gender: Gender): string {
    return this.#new(() =>
      this.random.chance(INVENTED)
        ? inventedName(this.random, this.lexicon, gender)
        : this.random.pick(this.lexicon.people(gender)).name
    );
  }

  surname(): string {
    return this.#new(() =>
      this.random.chance(INVENTED)
        ? inventedName(this.random, this.lexicon, "m")
        : this.random.pick(this.lexicon.surnames)
    );
  }

  /** A name for an animal. */
  petName(gender: Gender): string {
    return this.#new(() =>
      this.random.chance(INVENTED)
        ? inventedName(this.random, this.lexicon, gender)
        : this.random.pick(this.lexicon.pets(gender)).name
    );
  }

  /** A person with a name. */
  person(
    { age = this.random.weighted([["child", 5], ["adult", 4], ["old", 1]]), ...wanted }: PersonWanted = {},
  ) {
    const gender = wanted.noun?.gender ?? wanted.gender ?? this.random.pick(["m", "f"] as const);
    const noun = wanted.noun ?? { singular: AGES[age][gender], gender };
    return entity({ kind: "person", noun, name: this.name(gender), age });
  }

  town(): string {
    return this.#new(() => {
      if (this.random.chance(INVENTED)) return inventedTown(this.random, this.lexicon);
      const { name } = this.random.pick(this.lexicon.towns);
      // Draw again if the name has several words: with short names, texts differ more in their first words.
      return name.includes(" ") ? this.random.pick(this.lexicon.towns).name : name;
    });
  }

  /** One of some nouns, not drawn before if there are any left. */
  noun(among: readonly Word[]): Word {
    let noun = this.random.pick(among);
    if (this.#used.includes(noun.singular)) { // rare, so the list is filtered only then
      const left = among.filter(({ singular }) => !this.#used.includes(singular));
      if (left.length > 0) noun = this.random.pick(left);
    }
    this.#used.push(noun.singular);
    return noun;
  }

  /** A noun that does not exist. */
  inventedNoun(): Noun {
    return inventedNoun(this.random, this.lexicon);
  }

  #new(draw: () => string): string {
    for (;;) {
      const drawn = draw();
      if (this.#used.includes(drawn)) continue;
      this.#used.push(drawn);
      return drawn;
    }
  }
}
