/** Draws what a question is about, when a template first names it; nothing comes twice in a text. */
import { Casting } from "../casting.ts";
import { entity, type Value } from "../entity.ts";
import { hour } from "../grammar/numbers.ts";
import type { Noun } from "../grammar/nouns.ts";
import { inventedName } from "../invented.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import type { Template } from "../template.ts";
import type { Relative, Word } from "../words.ts";

/** Share of invented nouns. */
const INVENTED = 0.4;
/** Share of things that are told with a colour. */
const COLOURED = 0.3;
/** Nouns that are always plural, so they cannot be counted. */
export const PLURAL_ONLY = new Set(["tijeras", "lentes"]);
/** Nouns for whole categories, or for things that nobody meets. */
const VAGUE = new Set(
  "animal ave pez insecto fruta verdura comida planta árbol flor herramienta dragón dinosaurio basura dinero cementerio país pueblo ciudad esquina tumba"
    .split(" "),
);
const MATERIALS =
  "madera metal plástico vidrio cuero cartón papel tela lana seda oro plata arcilla cobre hierro".split(" ");
const VEHICLES =
  "avión barco bus tren carro bicicleta moto taxi velero canoa helicóptero camión carreta metro".split(" ");
const TRANSPORT = "avión barco bus tren metro velero bote camión helicóptero".split(" ");
const BULK = "arroz avena queso carne maíz sopa pasta pescado pollo puré ensalada pan cereal jamón".split(
  " ",
);
const STATES =
  "mojado seco limpio sucio roto entero lleno vacío abierto cerrado perdido caliente frío torcido húmedo oscuro"
    .split(" ");
const SKIES = "nublado despejado gris azul oscuro rojo estrellado claro".split(" ");
const UNITS: Readonly<Record<string, Noun>> = {
  año: { singular: "año", gender: "m" },
  hora_de: { singular: "hora", gender: "f" },
  metro: { singular: "metro", gender: "m" },
  peso: { singular: "peso", gender: "m" },
  hermano: { singular: "hermano", gender: "m" },
};
const PERSONS = new Set(["a", "b", "c", "d", "e"]);

/** Lists of words, filtered once. */
export class Pools {
  readonly things: readonly Word[];
  readonly useful: readonly Word[];
  readonly meals: readonly Word[];
  readonly animals: readonly Word[];
  readonly pets: readonly Word[];
  readonly places: readonly Word[];
  readonly shops: readonly Word[];
  readonly containers: readonly Word[];
  readonly materials: readonly Word[];
  readonly vehicles: readonly Word[];
  /** Vehicles with a timetable. */
  readonly transport: readonly Word[];
  readonly bulk: readonly Word[];
  /** Adjectives for a person's momentary state, masculine. */
  readonly moods: readonly string[];
  readonly colours: readonly string[];
  readonly days: readonly string[];
  readonly languages: readonly string[];
  readonly relatives: readonly Relative[];
  readonly #categories = new Map<string, readonly Word[]>();

  constructor(readonly lexicon: Lexicon) {
    const countable = lexicon.flagged("countable").filter(one);
    this.things = countable.filter(({ flags }) =>
      flags.has("portable") && !flags.has("edible") && !flags.has("drinkable")
    );
    this.useful = this.things.filter((word) => word.for.length > 0);
    this.meals = countable.filter(({ flags }) => flags.has("edible"));
    this.animals = lexicon.category("animal").filter(one);
    this.pets = lexicon.flagged("pet").filter(one);
    this.places = lexicon.flagged("place").filter(({ singular, flags }) =>
      flags.has("public") && !VAGUE.has(singular)
    );
    this.shops = lexicon.flagged("shop");
    this.containers = lexicon.flagged("container").filter((word) =>
      one(word) && !word.categories.has("lugar") && !word.categories.has("guarida")
    );
    this.materials = MATERIALS.map((name) => lexicon.noun(name)!);
    this.vehicles = VEHICLES.map((name) => lexicon.noun(name)!);
    this.transport = TRANSPORT.map((name) => lexicon.noun(name)!);
    this.bulk = BULK.map((name) => lexicon.noun(name)!);
    this.moods = lexicon.adjectives.filter(({ word, category, copula, saidOf }) =>
      (category === "feeling" || category === "body state" || category === "health") && copula === "estar" &&
      saidOf.has("person") && word !== "despierto" && word !== "dormido"
    ).map(({ word }) => word);
    this.colours = lexicon.adjectives.filter(({ category }) => category === "colour").map(({ word }) => word);
    this.days = lexicon.calendar("día").map(({ singular }) => singular);
    this.relatives = lexicon.family.filter(({ masculine }) => masculine !== "esposo");
    this.languages = [
      ...new Set(
        lexicon.knowledge.filter(({ relation }) => relation.name === "lengua").map(({ object }) => object),
      ),
    ];
  }

  /** The countable nouns of a category; none if there is no such category. */
  category(name: string): readonly Word[] {
    let words = this.#categories.get(name);
    if (!words) {
      words = this.lexicon.categories.has(name) ? this.lexicon.category(name).filter(one) : [];
      this.#categories.set(name, words);
    }
    return words;
  }
}

const one = ({ singular }: Word) => !PLURAL_ONLY.has(singular) && !VAGUE.has(singular);

