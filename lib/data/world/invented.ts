/**
 * Invented names and nouns, made of Spanish syllables. There are too many to learn by heart, so a model has to
 * copy them from the text. Their endings show their gender, and they are stressed as they are spelled.
 */
import { capital } from "./grammar/capitals.ts";
import type { Gender, Noun } from "./grammar/nouns.ts";
import type { Lexicon } from "./lexicon.ts";
import type { Random } from "./random.ts";

const list = (text: string) => text.trim().split(/\s+/);

/** Beginnings of syllables; common sounds are listed several times. K is spelled c or qu, G is spelled g or gu. */
const ONSETS = list(
  "b b d d f f j l l l m m m n n p p r r s s s t t t v v z ch ll K K K G br cr dr fl fr gr pl pr tr tr cl bl",
);
/** Beginnings of syllables within a word. */
const INNER = [...ONSETS, ...list("ñ rr d l n r t")];
const VOWELS = list("a a a a a e e e e i i i o o o o u u ia ie ue");
const CODAS = list("n n r r s l");

const NOUN_ENDINGS: Readonly<Record<Gender, readonly string[]>> = {
  m: list("o o o o o o o ón or el ín illo ito ero aje ote"),
  f: list("a a a a a a a illa ita era eza ela ina ura"),
};
const NAME_ENDINGS: Readonly<Record<Gender, readonly string[]>> = {
  m: list("o o o io án el ín ardo ino elio ón ar erto"),
  f: list("a a a ia ina ela isa iana ena elia ilda ara inda"),
};
const TOWN_ENDINGS = list("a a o o ales ar ejo illos illas ira oa ona onte ada eda iel ura");
const TOWN_FIRST = list("San Santa Villa Puerto Valle Monte");

/** Combinations of sounds that Spanish does not have, and two clusters such as "tr" in one word, which are rare. */
const CLUSTER = "[bdfgptcK][lr]";
const UNSPEAKABLE = new RegExp(
  [
    "([lns])\\1|[nlrs](?:rr|ll|ñ)|[ls]r|nl|ln|nm|lj|s(?:z|ch|j)", // at the seam of two syllables
    "(?:ll|ñ|ch|rr|j|G)(?:i[aeo]|ue)|[iu]e?[iu]", // before and within vowels
    `[lr]${CLUSTER}|${CLUSTER}.*${CLUSTER}`,
  ].join("|"),
);
/** Syllables that a reader would laugh at. */
const RUDE =
  /put[ao]|cac[ao]|cag|cul[ao]|mierd|verg|pene|pend|tet[ao]|pinch|coñ|chin?g|jod|maric|pit[ao]|pij|mear|ped[ao]|foll|zorr/;

/** A first name. */
export function inventedName(random: Random, lexicon: Lexicon, gender: Gender): string {
  return capital(invent(random, lexicon, { long: 1 / 3, endings: NAME_ENDINGS[gender] }));
}

/** The name of a town: one word, or two as in San Talermo and Villa Corina. */
export function inventedTown(random: Random, lexicon: Lexicon): string {
  const first = random.chance(0.2) ? random.pick(TOWN_FIRST) : "";
  if (first === "San") return `San ${inventedName(random, lexicon, "m")}`;
  if (first === "Santa") return `Santa ${inventedName(random, lexicon, "f")}`;
  const name = capital(invent(random, lexicon, { long: 1 / 3, endings: TOWN_ENDINGS }));
  return first ? `${first} ${name}` : name;
}

/** A noun: el taruno, la brisela, el calimón. */
export function inventedNoun(random: Random, lexicon: Lexicon): Noun {
  const gender = random.pick(["m", "f"] as const);
  return { singular: invent(random, lexicon, { long: 3 / 4, endings: NOUN_ENDINGS[gender] }), gender };
}

/** Draws until the word is pronounceable and not in the lexicon. @param long share of words with an extra syllable */
function invent(
  random: Random,
  lexicon: Lexicon,
  { long, endings }: { long: number; endings: readonly string[] },
): string {
  for (;;) {
    let sounds = random.chance(1 / 8) ? random.pick(["a", "e", "i", "o", "u"]) : syllable(random, ONSETS);
    if (random.chance(long)) sounds += syllable(random, INNER);
    sounds += random.pick(INNER) + random.pick(endings);
    const word = spell(sounds);
    if (word.length >= 5 && !UNSPEAKABLE.test(sounds) && !RUDE.test(word) && !lexicon.has(word)) return word;
  }
}

function syllable(random: Random, onsets: readonly string[]): string {
  return random.pick(onsets) + random.pick(VOWELS) + (random.chance(1 / 3) ? random.pick(CODAS) : "");
}

/** Spells the sounds: K is qu before e and i, else c; G is gu or g; z is c before e and i; n is m before b and p. */
function spell(sounds: string): string {
  let word = "";
  for (let i = 0; i < sounds.length; i++) {
    const sound = sounds[i], next = sounds[i + 1];
    const soft = next === "e" || next === "i" || next === "é" || next === "í";
    if (sound === "K") word += soft ? "qu" : "c";
    else if (sound === "G") word += soft ? "gu" : "g";
    else if (sound === "z" && soft) word += "c";
    else if (sound === "n" && (next === "b" || next === "p")) word += "m";
    else word += sound;
  }
  return word;
}
