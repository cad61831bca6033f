/** Draws what the names in a text stand for, when a wording first asks for them; nothing comes twice in a text. */
import { Casting } from "../casting.ts";
import { entity, type Value } from "../entity.ts";
import { memoised } from "../grammar/memo.ts";
import { hour } from "../grammar/numbers.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import { type Scope, scopeOf } from "../scope.ts";
import type { Relative, Word } from "../words.ts";

/** Several values that belong together: {job} is the field "", {job_place} the field "place". */
export interface Fields {
  readonly fields: Readonly<Record<string, Value>>;
}

/** Draws what a name in a template stands for. @param digits after the name, as in "día2" */
export type Role = (draws: Draws, digits: string) => Value | Fields;
export type Roles = Readonly<Record<string, Role>>;

/** Splits a name into role, digits and field: {plan2_place} belongs to the role "plan". */
const NAME = /^(.*?)(\d*)(?:_(.+))?$/;

/** The parts of a name: "plan2_place" is [plan2, plan, place]. */
const partsOf = memoised((name): readonly [key: string, role: string, digits: string, field: string] => {
  const [, role, digits, field = ""] = NAME.exec(name)!;
  return [role + digits, role, digits, field];
});

export const roleOf = (name: string) => partsOf(name)[1];

/** Share of things that are told with a colour. */
const COLOURED = 0.3;
/** Most draws in search of something new. */
const TRIES = 30;

export class Draws {
  /** The scope for templates; it draws names when they are read. */
  readonly scope: Scope;
  readonly casting: Casting;
  readonly #drawn = new Map<string, Value | Fields>();
  /** Without a prototype, so that V8 keeps it as a dictionary: each order of names would be another hidden class. */
  readonly #values: Record<string, Value> = Object.create(null);
  readonly #used = new Set<unknown>();
  #newYear: number | undefined;
  /** Whether persons drawn now must be children, as the wording tells their age with {edad}. */
  young = false;

