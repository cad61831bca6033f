/** Descriptions of animals, plants and things, from what the lexicon says about them. */
import { join } from "@std/path";
import type { Document, Exchange, Kind, WorldFiles } from "../document.ts";
import { Casting } from "../casting.ts";
import { Discourse } from "../discourse.ts";
import type { Entity, Value } from "../entity.ts";
import { agree } from "../grammar/adjectives.ts";
import { capital } from "../grammar/capitals.ts";
import { and, or } from "../grammar/conjunctions.ts";
import {
  definite,
  type GrammaticalNumber,
  indefinite,
  inflect,
  type Noun,
  plural,
} from "../grammar/nouns.ts";
import { numberWord } from "../grammar/numbers.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import { scopeOf } from "../scope.ts";
import { Wordings } from "../wordings.ts";
import type { Mention, Word } from "../words.ts";

/** Something that can be said of a noun. */
interface Aspect {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Value>>;
  /** The answer to the question about it; its words occur in the text. */
  readonly answer?: string | undefined;
}

const FLAGS = ["wild", "pet", "farm", "flies", "swims", "electric", "breakable", "sharp"];
/** Fewest aspects of a text. */
const FEWEST = 3;
/** Sizes in the narrow sense; "largo" and "alto" are shapes. */
const SIZES = ["diminuto", "pequeño", "mediano", "grande", "enorme"];
/** Aspects that are told together: looks, where and on what it lives, uses; warnings come at the end. */
const LOOKS = ["size", "shape", "colour one", "colour some", "colour both", "parts"];
const LIFE = ["lives", "found", "wild", "pet", "farm", "eats", "flies", "swims"];
const USE = ["for", "for living", "for lugar", "for evento"];
const LAST = ["electric", "breakable", "sharp"];

export async function load({ folder, lexicon }: WorldFiles): Promise<Kind> {
  const wordings = await Wordings.read(join(folder, "kinds/description.yaml"));
  const nouns = lexicon.nouns.filter((noun) =>
    noun.flags.has("countable") && noun.plural !== "-" && plural(noun) !== noun.singular &&
    noun.is.singular !== noun.singular &&
    aspectsOf(noun, 1, new Aspects((list) => list)).length >= FEWEST
  );
  return {
    name: "description",
    write: (random) => describe(random.pick(nouns), { wordings, lexicon, random }),
  };
}

interface Means {
  readonly wordings: Wordings;
  readonly lexicon: Lexicon;
  readonly random: Random;
}

function describe(noun: Word, { wordings, lexicon, random }: Means): Document {
  const number = random.chance(0.35) ? 2 : 1;
  const all = aspectsOf(
    noun,
    number,
    new Aspects((list, most) => random.sample(list, random.between(1, most))),
  );
  const aspects = inOrder(random.sample(all, random.between(FEWEST, all.length)), random);
  const x: Entity = { kind: noun.categories.has("animal") ? "animal" : "thing", noun, number };
  const k = kindOf(noun);
  const what = number === 2 ? plural(k) : indefinite(k, 1);
  const one = indefinite(noun, 1);
  const common = {
    ...{ x, k, one, what, s: number === 2 ? "s" : "" },
    thing: number === 2 ? definite(noun, 2) : one,
    others: `${agree("otro", k.gender, number)} ${inflect(k, number)}`,
  };
  const discourse = new Discourse();
  const casting = new Casting(lexicon, random);
  const told = {
    ...{ a: casting.person(), b: casting.person(), c: casting.person(), apellido: casting.surname() },
    pueblo: casting.town(),
    página: String(random.between(2, 99)),
  };
  const say = (name: string, bindings: Aspect["bindings"] = {}) =>
    wordings.say(
      name,
      scopeOf({ bindings: { ...common, ...bindings }, tense: "present", discourse }),
      random,
    );
  const sentences = [
    say(number === 1 && random.chance(0.3) ? "opening one" : "opening", told),
    ...aspects.map(({ name, bindings }) => say(name, bindings)),
  ];
  const questions = aspects.flatMap(({ name, bindings, answer }): Exchange[] => {
    if (answer === undefined || !wordings.names.includes(`ask ${name}`)) return [];
    return [{
      family: "extraer",
      turns: [{ instruction: say(`ask ${name}`, bindings), response: sentence(answer) }],
    }];
  });
  return {
    kind: "description",
    text: sentences.join(random.chance(0.15) ? "\n" : " "),
    facts: aspects.map(({ name, answer }) => answer === undefined ? name : `${name}: ${answer}`),
    questions,
  };
}

