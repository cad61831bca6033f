/** What the world knows of its words: one type for each file of `data/world/words`. */

import type { Gender, Noun } from "./grammar/nouns.ts";

/** What nouns have in common, such as `fruta`; as a noun, what one calls each of them ("una prenda de ropa"). */
export interface Category extends Noun {
  readonly name: string;
  /** The wider category: that of `ave` is `animal`. */
  readonly within?: Category;
  readonly flags: ReadonlySet<string>;
}

/** A noun as it is mentioned by another: "4 patas", "cola", "hierba". */
export interface Mention {
  readonly noun: Word;
  readonly plural: boolean;
  /** How many there are, where that is known. */
  readonly count?: number;
}

/** A noun. Homonyms are told apart in the files by a note, which is not part of it: "mango (parte)". */
export interface Word extends Noun {
  /** The narrowest category by name. */
  readonly category: string;
  /** Names of its category and of the wider ones, from narrow to wide: ave, animal. */
  readonly categories: ReadonlySet<string>;
  /** What it is: "instrumento musical" for a guitar. */
  readonly is: Noun;
  /** Masculine singular. A single one is the colour that it always has; of several, any is possible. */
  readonly colours: readonly string[];
  /** Masculine singular. */
  readonly sizes: readonly string[];
  readonly parts: readonly Mention[];
  /** Infinitives that take it as their object: "tocar", "afinar". */
  readonly uses: readonly string[];
  /** Where it is usually found: "en" and one of these, which need not be places ("en el armario"). */
  readonly places: readonly Word[];
  readonly eats: readonly Mention[];
  /** What it is for: infinitive phrases, "clavar clavos". */
  readonly for: readonly string[];
  /** Its own and those of its categories. */
  readonly flags: ReadonlySet<string>;
}

export const COMPLEMENTS = [
  "thing",
  "person",
  "animal",
  "place",
  "food",
  "time",
  "que",
  "infinitive",
  "nothing",
] as const;

/** What a verb takes: `thing`, or `con person` with its preposition. */
export interface Complement {
  readonly kind: typeof COMPLEMENTS[number];
  readonly preposition?: string;
}

/** How a verb is conjugated; what changes in the stem where it is stressed. */
export const CONJUGATIONS = ["regular", "e>ie", "o>ue", "e>i", "u>ue", "i>í", "u>ú", "irregular"] as const;

export interface Verb {
  readonly infinitive: string;
  readonly conjugation: typeof CONJUGATIONS[number];
  /** Alternatives, each a list of what stands together: dar takes [thing, a person]. */
  readonly takes: readonly (readonly Complement[])[];
  /** Whether one says "está …ndo": not of estar, saber, tener. */
  readonly progressive: boolean;
  /** Verbs of like meaning: movement, speech, … */
  readonly group: string;
  readonly opposite?: string;
  /** Another word is as good an opposite, so that nobody is asked for this one. */
  readonly oneOfSeveral?: true;
}

export const SAID_OF = [
  "person",
  "animal",
  "thing",
  "food",
  "clothes",
  "place",
  "weather",
  "body",
  "text",
] as const;

export interface Adjective {
  /** Masculine singular. */
  readonly word: string;
  readonly opposite?: string;
  /** Another word is as good an opposite, so that nobody is asked for this one. */
  readonly oneOfSeveral?: true;
  readonly saidOf: ReadonlySet<typeof SAID_OF[number]>;
  readonly category: string;
  /** The verb that joins it to a subject: "es alto", "está triste", either with another meaning or none. */
  readonly copula: "ser" | "estar" | "both";
}

export interface FirstName {
  readonly name: string;
  readonly gender: Gender;
}

export interface Town {
  readonly name: string;
  readonly country: string;
}

export interface Profession {
  readonly masculine: string;
  readonly feminine: string;
  readonly places: readonly Word[];
  /** Infinitive phrases: "hacer pan". */
  readonly does: readonly string[];
  readonly tools: readonly Word[];
}

export interface Relative {
  readonly masculine: string;
  readonly feminine: string;
  /** Of a man, after "es": "el hermano de su padre o de su madre". */
  readonly means: string;
  /** What one is to one's relative: that of abuelo is nieto. Masculine. */
  readonly inverse: string;
}

export interface Feeling extends Noun {
  /** Of someone who has it, masculine: "triste". */
  readonly adjective: string;
  /** What one does: "llorar". */
  readonly signs: readonly string[];
  /** Why one has it, after "cuando": "pierde algo que quiere". */
  readonly causes: readonly string[];
}

export interface Weather extends Noun {
  /** The predicate as an infinitive phrase: "llover", "hacer sol". */
  readonly verb: string;
  /** Of such a day, masculine: "lluvioso". */
  readonly adjective: string;
  /** What one takes along or puts on. */
  readonly wear: readonly Word[];
}

export const CALENDAR = ["día", "mes", "estación", "parte del día", "unidad", "fiesta"] as const;

export interface CalendarEntry extends Noun {
  readonly kind: typeof CALENDAR[number];
  /** Place in its kind, from 1. */
  readonly order: number;
  /** What one may say of it: "tiene 31 días". */
  readonly notes: readonly string[];
}

/** How a fact is asked and told. `{s}` stands for the subject and `{o}` for the object of the fact. */
export interface Relation {
  readonly name: string;
  readonly ask: readonly string[];
  readonly answer: readonly string[];
  /** Asks for the subject, where the object has only one. */
  readonly askSubject: readonly string[];
  readonly answerSubject: readonly string[];
}

export interface Fact {
  readonly subject: string;
  readonly relation: Relation;
  readonly object: string;
}
