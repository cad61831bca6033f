/** What can be told of a word's letters and syllables without knowing the word. */
import { stressed, withoutAcute } from "../grammar/accents.ts";

const VOWEL = /[aeiouáéíóúü]/i;

/** Whether it is a vowel in writing; y never is. */
export const isVowel = (letter: string): boolean => VOWEL.test(letter);

/** Text whose letters compare as those of the alphabet: ñ after n, accents aside. */
function alphabetical(word: string): string {
  return withoutAcute(word.toLowerCase()).replaceAll("ü", "u").replaceAll("ñ", "n~");
}

/** Negative if `a` comes before `b` in a dictionary. */
export function compareWords(a: string, b: string): number {
  const [first, second] = [alphabetical(a), alphabetical(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

/** What rhymes: from the stressed vowel on. */
export function rhyme(word: string): string {
  return withoutAcute(word).slice(Math.max(0, stressed(word)));
}

/** One syllable's vowels: a strong one with weak ones beside it, or weak ones only. í and ú stand alone. */
const NUCLEUS = "(?:[iuü]?[aeoáéó][iu]?|[íú]|[iuü][iu]|[iuü])";
/** Consonants that begin a syllable together. */
const ONSET = "(?:[bcfgp][lr]|[dt]r|ch|ll|rr|qu(?=[eiéí])|gu(?=[eiéí])|[bcdfgjklmnñpqrstvwxz])";
const SYLLABLE = new RegExp(`${ONSET}?${NUCLEUS}(?:(?!${ONSET}?${NUCLEUS})[bcdfgjklmnñprstvxz])*`, "gy");

/** Words whose division needs more than spelling: h and y within, t before l, three vowels, a prefix. */
const UNSURE = /.[hy]|tl|sub|[aeiouáéíóúü]{3}|[íú][iu]|[iu][íú]|[^a-záéíóúüñ]|^[^aeiouáéíóú]*$/;

/** The syllables of a word in lower case, undefined where spelling alone does not tell them. */
export function syllables(word: string): readonly string[] | undefined {
  if (UNSURE.test(word.replaceAll("ch", "k"))) return undefined;
  const found = (word.startsWith("h") ? word.slice(1) : word).match(SYLLABLE);
  if (!found) return undefined;
  const whole = word.startsWith("h") ? [`h${found[0]}`, ...found.slice(1)] : found;
  return whole.join("") === word ? whole : undefined;
}
