/** The words of the world, read from `data/world/words` and checked against each other. */
import { UserError } from "../../errors.ts";
import { agree } from "./grammar/adjectives.ts";
import { type Gender, plural } from "./grammar/nouns.ts";
import { conjugate, gerund, participle } from "./grammar/verbs.ts";
import { readNouns } from "./lexicon_nouns.ts";
import {
  readAdjectives,
  readCalendar,
  readFamily,
  readFeelings,
  readKnowledge,
  readNames,
  readProfessions,
  readSurnames,
  readTowns,
  readVerbs,
  readWeather,
} from "./lexicon_files.ts";
import type {
  Adjective,
  CalendarEntry,
  Category,
  Fact,
  Feeling,
  FirstName,
  Profession,
  Relation,
  Relative,
  Town,
  Verb,
  Weather,
  Word,
} from "./words.ts";

interface Entries {
  readonly categories: ReadonlyMap<string, Category>;
  readonly nouns: ReadonlyMap<string, Word>;
  readonly verbs: ReadonlyMap<string, Verb>;
  readonly adjectives: ReadonlyMap<string, Adjective>;
  readonly people: readonly FirstName[];
  readonly pets: readonly FirstName[];
  readonly surnames: readonly string[];
  readonly towns: readonly Town[];
  readonly professions: readonly Profession[];
  readonly family: readonly Relative[];
  readonly feelings: readonly Feeling[];
  readonly weather: readonly Weather[];
  readonly calendar: readonly CalendarEntry[];
  readonly relations: ReadonlyMap<string, Relation>;
  readonly knowledge: readonly Fact[];
}

export class Lexicon {
  readonly categories: ReadonlyMap<string, Category>;
  readonly nouns: readonly Word[];
  readonly verbs: readonly Verb[];
  readonly adjectives: readonly Adjective[];
  /** Adjectives with exactly one opposite. */
  readonly opposites: readonly Adjective[];
  readonly oppositeVerbs: readonly Verb[];
  readonly surnames: readonly string[];
  readonly towns: readonly Town[];
  readonly professions: readonly Profession[];
  readonly family: readonly Relative[];
  readonly feelings: readonly Feeling[];
  readonly weather: readonly Weather[];
  readonly relations: readonly Relation[];
  readonly knowledge: readonly Fact[];
  readonly #entries: Entries;
  readonly #byCategory: ReadonlyMap<string, readonly Word[]>;
  readonly #byFlag: ReadonlyMap<string, readonly Word[]>;
  readonly #people: Readonly<Record<Gender, readonly FirstName[]>>;
  readonly #pets: Readonly<Record<Gender, readonly FirstName[]>>;
  readonly #calendar: ReadonlyMap<CalendarEntry["kind"], readonly CalendarEntry[]>;
  #forms: ReadonlySet<string> | undefined;

  private constructor(entries: Entries) {
    this.#entries = entries;
    this.categories = entries.categories;
    this.nouns = [...entries.nouns.values()];
    this.verbs = [...entries.verbs.values()];
    this.adjectives = [...entries.adjectives.values()];
    this.opposites = withOneOpposite(this.adjectives, ({ word }) => word);
    this.oppositeVerbs = withOneOpposite(this.verbs, ({ infinitive }) => infinitive);
    this.surnames = entries.surnames;
    this.towns = entries.towns;
    this.professions = entries.professions;
    this.family = entries.family;
    this.feelings = entries.feelings;
    this.weather = entries.weather;
    this.relations = [...entries.relations.values()];
    this.knowledge = entries.knowledge;
    this.#byCategory = groupBy(this.nouns, ({ categories }) => categories);
    this.#byFlag = groupBy(this.nouns, ({ flags }) => flags);
    this.#calendar = Map.groupBy(entries.calendar, ({ kind }) => kind);
    this.#people = byGender(entries.people);
    this.#pets = byGender(entries.pets);
  }

  /**
   * Reads the files of `folder` (`data/world/words`).
   * @throws {UserError} naming file and line, if an entry is wrong or refers to one that is missing
   */
  static async read(folder: string): Promise<Lexicon> {
    const [verbs, adjectives] = await Promise.all([readVerbs(folder), readAdjectives(folder)]);
    const { categories, nouns } = await readNouns(folder, verbs, adjectives);
    const [
      people,
      pets,
      surnames,
      towns,
      family,
      feelings,
      calendar,
      { relations, knowledge },
      professions,
      weather,
    ] = await Promise.all([
      readNames(`${folder}/people.tsv`),
      readNames(`${folder}/pets.tsv`),
      readSurnames(folder),
      readTowns(folder),
      readFamily(folder),
      readFeelings(folder, adjectives),
      readCalendar(folder),
      readKnowledge(folder),
      readProfessions(folder, nouns),
      readWeather(folder, nouns),
    ]);
    return new Lexicon({
      categories,
      nouns,
      verbs,
      adjectives,
      people,
      pets,
      surnames,
      towns,
      professions,
      family,
      feelings,
      weather,
      calendar,
      relations,
      knowledge,
    });
  }

