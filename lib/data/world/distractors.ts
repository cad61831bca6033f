/** Makes nearly right answers: the right answer with one thing replaced by another of its kind. */
import { allSaid } from "../held_out.ts";
import type { Exchange } from "./document.ts";
import { numberWord } from "./grammar/numbers.ts";
import type { Lexicon } from "./lexicon.ts";
import type { Random } from "./random.ts";
import { capitalised } from "./grammar/capitals.ts";
import { type WordGroups, wordGroups } from "./word_groups.ts";

/** An answer, and everything said before it. */
interface Given {
  readonly answer: string;
  readonly said: string;
  readonly random: Random;
  readonly groups: WordGroups;
}

/** Changes an answer; null if it has nothing to change in this way. */
type Way = (given: Given) => string | null;

/** Ways to change an answer, and how often each is tried first. */
const WAYS: readonly (readonly [Way, number])[] = [
  [yesOrNo, 4],
  [number, 4],
  [spelling, 4],
  [name, 4],
  [thing, 4],
  [word, 2],
  [form, 1],
];

export class Distractors {
  readonly #groups: WordGroups;

  constructor(lexicon: Lexicon) {
    this.#groups = wordGroups(lexicon);
  }

  /** A wrong answer that resembles the right answer to a conversation's last question; null if none is found. */
  draw({ turns }: Exchange, random: Random): string | null {
    const given = { answer: turns.at(-1)!.response, said: allSaid(turns), random, groups: this.#groups };
    for (let left = [...WAYS]; left.length > 0;) {
      const way = random.weighted(left.map((one) => [one, one[1]] as const));
      const changed = way[0](given);
      if (changed !== null) return changed;
      left = left.filter((one) => one !== way);
    }
    return null;
  }
}

/** A part of an answer. */
interface Place {
  readonly text: string;
  readonly index: number;
}

const placesOf = (answer: string, pattern: RegExp): Place[] =>
  [...answer.matchAll(pattern)].map(({ 0: text, index }) => ({ text, index }));

/** The answer with the text at a place replaced; an initial capital is kept. */
function replaced(answer: string, { text, index }: Place, by: string): string {
  const first = text[0] === text[0].toUpperCase() ? capitalised(by) : by;
  return answer.slice(0, index) + first + answer.slice(index + text.length);
}

/** The answer with the text at one of some places replaced by one of its alternatives. */
function changed(
  { answer, random }: Given,
  places: readonly Place[],
  alternatives: (place: Place) => readonly string[],
): string | null {
  for (const place of random.shuffle(places)) {
    const others = alternatives(place);
    if (others.length > 0) return replaced(answer, place, random.pick(others));
  }
  return null;
}

function yesOrNo({ answer }: Given): string | null {
  const [, said] = /^(Sí|No)(?=[.,;:])/u.exec(answer) ?? [];
  return said ? (said === "Sí" ? "No." : "Sí.") : null;
}

/** Groups of number words that can replace each other, also within "treinta y cuatro". */
const NUMBER_WORDS = [[2, 9, 1], [10, 20, 1], [22, 29, 1], [30, 90, 10]].map(([low, high, step]) =>
  Array.from({ length: (high - low) / step + 1 }, (_, i) => numberWord(low + i * step))
);

/** Replaces a number by one near it, most often the last number, which is the result. */
function number(given: Given): string | null {
  const { answer, random } = given;
  const near = (text: string): string[] => {
    const n = Number(text);
    if (Number.isNaN(n)) {
      const group = NUMBER_WORDS.find((words) => words.includes(text.toLowerCase())) ?? [];
      const at = group.indexOf(text.toLowerCase());
      return [-2, -1, 1, 2].flatMap((step) => group[at + step] ?? []);
    }
    // 1 is left out, as "1 casas" would be a grammatical error.
    return [-10, -2, -1, 1, 2, 10].map((step) => n + step).filter((other) => other > 1).map(String);
  };
  const places = placesOf(answer, /\d+|\p{L}+/gu).filter(({ text }) =>
    /^\d{1,6}$/.test(text) || NUMBER_WORDS.some((words) => words.includes(text.toLowerCase()))
  );
  return changed(given, random.chance(0.8) ? places.slice(-1) : places, ({ text }) => near(text));
}

const LETTERS = [..."abcdefghijlmnñopqrstuvyz"];

/** Swaps two parts of a spelled word, or changes a letter. */
function spelling(given: Given): string | null {
  const { answer, random } = given;
  const spelled = placesOf(answer, /\p{L}+(?:-\p{L}+)+/gu);
  if (spelled.length > 0) {
    return changed(given, spelled, ({ text }) => {
      const parts = text.split("-");
      const at = random.below(parts.length - 1);
      if (parts[at] === parts[at + 1]) return [parts.toSpliced(at, 1).join("-")];
      return [parts.toSpliced(at, 2, parts[at + 1], parts[at]).join("-")];
    });
  }
  const letters = placesOf(answer, /(?<=(?<!\p{L})la )\p{L}(?!\p{L})/gu);
  return changed(given, letters, ({ text }) => LETTERS.filter((letter) => letter !== text.toLowerCase()));
}

const NAME = String.raw`\p{Lu}\p{Ll}+(?: (?:de(?: la| los)? )?\p{Lu}\p{Ll}+)*`;
/** A capitalised word within a sentence, where only names have capitals. */
const NAME_WITHIN = new RegExp(String.raw`(?<=[\p{Ll}\d,;:] )${NAME}`, "gu");

const NAME_FIRST = new RegExp(`^${NAME}`, "gu");

/** Replaces a person, town or country by another, if possible one that was named before. */
function name(given: Given): string | null {
  const { answer, said, groups: { names } } = given;
  const told = [
    ...new Set([said, answer].flatMap((text) => placesOf(text, NAME_WITHIN)).map(({ text }) => text)),
  ];
  const places = [
    ...placesOf(answer, NAME_WITHIN),
    ...placesOf(answer, NAME_FIRST).filter(({ text }) => told.includes(text) || names.has(text)),
  ];
  return changed(given, places, ({ text }) => {
    const own = names.get(text);
    const free = (others: readonly string[]) => others.filter((other) => !answer.includes(other));
    const near = free(told).filter((other) => !own || !names.has(other) || names.get(other) === own);
    return near.length > 0 ? near : free(own ?? []);
  });
}

/** Replaces a thing by another from the text, with the same article. */
function thing(given: Given): string | null {
  const { answer, said } = given;
  const pattern = /(?<=(?<!\p{L})(un|una|unos|unas|el|la|los|las|del|al) )\p{Ll}{2,}/gu;
  const told = [...said.matchAll(pattern)].map(([text, article]) => ({ text, article }));
  const articles = new Map([...answer.matchAll(pattern)].map(({ 1: article, index }) => [index, article]));
  return changed(
    given,
    placesOf(answer, pattern),
    ({ index }) =>
      told.filter(({ text, article }) => article === articles.get(index) && !answer.includes(text))
        .map(({ text }) => text),
  );
}

/** Replaces a word by another of the same kind, gender and number, if possible one from the text. */
function word(given: Given): string | null {
  const { answer, said, random, groups: { alike } } = given;
  return changed(given, placesOf(answer, /\p{L}+/gu), ({ text }) => {
    const others = (alike.get(text.toLowerCase()) ?? []).filter((other) =>
      !answer.toLowerCase().includes(other)
    );
    const told = others.filter((other) => said.includes(` ${other}`));
    return told.length > 0 && random.chance(0.7) ? told : others;
  });
}

/** Makes an error of agreement. */
function form(given: Given): string | null {
  const { otherForm } = given.groups;
  return changed(given, placesOf(given.answer, /\p{L}+/gu), ({ text }) => {
    const other = otherForm.get(text.toLowerCase());
    return other === undefined ? [] : [other];
  });
}
