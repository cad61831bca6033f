/** Words whose letters are asked about, and how a question mentions them. */
import { inventedName, inventedNoun } from "../invented.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";

/** Words to be asked about. */
export class WordSource {
  readonly #known: readonly string[];

  constructor(readonly lexicon: Lexicon) {
    const { nouns, adjectives, verbs } = lexicon;
    const words = [
      ...nouns.map(({ singular }) => singular),
      ...adjectives.map(({ word }) => word),
      ...verbs.map(({ infinitive }) => infinitive),
    ];
    this.#known = [...new Set(words.filter((word) => /^\p{Ll}{3,9}$/u.test(word)))];
  }

  /** A word in lower case; four in ten are invented. */
  word(random: Random): string {
    return random.chance(0.4) ? inventedNoun(random, this.lexicon).singular : random.pick(this.#known);
  }

  /** A word, or sometimes a name. */
  any(random: Random): string {
    if (random.chance(0.85)) return this.word(random);
    const gender = random.pick(["m", "f"] as const);
    return random.chance(0.4)
      ? inventedName(random, this.lexicon, gender)
      : random.pick(this.lexicon.people(gender)).name;
  }

  /** Several different words. */
  several(random: Random, howMany: number): string[] {
    const words = new Set<string>();
    while (words.size < howMany) words.add(this.word(random));
    return [...words];
  }
}

/** How a question mentions a word. */
export function quoted(random: Random, word: string): string {
  const marked = random.chance(0.5) ? `«${word}»` : word;
  return random.chance(0.3) ? `la palabra ${marked}` : marked;
}

/** "la a". */
export const named = (letter: string): string => `la ${letter}`;
