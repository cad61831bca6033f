/** What the world knows about its words: one type for each file of `data/world/words`. */

import type { Gender, Noun } from "./grammar/nouns.ts";

/** A category of nouns, such as `fruta`. As a noun it is what one calls each member ("una prenda de ropa"). */
export interface Category extends Noun {
  readonly name: string;
  /** The wider category: that of `ave` is `animal`. */
  readonly within?: Category;
  readonly flags: ReadonlySet<string>;
}

/** A noun in the entry of another: "4 patas", "cola", "hierba". */
export interface Mention {
  readonly noun: Word;
  readonly plural: boolean;
  /** How many there are, if known. */
  readonly count?: number;
}

/** A noun. The files distinguish homonyms by a note, which is not part of the noun: "mango (parte)". */
export interface Word extends Noun {
  /** The narrowest category by name. */
  readonly category: string;
  /** Names of its category and of the wider ones, from narrow to wide: ave, animal. */
  readonly categories: ReadonlySet<string>;
  /** What it is: "instrumento musical" for a guitar. */
  readonly is: Noun;
  /** Masculine singular. A single colour is the one that it always has; of several, any is possible. */
  readonly colours: readonly string[];
  /** Masculine singular. */
  readonly sizes: readonly string[];
  readonly parts: readonly Mention[];
  /** Infinitives that take it as their object: "tocar", "afinar". */
  readonly uses: readonly string[];
  /** Where it is usually found, after "en"; these need not be places ("en el armario"). */
  readonly places: readonly Word[];
  readonly eats: readonly Mention[];
  /** What it is for: infinitive phrases, "clavar clavos". */
  readonly for: readonly string[];
  /** Its own flags and those of its categories. */
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

/** Conjugation classes: the vowel change in the stressed stem. */
export const CONJUGATIONS = ["regular", "e>ie", "o>ue", "e>i", "u>ue", "i>í", "u>ú", "irregular"] as const;

export interface Verb {
  readonly infinitive: string;
  readonly conjugation: typeof CONJUGATIONS[number];
  /** Alternative lists of complements that go together: dar takes [thing, a person]. */
  readonly takes: readonly (readonly Complement[])[];
  /** Whether it has a progressive ("está …ndo"); estar, saber and tener do not. */
  readonly progressive: boolean;
  /** A group of verbs with similar meaning: movement, speech, … */
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
  /** Definition for a man, after "es": "el hermano de su padre o de su madre". */
  readonly means: string;
  /** What one is to this relative: for abuelo it is nieto. Masculine. */
  readonly inverse: string;
}

export interface Feeling extends Noun {
  /** Describes someone who has the feeling, masculine: "triste". */
  readonly adjective: string;
  /** What people with this feeling do: "llorar". */
  readonly signs: readonly string[];
  /** When people have it, after "cuando": "pierde algo que quiere". */
  readonly causes: readonly string[];
}

export interface Weather extends Noun {
  /** The predicate as an infinitive phrase: "llover", "hacer sol". */
  readonly verb: string;
  /** Describes such a day, masculine: "lluvioso". */
  readonly adjective: string;
  /** What people take along or put on. */
  readonly wear: readonly Word[];
}

export const CALENDAR = ["día", "mes", "estación", "parte del día", "unidad", "fiesta"] as const;

export interface CalendarEntry extends Noun {
  readonly kind: typeof CALENDAR[number];
  /** Position within its kind, from 1. */
  readonly order: number;
  /** Statements about it: "tiene 31 días". */
  readonly notes: readonly string[];
}

/** How a kind of fact is asked and told. `{s}` stands for the fact's subject and `{o}` for its object. */
export interface Relation {
  readonly name: string;
  readonly ask: readonly string[];
  readonly answer: readonly string[];
  /** Answers as short as possible; there may be none. */
  readonly short: readonly string[];
  /** Questions for the subject, used where an object has only one. */
  readonly askSubject: readonly string[];
  readonly answerSubject: readonly string[];
  readonly shortSubject: readonly string[];
}

export interface Fact {
  readonly subject: string;
  readonly relation: Relation;
  readonly object: string;
}
