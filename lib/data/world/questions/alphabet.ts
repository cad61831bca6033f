/** Tasks about single letters. */
import type { Random } from "../random.ts";
import { isVowel } from "./spelling.ts";
import type { Bindings, Task } from "./tasks.ts";

export const ALPHABET = [..."abcdefghijklmnñopqrstuvwxyz"];

const NAMES =
  ("a be ce de e efe ge hache i jota ka ele eme ene eñe o pe cu erre ese te u uve uve~doble equis ye zeta")
    .split(" ").map((name) => name.replace("~", " "));

function neighbour(random: Random): Bindings {
  const at = random.below(ALPHABET.length);
  const after = at === 0 || (at < ALPHABET.length - 1 && random.chance(0.6));
  return {
    ...{ l: ALPHABET[at], r: ALPHABET[at + (after ? 1 : -1)] },
    where: after ? "después" : "antes",
  };
}

function vowelOrConsonant(random: Random): Bindings {
  const l = random.chance(0.4) ? random.pick([..."aeiou"]) : random.pick(ALPHABET);
  if (l === "y") return vowelOrConsonant(random); // both
  const r = isVowel(l) ? "vocal" : "consonante";
  const asked = random.pick(["vocal", "consonante"]);
  return { l, r, asked, verdict: asked === r ? "sí" : "no" };
}

function letterName(random: Random): Bindings {
  const at = random.below(ALPHABET.length);
  if (NAMES[at] === ALPHABET[at]) return letterName(random);
  return { l: ALPHABET[at], name: NAMES[at] };
}

export const alphabetTasks: readonly Task[] = [
  { name: "neighbour", weight: 4, draw: neighbour },
  { name: "vowel or consonant", weight: 2, draw: vowelOrConsonant },
  { name: "is it a vowel", weight: 1, draw: vowelOrConsonant },
  { name: "name of the letter", weight: 1, draw: letterName },
  { name: "letter of the name", weight: 1, draw: letterName },
];