  /** @param name as in nouns.tsv: the singular, with its note if it has one ("mango (parte)") */
  noun(name: string): Word | undefined {
    return this.#entries.nouns.get(name);
  }

  verb(infinitive: string): Verb | undefined {
    return this.#entries.verbs.get(infinitive);
  }

  /** @param word masculine singular */
  adjective(word: string): Adjective | undefined {
    return this.#entries.adjectives.get(word);
  }

  /**
   * The nouns of a category, those of narrower ones included.
   * @throws {UserError} if there is none of that name
   */
  category(name: string): readonly Word[] {
    if (!this.categories.has(name)) {
      throw new UserError(
        `no category "${name}" in categories.tsv; it has ${[...this.categories.keys()].join(", ")}`,
      );
    }
    return this.#byCategory.get(name) ?? [];
  }

  /** The nouns with a flag, such as portable. */
  flagged(flag: string): readonly Word[] {
    return this.#byFlag.get(flag) ?? [];
  }

  people(gender?: Gender): readonly FirstName[] {
    return gender ? this.#people[gender] : this.#entries.people;
  }

  /** Names of animals that live with people. */
  pets(gender: Gender): readonly FirstName[] {
    return this.#pets[gender];
  }

  /** Days, months, seasons, … in their order. */
  calendar(kind: CalendarEntry["kind"]): readonly CalendarEntry[] {
    return this.#calendar.get(kind) ?? [];
  }

  /** Whether a lower-case text is a name or a word form in the lexicon; verb forms only in the tenses of stories. */
  has(text: string): boolean {
    this.#forms ??= new Set(forms(this.#entries));
    return this.#forms.has(text);
  }
}

/** Words with a certain opposite: the two are each other's opposites, and the word is no other word's opposite. */
function withOneOpposite<T extends { readonly opposite?: string; readonly oneOfSeveral?: true }>(
  all: readonly T[],
  wordOf: (word: T) => string,
): T[] {
  const opposed = Map.groupBy(all, ({ opposite }) => opposite);
  return all.filter((one) => {
    if (one.opposite === undefined || one.oneOfSeveral) return false;
    const back = opposed.get(wordOf(one)) ?? [];
    return back.length === 1 && wordOf(back[0]) === one.opposite;
  });
}

function byGender(names: readonly FirstName[]): Record<Gender, readonly FirstName[]> {
  const { m = [], f = [] } = Object.groupBy(names, ({ gender }) => gender);
  return { m, f };
}

function groupBy(nouns: readonly Word[], keys: (noun: Word) => Iterable<string>): Map<string, Word[]> {
  const groups = new Map<string, Word[]>();
  for (const noun of nouns) {
    for (const key of keys(noun)) {
      const group = groups.get(key);
      if (group) group.push(noun);
      else groups.set(key, [noun]);
    }
  }
  return groups;
}

function* forms(entries: Entries): Generator<string> {
  const nouns = [...entries.nouns.values(), ...entries.feelings, ...entries.weather, ...entries.calendar];
  for (const noun of nouns) yield* [noun.singular.toLowerCase(), plural(noun)];
  for (const { infinitive } of entries.verbs.values()) {
    yield* [infinitive, participle(infinitive), gerund(infinitive)];
    for (const tense of ["present", "preterite", "subjunctive", "imperative"] as const) {
      for (const person of [1, 2, 3, 4, 6] as const) {
        if (tense === "imperative" && person === 1) continue;
        yield conjugate(infinitive, tense, person).replace(/^\S+ /, "");
      }
    }
  }
  for (const word of entries.adjectives.keys()) {
    for (const gender of ["m", "f"] as const) yield* [agree(word, gender, 1), agree(word, gender, 2)];
  }
  for (const { name } of [...entries.people, ...entries.pets, ...entries.towns]) yield name.toLowerCase();
  for (const { masculine, feminine } of [...entries.professions, ...entries.family]) {
    yield* [masculine, feminine];
  }
}