/** An adjective slot that is a role: "{color/x}". A template's `names` do not include it. */
const ADJECTIVE_SLOT = /\{(color|estado|ánimo)\//gu;
const named = new WeakMap<Template, readonly string[]>();

/** The names that must be bound for a template. */
function namesOf(template: Template): readonly string[] {
  let names = named.get(template);
  if (!names) {
    names = [...template.names, ...[...template.source.matchAll(ADJECTIVE_SLOT)].map(([, role]) => role)];
    named.set(template, names);
  }
  return names;
}

/** What the names in templates stand for in one text; `another` draws others for the same names. */
export class Cast {
  /** Without a prototype, so that V8 keeps it as a dictionary: each order of names would be another hidden class. */
  readonly bindings: Record<string, Value> = Object.create(null);

  private constructor(
    private readonly pools: Pools,
    readonly random: Random,
    readonly casting: Casting,
    private readonly used: Set<string>,
  ) {}

  static of(pools: Pools, random: Random): Cast {
    return new Cast(pools, random, new Casting(pools.lexicon, random), new Set());
  }

  /** Another cast for the same text. @param kept names whose values are taken over */
  another(...kept: string[]): Cast {
    const other = new Cast(this.pools, this.random, this.casting, this.used);
    for (const name of kept) other.bindings[name] = this.value(name);
    return other;
  }

  /** The bindings for a template; they include those bound for earlier templates. */
  for(template: Template): Record<string, Value> {
    return this.bind(namesOf(template));
  }

  /** Binds names in their order. */
  bind(names: Iterable<string>): Record<string, Value> {
    for (const name of names) this.value(name);
    return this.bindings;
  }

  value(name: string): Value {
    const { bindings } = this;
    return bindings[name] ??= this.#draw(name.replace(/\d+$/, ""));
  }

  #draw(role: string): Value {
    const { random, pools, casting } = this;
    if (PERSONS.has(role)) return casting.person();
    switch (role) {
      case "x":
      case "y":
      case "z": {
        const noun = this.#noun(pools.things, true);
        const coloured = random.chance(COLOURED) && (!("colours" in noun) || noun.colours.length > 0);
        return entity({ kind: "thing", noun, adjective: coloured ? random.pick(pools.colours) : undefined });
      }
      case "cosa":
        return this.#noun(pools.things, true);
      case "útil":
        return this.#noun(pools.useful);
      case "fin":
        return random.pick((this.value("útil") as Word).for);
      case "comida":
        return this.#noun(pools.meals, true);
      case "animal":
        return this.#noun(pools.animals, true);
      case "mascota":
        return entity({ kind: "animal", noun: this.#noun(pools.pets) });
      case "apodo":
        return this.#fresh(() => inventedName(random, pools.lexicon, random.pick(["m", "f"])));
      case "lugar":
        return this.#noun(pools.places);
      case "tienda":
        return this.#noun(pools.shops);
      case "sitio":
        return this.#noun(pools.containers);
      case "material":
        return this.#noun(pools.materials);
      case "vehículo":
        return this.#noun(pools.vehicles);
      case "transporte":
        return this.#noun(pools.transport);
      case "pueblo":
        return casting.town();
      case "color":
        return this.#fresh(() => random.pick(pools.colours));
      case "estado":
        return this.#fresh(() => random.pick(STATES));
      case "ánimo":
        return this.#fresh(() => random.pick(pools.moods));
      case "cielo":
        return this.#fresh(() => random.pick(SKIES));
      case "granel":
        return this.#noun(pools.bulk);
      case "día":
        return this.#fresh(() => random.pick(pools.days));
      case "idioma":
        return this.#fresh(() => random.pick(pools.languages));
      case "hora":
        return this.#fresh(() => hour(random.between(1, 12), random.pick([0, 0, 0, 15, 30, 45])));
      case "n":
        return this.#number(() => random.chance(0.6) ? random.between(2, 20) : random.between(21, 99));
      case "varios":
        return this.#number(() => random.between(2, 12));
      case "cifra":
        return String(
          this.#number(() => random.chance(0.6) ? random.between(10, 99) : random.between(100, 999)),
        );
      case "oficio":
        return this.#profession();
      case "pariente":
        return this.#relative();
    }
    if (UNITS[role]) return UNITS[role];
    const words = pools.category(role);
    if (words.length === 0) throw new RangeError(`nothing is known to cast for "${role}"`);
    return this.#noun(words);
  }

  #noun(among: readonly Word[], mayBeInvented = false): Word | Noun {
    if (mayBeInvented && this.random.chance(INVENTED)) return this.casting.inventedNoun();
    for (let tries = 0; tries < 50; tries++) {
      const word = this.random.pick(among);
      if (this.#take(word.singular)) return word;
    }
    throw new RangeError("a text asks for more nouns than the lexicon has");
  }

  /** Draws a number that does not end in 1, as those change with the gender of what is counted. */
  #number(draw: () => number): number {
    for (let tries = 0; tries < 50; tries++) {
      const n = draw();
      if (n % 10 !== 1 && this.#take(String(n))) return n;
    }
    throw new RangeError("a text asks for more numbers than there are");
  }

  #fresh(draw: () => string): string {
    for (let tries = 0; tries < 50; tries++) {
      const text = draw();
      if (this.#take(text)) return text;
    }
    throw new RangeError("a text asks for more names than there are");
  }

  #take(text: string): boolean {
    if (this.used.has(text)) return false;
    this.used.add(text);
    return true;
  }

  #profession(): Noun {
    const { gender } = (this.value("a") as { noun: Noun }).noun;
    const { masculine, feminine } = this.random.pick(this.pools.lexicon.professions);
    return { singular: gender === "m" ? masculine : feminine, gender };
  }

  #relative(): Noun {
    const { gender } = (this.value("b") as { noun: Noun }).noun;
    const { masculine, feminine } = this.random.pick(this.pools.relatives);
    return { singular: gender === "m" ? masculine : feminine, gender };
  }
}