  constructor(readonly lexicon: Lexicon, private readonly roles: Roles, readonly random: Random) {
    this.casting = new Casting(lexicon, random);
    this.scope = scopeOf({ bindings: this.#values, bind: (name) => this.#value(name) });
  }

  value(name: string): Value {
    const value = this.#value(name);
    if (value === undefined) throw new RangeError(`nothing is known to draw for "${name}"`);
    return value;
  }

  /** Like `value`, but undefined if there is no such role or field. */
  optional(name: string): Value | undefined {
    return this.#value(name);
  }

  /** Whether a name has been drawn already. */
  has(name: string): boolean {
    return this.#drawn.has(partsOf(name)[0]);
  }

  /** What was drawn, by name. */
  get drawn(): readonly (readonly [string, Value])[] {
    return Object.entries(this.#values);
  }

  /** Draws something that is new in this text, if possible. */
  fresh<T>(draw: () => T): T {
    let drawn = draw();
    for (let i = 0; i < TRIES && this.#used.has(drawn); i++) drawn = draw();
    this.#used.add(drawn);
    return drawn;
  }

  /** The weekday (from 0) of January 1st in this text's year; no text mentions February 29th. */
  get newYear(): number {
    return this.#newYear ??= this.random.below(7);
  }

  /** One more value of a role, without a name. */
  another(role: string): Value {
    const drawn = this.roles[role](this, "");
    return typeof drawn === "object" && "fields" in drawn ? drawn.fields[""] : drawn;
  }

  #value(name: string): Value | undefined {
    const known = this.#values[name];
    if (known !== undefined) return known;
    const [key, role, digits, field] = partsOf(name);
    const draw = this.roles[role];
    if (draw === undefined) return undefined;
    let drawn = this.#drawn.get(key);
    if (drawn === undefined) this.#drawn.set(key, drawn = draw(this, digits));
    const value = typeof drawn === "object" && "fields" in drawn ? drawn.fields[field] : drawn;
    if (value !== undefined) this.#values[name] = value;
    return value;
  }
}

/** Words for whole categories, or for things that nobody meets. */
export const VAGUE = new Set(
  "animal ave pez insecto fruta verdura comida planta árbol flor herramienta juguete dragón dinosaurio basura dinero cementerio país esquina tumba máquina robot tesoro gallinero palacio castillo establo molino cabaña faro torre"
    .split(" "),
);
/** Relatives that many people have. */
const CLOSE = new Set("padre hermano abuelo tío primo padrino".split(" "));
const countable = ({ singular, plural, flags }: Word) =>
  flags.has("countable") && plural !== "-" && !VAGUE.has(singular);

/** The roles that every kind has; each category of nouns is also a role. */
export function commonRoles(lexicon: Lexicon): Roles {
  const things = lexicon.nouns.filter((word) =>
    word.flags.has("portable") && countable(word) && !word.flags.has("edible") &&
    !word.flags.has("drinkable") && !word.flags.has("part") && word.plural !== word.singular
  );
  const places = lexicon.flagged("public").filter((word) => word.flags.has("place") && countable(word));
  const colours = lexicon.adjectives.filter(({ category }) => category === "colour").map(({ word }) => word);
  const jobs = lexicon.professions.filter(({ places }) => places.length > 0);
  const pets = lexicon.flagged("pet");
  const noun = (among: readonly Word[]): Role => (draws) => draws.fresh(() => draws.random.pick(among));
  const number = (low: number, high: number): Role => (draws) =>
    draws.fresh(() => draws.random.between(low, high));
  const person: Role = ({ casting, young }) => casting.person(young ? { age: "child" } : {});
  const entries = (kind: "día" | "mes" | "estación"): Role => (draws) =>
    draws.fresh(() => draws.random.pick(lexicon.calendar(kind)).singular);
  const categories = [...lexicon.categories.keys()].map((name) => {
    const words = lexicon.category(name);
    const several = words.filter(countable);
    return [name, noun(several.length > 1 ? several : words)] as const;
  });
  return {
    ...Object.fromEntries(categories),
    ...{ a: person, b: person, c: person, d: person, e: person },
    chico: ({ casting }) => casting.person({ age: "child" }),
    grande: ({ casting }) => casting.person({ age: "adult" }),
    viejo: ({ casting }) => casting.person({ age: "old" }),
    apellido: ({ casting }) => casting.surname(),
    doña: titled,
    familiar: relative(lexicon.family.filter(({ masculine }) => CLOSE.has(masculine))),
    mascota: ({ casting, random }) => {
      const noun = random.pick(pets);
      return entity({ kind: "animal", noun, name: casting.petName(noun.gender) });
    },
    oficial: (draws) => {
      const job = draws.fresh(() => draws.random.pick(jobs));
      const gender = draws.random.pick(["m", "f"] as const);
      const noun = { singular: gender === "m" ? job.masculine : job.feminine, gender };
      const fields = { hace: draws.random.pick(job.does), lugar: draws.random.pick(job.places) };
      return { fields: { "": draws.casting.person({ age: "adult", noun }), ...fields } };
    },
    pueblo: ({ casting }) => casting.town(),
    lugar: noun(places),
    tienda: noun(lexicon.flagged("shop")),
    cosa: (draws) => {
      const word = draws.fresh(() => draws.random.pick(things));
      const possible = word.colours[0] === "cualquiera" ? colours : word.colours;
      const colour = possible.length > 1 && draws.random.chance(COLOURED) && draws.random.pick(possible);
      return entity({ kind: "thing", noun: word, adjective: colour || undefined });
    },
    color: (draws) => draws.fresh(() => draws.random.pick(colours)),
    ...{ mes: entries("mes"), estación: entries("estación") },
    ...datesOf(lexicon),
    hora: (draws) =>
      draws.fresh(() => hour(draws.random.between(1, 12), draws.random.pick([0, 0, 0, 15, 30, 45]))),
    ...{ n: number(2, 9), decena: number(11, 99), edad: number(5, 12), años: number(22, 79) },
  };
}

/** Days before each month of a year of 365 days. */
const BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/** Weekdays and dates of a text, all in the same year: {día} is the weekday of {fecha}. */
function datesOf(lexicon: Lexicon): Roles {
  const [days, months] = [lexicon.calendar("día"), lexicon.calendar("mes")].map((entries) =>
    entries.map(({ singular }) => singular)
  );
  const weekday = ({ newYear }: Draws, fecha: string) => {
    const [day, month] = fecha.split(" de ");
    return days[(newYear + BEFORE_MONTH[months.indexOf(month)] + Number(day) - 1) % 7];
  };
  return {
    día: (draws, digits) =>
      draws.has(`fecha${digits}`)
        ? weekday(draws, String(draws.value(`fecha${digits}`)))
        : draws.fresh(() => draws.random.pick(days)),
    fecha: (draws, digits) => {
      const { random } = draws;
      const fixed = draws.has(`día${digits}`);
      for (;;) {
        const fecha = `${random.between(1, 28)} de ${random.pick(months)}`;
        if (!fixed || weekday(draws, fecha) === draws.value(`día${digits}`)) return fecha;
      }
    },
  };
}

/** "don Luis", "doña Inés" */
function titled({ casting, random }: Draws): Value {
  const gender = random.pick(["m", "f"] as const);
  const noun = { singular: gender === "m" ? "señor" : "señora", gender };
  return entity({ kind: "person", noun, name: `${gender === "m" ? "don" : "doña"} ${casting.name(gender)}` });
}

/** A relative with a name: {familiar.bare} is "abuela". */
export function relative(family: readonly Relative[]): Role {
  return ({ casting, random }) => {
    const { masculine, feminine } = random.pick(family);
    const gender = random.pick(["m", "f"] as const);
    const noun = { singular: gender === "m" ? masculine : feminine, gender };
    return entity({ kind: "person", noun, name: casting.name(gender) });
  };
}