function inOrder(aspects: readonly Aspect[], random: Random): Aspect[] {
  const groups = [...random.sample([LOOKS, LIFE, USE], 3), LAST];
  return groups.flatMap((names) => aspects.filter(({ name }) => names.includes(name)));
}

/** What it is: "mamífero"; for a part, also the whole that it belongs to. */
function kindOf({ is, category, places }: Word): Noun {
  if (category !== "parte" || places.length === 0) return is;
  const of = definite(places[0], 1).replace(/^el /, "l ").replace(/^la /, " la ");
  return { ...is, singular: `parte de${of}`, plural: `partes de${of}` };
}

/** Collects aspects; `some` chooses from long lists. */
class Aspects {
  readonly all: Aspect[] = [];

  constructor(readonly some: <T>(list: readonly T[], most: number) => readonly T[]) {}

  add(name: string, bindings: Aspect["bindings"] = {}, answer?: string): void {
    this.all.push({ name, bindings, answer });
  }
}

function aspectsOf(x: Word, number: GrammaticalNumber, aspects: Aspects): Aspect[] {
  const agreed = (adjective: string) => agree(adjective, x.gender, number);
  if (x.colours.length === 1 && x.colours[0] !== "cualquiera") {
    aspects.add("colour one", { colour: x.colours[0] }, agreed(x.colours[0]));
  } else if (x.flags.has("bicolour")) {
    const list = and(...x.colours.map(agreed));
    aspects.add("colour both", { list }, list);
  } else if (x.colours.length > 1) {
    const [first, second, ...rest] = aspects.some(x.colours, 3);
    const list = or(...[first, second, ...rest].filter(Boolean).map(agreed));
    if (second) aspects.add("colour some", { first, second, list });
  }
  if (x.sizes.length === 1) {
    const [size] = x.sizes;
    aspects.add(SIZES.includes(size) ? "size" : "shape", { size }, agreed(size));
  }
  if (x.parts.length > 1) {
    const list = and(...aspects.some(x.parts, 4).map(part));
    if (list.includes(" y ")) aspects.add("parts", { list }, list);
  }
  if (x.eats.length > 0) {
    const list = and(...aspects.some(x.eats, 3).map(({ noun, plural }) => inflect(noun, plural ? 2 : 1)));
    aspects.add("eats", { list }, list);
  }
  const animal = x.categories.has("animal");
  // A bird flies in the sky but does not live there; the whole of a part was named at the beginning.
  const known = x.category === "parte"
    ? x.places.slice(1)
    : x.places.filter(({ singular }) => !animal || singular !== "cielo");
  if (known.length > 0) {
    const places = aspects.some(known, 2);
    // Instruments are seen at parties, not at the party.
    const list = places.map((place) => definite(place, place.category === "evento" ? 2 : 1)).join(" y en ");
    aspects.add(animal ? "lives" : "found", { list }, `en ${list}`);
  }
  if (x.for.length > 0) {
    const chosen = aspects.some(x.for, 2);
    const list = chosen.join(" y para ");
    const living = x.flags.has("alive") || x.flags.has("part");
    const kind = living ? "living" : ["lugar", "evento"].find((name) => x.categories.has(name));
    aspects.add(kind === undefined ? "for" : `for ${kind}`, { list, first: and(...chosen) }, `para ${list}`);
  }
  for (const flag of FLAGS) if (x.flags.has(flag)) aspects.add(flag);
  return aspects.all;
}

/** "cuatro patas", "una cola", "plumas", "agua". */
function part({ noun, plural: many, count }: Mention): string {
  if (count !== undefined && count > 1) return `${numberWord(count, noun.gender)} ${plural(noun)}`;
  if (many) return plural(noun);
  return noun.flags.has("countable") && noun.plural !== "-" ? indefinite(noun, 1) : noun.singular;
}

const sentence = (text: string) => `${capital(text)}.`;
