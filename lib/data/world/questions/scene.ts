/** What all word problems need: people, things, and how numbers are written. */
import { Casting } from "../casting.ts";
import type { Entity } from "../entity.ts";
import { DAYS } from "../grammar/calendar.ts";
import type { Gender, Noun } from "../grammar/nouns.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import type { Word } from "../words.ts";
import { drawNumerals, type Numerals } from "./numerals.ts";
import { worked } from "./operations.ts";
import type { Bindings } from "./tasks.ts";

/** Share of problems about invented things. */
const INVENTED = 0.3;

const YEAR: Noun = { singular: "año", gender: "m" };
const RELATIVES = "padre madre hermano hermana abuelo abuela tío tía primo prima vecino vecina".split(" ");

/** Things that can be owned and counted, those of them that may have any colour, and those that can be eaten. */
export interface Things {
  readonly owned: readonly Word[];
  readonly coloured: readonly Word[];
  readonly eaten: readonly Word[];
}

/** Who and what a problem is about, and how it writes its numbers. */
export class Scene {
  readonly numerals: Numerals;
  readonly casting: Casting;
  readonly a: string;
  readonly c: string;
  /** Someone else, perhaps "su abuela". */
  readonly b: string;

  constructor(readonly lexicon: Lexicon, readonly random: Random, numerals?: Numerals) {
    this.numerals = numerals ?? drawNumerals(random);
    this.casting = new Casting(lexicon, random);
    this.a = this.name();
    this.c = this.name();
    this.b = random.chance(0.6) ? this.name() : this.#relative();
  }

  name(): string {
    return this.casting.name(this.random.pick(["m", "f"]));
  }

  /** Details that have nothing to do with the answer. */
  #surroundings() {
    const { random, numerals } = this;
    return {
      t: random.pick(this.lexicon.towns).name,
      day: random.pick(DAYS),
      age: numerals.count(random.between(5, 60), YEAR),
    };
  }

  #relative(): string {
    return `su ${this.random.pick(RELATIVES)}`;
  }

  thing(among: readonly Word[]): Noun {
    return this.random.chance(INVENTED) ? this.casting.inventedNoun() : this.casting.noun(among);
  }

  /** Bindings: people, things, numbers alone ({n}) and with the things ({nx}), the result and its working, if there is one. */
  bindings(x: Noun, numbers: Readonly<Record<string, number>>, r: number, op = ""): Bindings {
    const { a, b, c, numerals } = this;
    const bindings: Record<string, Bindings[string]> = { a, b, c, x, xs: many(x), op };
    for (const [name, n] of Object.entries({ ...numbers, r })) {
      bindings[name] = numerals.alone(n, x.gender);
      bindings[`${name}x`] = numerals.count(n, x);
    }
    if (op !== "") bindings.working = worked(op, numerals.alone(r, x.gender));
    return { ...bindings, ...byResult(r), ...this.#surroundings() };
  }
}

/** Things told in the plural. */
export const many = (noun: Noun): Entity => ({ kind: "thing", noun, number: 2 });

/** Verbs that agree in number with the result. */
function byResult(r: number) {
  const not = r === 0 ? "no " : "";
  const remain = r < 2 ? `${not}queda` : "quedan";
  return {
    ...{ has: `${not}tiene`, there: `${not}hay`, remain, left: r === 0 ? "no le queda" : `le ${remain}` },
    ...{ son: r > 1 ? "son" : "es", touch: r > 1 ? "tocan" : "toca" },
  };
}

/** Nouns with regular plurals, from a list. */
export const nouns = (gender: Gender, list: string): Noun[] =>
  list.split(" ").map((singular) => ({ singular, gender }));

export const TIMES: readonly Noun[] = [...nouns("m", "día mes"), ...nouns("f", "semana")];

/** Categories of things that a child may have several of. */
const OWNED = new Set(["fruta", "juguete", "escolar", "ropa", "herramienta", "utensilio", "adorno", "flor"]);

/** A single one is told in the plural, so they are not counted. */
const PAIRS = new Set(["lentes", "anteojos", "tijeras"]);

export function thingsOf(lexicon: Lexicon): Things {
  const countable = lexicon.nouns.filter(({ flags, plural, singular }) =>
    flags.has("countable") && plural !== "-" && !singular.includes(" ") && !PAIRS.has(singular)
  );
  const owned = countable.filter(({ category }) => OWNED.has(category));
  return {
    owned,
    coloured: owned.filter(({ colours }) => colours.length > 3),
    eaten: countable.filter(({ flags }) => flags.has("edible")),
  };
}
