/** How a question writes its numbers: all in digits or all in words. */
import type { Gender, Noun } from "../grammar/nouns.ts";
import { plural, takesEl } from "../grammar/nouns.ts";
import { numberWord } from "../grammar/numbers.ts";
import type { Random } from "../random.ts";

export interface Numerals {
  readonly digits: boolean;
  /** A number; in words, the form without a noun. */
  number(n: number): string;
  /** "3 manzanas", "veintiuna manzanas"; "una manzana" and "ninguna manzana" always in words. */
  count(n: number, noun: Noun): string;
  /** The number without its noun, which was left out: "3", "veintiuna", "ninguna". */
  alone(n: number, gender: Gender): string;
}

export const DIGITS: Numerals = {
  digits: true,
  number: String,
  count: (n, noun) => n < 2 ? few(n, noun) : `${n} ${plural(noun)}`,
  alone: String,
};

export const WORDS: Numerals = {
  digits: false,
  number: (n) => numberWord(n),
  count: (n, noun) => n < 2 ? few(n, noun) : `${numberWord(n, noun.gender)} ${plural(noun)}`,
  alone: (n, gender) => {
    if (n === 0) return gender === "f" ? "ninguna" : "ninguno";
    return gender === "f" ? numberWord(n, "f") : numberWord(n);
  },
};

/** Digits with probability 0.6. */
export function drawNumerals(random: Random): Numerals {
  return random.chance(0.6) ? DIGITS : WORDS;
}

function few(n: number, noun: Noun): string {
  const masculine = noun.gender === "m" || takesEl(noun);
  if (n === 1) return `${masculine ? "un" : "una"} ${noun.singular}`;
  return `${masculine ? "ningún" : "ninguna"} ${noun.singular}`;
}
