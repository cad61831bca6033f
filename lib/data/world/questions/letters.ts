/** Spelling, letters, rhymes, syllables and the alphabet, with known words, names and invented words. */
import { Casting } from "../casting.ts";
import type { Family, WorldFiles } from "../document.ts";
import { and } from "../grammar/conjunctions.ts";
import { ordinal } from "../grammar/numbers.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import { ALPHABET, alphabetTasks } from "./alphabet.ts";
import { isVowel } from "./spelling.ts";
import { WORDS } from "./numerals.ts";
import { type Bindings, familyOf, type Task } from "./tasks.ts";
import { syllableTasks } from "./syllables.ts";
import { wordListTasks } from "./word_lists.ts";
import { named, quoted, WordSource } from "./word_source.ts";

/** The working for answers that need the letters one by one, with a space after it: "c-a-s-a. ". */
const spelledFirst = (word: string) => `${spelled(word)}. `;

const spelled = (word: string) => [...word].join("-");

/** "la a, la e y la o", each letter once. */
const listed = (letters: readonly string[]): string => and(...[...new Set(letters)].map(named));

const PLACES = [
  ...[["primera", 0], ["última", -1], ["segunda", 1], ["tercera", 2], ["cuarta", 3], ["quinta", 4]] as const,
  ["penúltima", -2],
] as const;

type Draw = (random: Random, words: WordSource) => Bindings;

const spell: Draw = (random, words) => {
  const w = words.any(random);
  const [separator, how] = random.pick([["-", "guiones"], [" ", "espacios"], [", ", "comas"]] as const);
  const letters = [...w];
  return { w, q: quoted(random, w), spelled: spelled(w), how, apart: letters.join(separator) };
};

const letterAt: Draw = (random, words) => {
  const w = words.any(random);
  const [place, at] = random.weighted(PLACES.map((place, i) => [place, i < 2 ? 4 : 1] as const));
  const letter = [...w].at(at)?.toLowerCase();
  if (letter === undefined) return letterAt(random, words);
  return { w, q: quoted(random, w), place, l: letter, work: at === 0 ? "" : spelledFirst(w) };
};

const edgeLetter: Draw = (random, words) => {
  const w = words.any(random);
  const first = random.chance(0.5);
  return {
    w,
    q: quoted(random, w),
    begins: first ? "empieza" : "termina",
    l: [...w].at(first ? 0 : -1)!.toLowerCase(),
    work: first ? "" : spelledFirst(w),
  };
};

const count = (which: (letter: string) => boolean): Draw => (random, words) => {
  const w = words.any(random);
  const n = [...w].filter(which).length;
  const times = WORDS.count(n, { singular: "letra", gender: "f" });
  return { w, q: quoted(random, w), r: WORDS.alone(n, "f"), times, work: spelledFirst(w) };
};

const vowels: Draw = (random, words) => {
  const w = words.word(random);
  const consonants = random.chance(0.3);
  const letters = [...w].filter((letter) => isVowel(letter) !== consonants);
  return { w, q: quoted(random, w), kind: consonants ? "consonantes" : "vocales", found: listed(letters) };
};

/** A letter that occurs in the word, or one that does not; never one that has an accent in the word. */
function letterFor(random: Random, word: string, inside: boolean): string {
  const plain = word.normalize("NFD");
  const letters = inside
    ? [...word].filter((letter) => /[a-zñ]/.test(letter))
    : ALPHABET.filter((letter) => !plain.includes(letter));
  return random.pick(letters.filter((letter) => !accentedIn(word, letter)));
}

const accentedIn = (word: string, letter: string) =>
  [...word].some((other) => other !== letter && other !== "ñ" && other.normalize("NFD")[0] === letter);

const hasLetter: Draw = (random, words) => {
  const w = words.word(random);
  const inside = random.chance(0.5);
  return {
    ...{ w, q: quoted(random, w), l: letterFor(random, w, inside), work: spelledFirst(w) },
    ...{ verdict: inside ? "sí" : "no", has: inside ? "tiene" : "no tiene" },
  };
};

const countLetter: Draw = (random, words) => {
  const w = words.word(random);
  const l = letterFor(random, w, random.chance(0.9));
  const n = [...w].filter((letter) => letter === l).length;
  const times = WORDS.count(n, { singular: "vez", gender: "f" });
  const appears = n === 0 ? "no aparece" : `aparece ${times}`;
  return { w, q: quoted(random, w), l, r: WORDS.alone(n, "f"), times, appears, work: spelledFirst(w) };
};

