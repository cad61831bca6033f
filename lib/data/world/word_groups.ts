/** Possible replacements of words: others of the same kind, and other forms of the same word. */
import { agree } from "./grammar/adjectives.ts";
import { type Gender, type Noun, plural } from "./grammar/nouns.ts";
import { conjugate } from "./grammar/verbs.ts";
import type { Lexicon } from "./lexicon.ts";

export interface WordGroups {
  /** Maps lower-case words to words of the same kind, gender and number: "roja" to colours, "vaca" to animals. */
  readonly alike: ReadonlyMap<string, readonly string[]>;
  /** Maps names to names of the same kind: women, men, towns, countries. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  /** Maps lower-case words to a form that is wrong in their place: "mesa" to "mesas", "vive" to "viven". */
  readonly otherForm: ReadonlyMap<string, string>;
}

const GENDERS = ["m", "f"] as const;
/** Classes of animals in the plural, besides the categories of nouns. */
const CLASSES = "caninos felinos aves peces reptiles insectos roedores equinos bovinos".split(" ");

export function wordGroups(lexicon: Lexicon): WordGroups {
  const alike = new Map<string, readonly string[]>(), names = new Map<string, readonly string[]>();
  const add = (to: Map<string, readonly string[]>, words: Iterable<string>) => {
    const group = [...new Set(words)];
    // A word of two kinds stays in the first.
    for (const word of group) if (!to.has(word)) to.set(word, group);
  };
  const addNouns = (nouns: readonly Noun[]) => {
    for (const own of Map.groupBy(nouns, ({ gender }) => gender).values()) {
      add(alike, own.map(({ singular }) => singular));
      add(alike, own.map(plural));
    }
  };
  for (const gender of GENDERS) add(names, lexicon.people(gender).map(({ name }) => name));
  add(names, lexicon.towns.map(({ name }) => name));
  add(names, lexicon.towns.map(({ country }) => country));
  add(alike, CLASSES);
  for (const kind of ["día", "mes", "estación"] as const) {
    add(alike, lexicon.calendar(kind).map(({ singular }) => singular));
  }
  addNouns([...lexicon.categories.values()]);
  for (const words of Map.groupBy(lexicon.adjectives, ({ category }) => category).values()) {
    for (const gender of GENDERS) {
      for (const number of [1, 2] as const) add(alike, words.map(({ word }) => agree(word, gender, number)));
    }
  }
  addNouns(lexicon.family.flatMap(bothGenders));
  addNouns(lexicon.professions.flatMap(bothGenders));
  for (const words of Map.groupBy(lexicon.nouns, ({ category }) => category).values()) addNouns(words);
  return { alike, names, otherForm: otherForms(lexicon) };
}

const bothGenders = ({ masculine, feminine }: { masculine: string; feminine: string }): Noun[] =>
  ([[masculine, "m"], [feminine, "f"]] as [string, Gender][]).map(([singular, gender]) => ({
    singular,
    gender,
  }));

/** Nouns in the other number, adjectives in the other gender, verbs in the other number. */
function otherForms({ nouns, adjectives, verbs }: Lexicon): Map<string, string> {
  const other = new Map<string, string>();
  const pair = (one: string, two: string) => {
    if (one === two) return;
    if (!other.has(one)) other.set(one, two);
    if (!other.has(two)) other.set(two, one);
  };
  for (const noun of nouns) pair(noun.singular, plural(noun));
  for (const { word } of adjectives) {
    for (const number of [1, 2] as const) pair(agree(word, "m", number), agree(word, "f", number));
  }
  for (const { infinitive } of verbs) {
    const bare = infinitive.replace(/se$/, "");
    for (const tense of ["present", "preterite", "imperfect", "future"] as const) {
      pair(conjugate(bare, tense, 3), conjugate(bare, tense, 6));
    }
  }
  return other;
}
