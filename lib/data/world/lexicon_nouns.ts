/** Reads categories.tsv and nouns.tsv: their cells refer to each other, to verbs and to adjectives. */
import { UserError } from "../../errors.ts";
import { type Noun, plural } from "./grammar/nouns.ts";
import { byKey, items, oneOf, readTable, type Row } from "./table.ts";
import type { Adjective, Category, Mention, Verb, Word } from "./words.ts";

const FLAGS = [
  "bicolour",
  "alive", // grows, eats, dies
  "wild", // an animal that lives free
  "farm",
  "pet",
  "flies",
  "swims",
  "portable", // one person can carry it
  "wearable",
  "container", // things can be kept in it
  "openable",
  "edible",
  "drinkable",
  "cooked", // is cooked before it is eaten
  "buyable",
  "countable", // "tres manzanas"; not "tres arenas"
  "breakable",
  "valuable",
  "small", // fits in a pocket or a bag
  "sharp",
  "pair", // told in the plural: unas tijeras
  "electric",
  "vehicle", // carries people
  "place", // someone can be there
  "home", // a room, or what is near the house
  "indoors",
  "outdoors",
  "public", // a public place in a town
  "shop",
  "water",
  "person",
  "part", // of something else
] as const;

const NOUN_COLUMNS = [
  "noun",
  "gender",
  "plural",
  "category",
  "colours",
  "sizes",
  "parts",
  "uses",
  "places",
  "eats",
  "for",
  "flags",
] as const;

/** The note that distinguishes homonyms: "mango (parte)". */
const NOTE = / \(.*\)$/;

type NounRow = Row<typeof NOUN_COLUMNS[number]>;

interface MutableWord extends Word {
  parts: readonly Mention[];
  places: readonly Word[];
  eats: readonly Mention[];
}

export async function readNouns(
  folder: string,
  verbs: ReadonlyMap<string, Verb>,
  adjectives: ReadonlyMap<string, Adjective>,
): Promise<{ categories: Map<string, Category>; nouns: Map<string, Word> }> {
  const categories = await readCategories(folder);
  const rows = await readTable(`${folder}/nouns.tsv`, NOUN_COLUMNS);
  const colours = [...adjectives.values()].filter(({ category }) => category === "colour");
  const entries = rows.map((row) => {
    const { where, cells } = row;
    const category = categories.get(cells.category);
    if (!category) {
      const known = [...categories.keys()].join(", ");
      throw new UserError(`${where}: unknown category "${cells.category}"; categories.tsv has ${known}`);
    }
    const chain = wider(category);
    const word: MutableWord = {
      ...noun(cells.noun.replace(NOTE, ""), cells.gender, cells.plural, where),
      category: category.name,
      categories: new Set(chain.map(({ name }) => name)),
      is: category,
      colours: cells.colours === "cualquiera"
        ? colours.map(({ word }) => word)
        : items(cells.colours).map((word) => ofCategory(adjectives, word, "colour", where)),
      sizes: items(cells.sizes).map((word) => ofCategory(adjectives, word, "size", where)),
      parts: [],
      uses: items(cells.uses),
      places: [],
      eats: [],
      for: items(cells.for),
      flags: new Set([...flags(cells.flags, where), ...chain.flatMap((wide) => [...wide.flags])]),
    };
    for (const phrase of [...word.uses, ...word.for]) checkInfinitive(phrase, verbs, where);
    return [row, word] as const;
  });
  const nouns = byKey(entries, (_word, { cells }) => cells.noun);
  link(entries, nouns);
  return { categories, nouns };
}

/** Fills in the references from nouns to other nouns. */
function link(entries: readonly (readonly [NounRow, MutableWord])[], nouns: ReadonlyMap<string, Word>): void {
  const plurals = new Map<string, Word>();
  for (const [name, noun] of nouns) plurals.set(plural(noun) + name.slice(noun.singular.length), noun);
  const mention = (text: string, where: string): Mention => {
    const [, count, form] = /^(?:(\d+) )?(.*)$/.exec(text)!;
    const singular = count ? undefined : nouns.get(form);
    const noun = singular ?? plurals.get(form);
    if (!noun) throw missing(form, where);
    return { noun, plural: !singular, ...(count && { count: Number(count) }) };
  };
  for (const [{ where, cells }, word] of entries) {
    word.parts = items(cells.parts).map((text) => mention(text, where));
    word.eats = items(cells.eats).map((text) => mention(text, where));
    word.places = wordsOf(cells.places, nouns, where);
  }
}

/** The nouns that a cell names in the singular. @throws {UserError} if one is missing */
export function wordsOf(cell: string, nouns: ReadonlyMap<string, Word>, where: string): Word[] {
  return items(cell).map((name) => {
    const word = nouns.get(name);
    if (!word) throw missing(name, where);
    return word;
  });
}

function missing(name: string, where: string): UserError {
  return new UserError(`${where}: "${name}" is not in nouns.tsv; add it there, or correct the spelling here`);
}

/** @throws {UserError} unless the phrase begins with an infinitive of verbs.tsv */
export function checkInfinitive(phrase: string, verbs: ReadonlyMap<string, Verb>, where: string): void {
  const [first] = phrase.replace(/^no /, "").split(" ");
  if (verbs.has(first)) return;
  throw new UserError(`${where}: "${first}" is not in verbs.tsv; add it there, or correct the spelling here`);
}

function ofCategory(
  adjectives: ReadonlyMap<string, Adjective>,
  word: string,
  category: string,
  where: string,
): string {
  if (adjectives.get(word)?.category === category) return word;
  throw new UserError(
    `${where}: "${word}" is no ${category} in adjectives.tsv; add it there, or correct it here`,
  );
}

async function readCategories(folder: string): Promise<Map<string, Category>> {
  const columns = ["category", "noun", "gender", "plural", "within", "flags"] as const;
  const rows = await readTable(`${folder}/categories.tsv`, columns);
  const categories = new Map<string, Category>();
  const entries = rows.map((row) => {
    const { where, cells } = row;
    const within = categories.get(cells.within);
    if (cells.within && !within) {
      throw new UserError(`${where}: unknown category "${cells.within}"; list it on a line above this one`);
    }
    const category: Category = {
      ...noun(cells.noun, cells.gender, cells.plural, where),
      name: cells.category,
      ...(within && { within }),
      flags: flags(cells.flags, where),
    };
    categories.set(category.name, category);
    return [row, category] as const;
  });
  return byKey(entries, ({ name }) => name);
}

function wider(category: Category): Category[] {
  return category.within ? [category, ...wider(category.within)] : [category];
}

const flags = (cell: string, where: string) =>
  new Set(items(cell).map((flag) => oneOf(FLAGS, flag, "flag", where)));

/** @throws {UserError} if the gender is neither m nor f */
export function noun(singular: string, gender: string, plural: string, where: string): Noun {
  return { singular, gender: oneOf(["m", "f"], gender, "gender", where), ...(plural && { plural }) };
}