const position: Draw = (random, words) => {
  const w = words.word(random);
  const letters = [...w].slice(0, 6);
  const once = letters.filter((l) => /[a-zñ]/.test(l) && w.split(l).length === 2 && !accentedIn(w, l));
  if (once.length === 0) return position(random, words);
  const l = random.pick(once);
  return { w, q: quoted(random, w), l, r: ordinal(letters.indexOf(l) + 1, "f"), work: spelledFirst(w) };
};

const join: Draw = (random, words) => {
  const w = words.any(random);
  return { w, apart: [...w].join(random.pick(["-", ", ", " ", " - "])) };
};

const backwards: Draw = (random, words) => {
  const w = words.word(random);
  const r = [...w].reverse().join("");
  return { w, q: quoted(random, w), r, work: `${spelled(w)}, ${spelled(r)}: ` };
};

/** Replaces a vowel by a vowel or a consonant by a consonant, so that the word stays pronounceable. */
const replace: Draw = (random, words) => {
  const w = words.word(random);
  const old = letterFor(random, w, true);
  const others = [...isVowel(old) ? "aeiou" : "bcdfglmnprst"].filter((letter) => !w.includes(letter));
  if (others.length === 0 || w.split(old).length > 2) return replace(random, words);
  const l = random.pick(others);
  return { w, q: quoted(random, w), old, l, r: w.replace(old, l) };
};

const remove: Draw = (random, words) => {
  const w = words.word(random);
  const first = random.chance(0.5);
  const letters = [...w];
  const [gone] = letters.splice(first ? 0 : -1, 1);
  return { w, q: quoted(random, w), place: first ? "primera" : "última", l: gone, r: letters.join("") };
};

const gap: Draw = (random, words) => {
  const w = words.word(random);
  const letters = [...w];
  const at = random.below(letters.length);
  const [l] = letters.splice(at, 1, "_");
  return { w, q: quoted(random, w), gapped: letters.join(""), l };
};

const capitals: Draw = (random, words) => {
  const w = words.any(random);
  const up = random.chance(0.6);
  const [given, r] = up ? [w, w.toUpperCase()] : [w.toUpperCase(), w.toLowerCase()];
  return { w: given, q: quoted(random, given), how: up ? "mayúsculas" : "minúsculas", r };
};

const accent: Draw = (random, words) => {
  const w = words.word(random);
  const letter = [...w].find((letter) => /[áéíóú]/.test(letter));
  if (!letter) return accent(random, words);
  return { w, q: quoted(random, w), l: letter.normalize("NFD")[0] };
};

const together: Draw = (random, words) => {
  const [first, second] = words.several(random, 2);
  return { first, second, r: first + second };
};

const initials: Draw = (random, { lexicon }) => {
  const casting = new Casting(lexicon, random);
  const names = [casting.name(random.pick(["m", "f"])), casting.name("m")];
  const [first, second] = names.map(([letter]) => letter.normalize("NFD")[0]);
  return { name: names.join(" "), r: `${first}. ${second}.`, both: and(first, second) };
};

export function tasksOf(lexicon: Lexicon): readonly Task[] {
  const words = new WordSource(lexicon);
  const task = (name: string, weight: number, draw: Draw, formed = false): Task => ({
    ...{ name, weight, draw: (random: Random) => draw(random, words) },
    ...(formed && { formed: true }),
  });
  return [
    task("spell", 14, spell),
    task("set apart", 3, spell, true),
    task("letter at", 12, letterAt),
    task("edge letter", 6, edgeLetter),
    task("how many letters", 8, count(() => true)),
    task("how many vowels", 5, count(isVowel)),
    task("how many consonants", 3, count((letter) => !isVowel(letter))),
    task("which vowels", 3, vowels),
    task("has letter", 7, hasLetter),
    task("count letter", 5, countLetter),
    task("position", 3, position),
    task("join", 7, join),
    task("backwards", 5, backwards),
    task("replace", 3, replace),
    task("remove", 3, remove),
    task("gap", 4, gap),
    task("capitals", 3, capitals),
    task("accent", 2, accent),
    task("together", 2, together),
    task("initials", 2, initials),
    ...syllableTasks(words),
    ...wordListTasks(words),
    ...alphabetTasks,
  ];
}

export function load(files: WorldFiles): Promise<Family> {
  return familyOf(files, { name: "letras", file: "letters", tasks: tasksOf(files.lexicon) });
}
