/** Gender and number of Spanish words in all their forms, from the lexicon. */
import { agree } from "../data/world/grammar/adjectives.ts";
import {
  type Gender,
  type GrammaticalNumber,
  inflect,
  type Noun,
  takesEl,
} from "../data/world/grammar/nouns.ts";
import { conjugate, participle, type Person, TENSES } from "../data/world/grammar/verbs.ts";
import type { Lexicon } from "../data/world/lexicon.ts";
import { CALENDAR } from "../data/world/words.ts";

export interface Reading {
  readonly gender: Gender;
  readonly number: GrammaticalNumber;
}

/** What each form may be. A form may have several readings. */
export type Readings = ReadonlyMap<string, readonly Reading[]>;
type Growing = Map<string, Reading[]>;

/** Whether two words can agree. */
export const canAgree = (a: readonly Reading[], b: readonly Reading[]): boolean =>
  a.some((reading) => b.some((other) => same(reading, other)));

const same = (a: Reading, b: Reading) => a.gender === b.gender && a.number === b.number;

const words = (text: string) => text.trim().split(/\s+/);
const GENDERS = ["m", "f"] as const, NUMBERS = [1, 2] as const;
const PERSONS: readonly Person[] = [1, 2, 3, 4, 6];
const DETERMINERS = words("el un este ese aquel otro nuestro algún ningún");
/** Nouns that may have either gender, with or without another meaning. */
const BOTH_GENDERS = words(`
  mar azúcar radio sartén calor capital orden frente cometa corte policía guía guardia cura parte pendiente mañana
  final batería trompeta papa coma clave moral margen editorial internet piloto testigo modelo lente lentes radios
  tenis rosa violeta naranja
`);
/** Nouns that are more often other words, where an article may precede them. */
const RATHER_OTHERS = words("sobre número");
/** Endings of nouns for persons of either gender: el turista, la turista. */
const COMMON = /(?:ista|nte|a|é)$/;

export class WordForms {
  readonly nouns: Readings;
  /** Nouns for persons and animals: niña, abuelo, panadera, perro. */
  readonly beings: Readings;
  /** Articles, and other words that take their place. */
  readonly determiners: Readings;
  /** Adjectives and participles. */
  readonly adjectives: Readings;
  /** Adjectives of state: participles, and adjectives that only follow estar. */
  readonly states: ReadonlySet<string>;
  readonly verbs: ReadonlySet<string>;
  /** Feminine nouns that take "el" in the singular. */
  readonly takingEl: ReadonlySet<string>;

  constructor(lexicon: Lexicon) {
    const { feelings, weather } = lexicon;
    const dates = CALENDAR.flatMap((kind) => lexicon.calendar(kind));
    const nouns = [...lexicon.nouns, ...feelings, ...weather, ...dates, ...titles(lexicon)];
    const named = nounForms(nouns);
    for (const word of BOTH_GENDERS) if (named.has(word)) named.set(word, readings(GENDERS, NUMBERS));
    for (const word of RATHER_OTHERS) named.delete(word);
    this.nouns = named;
    const alive = lexicon.nouns.filter(({ categories }) =>
      categories.has("persona") || categories.has("animal")
    );
    this.beings = nounForms([...titles(lexicon), ...alive.filter(({ singular }) => singular !== "familia")]);
    this.takingEl = new Set(nouns.filter(takesEl).map(({ singular }) => singular));
    const determiners = agreeing(DETERMINERS);
    for (const contraction of ["al", "del"]) determiners.set(contraction, [{ gender: "m", number: 1 }]);
    this.determiners = determiners;
    const participles = lexicon.verbs.map(({ infinitive }) => participle(infinitive));
    const adjectives = agreeing([...lexicon.adjectives.map(({ word }) => word), ...participles]);
    for (const short of ["buen", "mal", "primer", "tercer"]) adjectives.set(short, readings(["m"], [1]));
    adjectives.set("gran", readings(GENDERS, [1]));
    this.adjectives = adjectives;
    const passing = lexicon.adjectives.filter(({ copula }) => copula === "estar").map(({ word }) => word);
    this.states = new Set(agreeing([...passing, ...participles]).keys());
    this.verbs = new Set(lexicon.verbs.flatMap(({ infinitive }) => conjugated(infinitive)));
  }
}

/** Words for family members and professions, and titles for addressing people. */
function titles({ family, professions }: Lexicon): Noun[] {
  const addresses = [{ masculine: "señor", feminine: "señora" }, { masculine: "don", feminine: "doña" }];
  return [...family, ...professions, ...addresses].flatMap(({ masculine, feminine }): Noun[] => [
    { singular: masculine, gender: "m" },
    { singular: feminine, gender: "f" },
  ]);
}

const readings = (genders: readonly Gender[], numbers: readonly GrammaticalNumber[]): Reading[] =>
  genders.flatMap((gender) => numbers.map((number) => ({ gender, number })));

function add(forms: Growing, form: string, reading: Reading): void {
  const known = forms.get(form);
  if (!known) forms.set(form, [reading]);
  else if (!known.some((other) => same(reading, other))) known.push(reading);
}

function nounForms(nouns: readonly (Noun & { readonly categories?: ReadonlySet<string> })[]): Growing {
  const forms: Growing = new Map();
  for (const noun of nouns) {
    if (noun.singular.includes(" ")) continue;
    const common = noun.gender === "m" && noun.categories?.has("persona") && COMMON.test(noun.singular);
    for (const number of noun.plural === "-" ? [1] as const : NUMBERS) {
      for (const gender of common ? GENDERS : [noun.gender]) {
        add(forms, inflect(noun, number), { gender, number });
      }
    }
  }
  return forms;
}

/** @param words in the masculine singular */
function agreeing(words: readonly string[]): Growing {
  const forms: Growing = new Map();
  for (const word of words) {
    for (const reading of readings(GENDERS, NUMBERS)) {
      add(forms, agree(word, reading.gender, reading.number), reading);
    }
  }
  return forms;
}

/** Every form of a verb, without its reflexive pronoun. */
function conjugated(infinitive: string): string[] {
  return TENSES.flatMap((tense) =>
    PERSONS.filter((person) => tense !== "imperative" || person !== 1)
      .map((person) => conjugate(infinitive, tense, person).replace(/^\S+ /, ""))
  );
}
