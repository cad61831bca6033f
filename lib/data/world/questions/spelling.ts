/** Letters, rhymes and syllables of a word, by its spelling alone. */
import { stressed, withoutAcute } from "../grammar/accents.ts";

const VOWEL = /[aeiouáéíóúü]/i;

/** Whether a letter is a vowel; y is not. */
export const isVowel = (letter: string): boolean => VOWEL.test(letter);

/** The word as a sort key: ñ comes after n, and accents do not count. */
function alphabetical(word: string): string {
  return withoutAcute(word.toLowerCase()).replaceAll("ü", "u").replaceAll("ñ", "n~");
}

/** Negative if `a` comes before `b` in a dictionary. */
export function compareWords(a: string, b: string): number {
  const [first, second] = [alphabetical(a), alphabetical(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

/** The part that must agree in a rhyme: from the stressed vowel on. */
export function rhyme(word: string): string {
  return withoutAcute(word).slice(Math.max(0, stressed(word)));
}

/** The vowels of one syllable: a strong one with weak ones beside it, or only weak ones. í and ú stand alone. */
const NUCLEUS = "(?:[iuü]?[aeoáéó][iu]?|[íú]|[iuü][iu]|[iuü])";
/** What a syllable may begin with. */
const ONSET = "(?:[bcfgp][lr]|[dt]r|ch|ll|rr|qu(?=[eiéí])|gu(?=[eiéí])|[bcdfgjklmnñpqrstvwxz])";
const SYLLABLE = new RegExp(`${ONSET}?${NUCLEUS}(?:(?!${ONSET}?${NUCLEUS})[bcdfgjklmnñprstvxz])*`, "gy");

/** Words whose division does not follow from spelling: inner h or y, t before l, three vowels, a prefix. */
const UNSURE = /.[hy]|tl|sub|[aeiouáéíóúü]{3}|[íú][iu]|[iu][íú]|[^a-záéíóúüñ]|^[^aeiouáéíóú]*$/;

/** The syllables of a lower-case word; undefined if they do not follow from its spelling. */
export function syllables(word: string): readonly string[] | undefined {
  if (UNSURE.test(word.replaceAll("ch", "k"))) return undefined;
  const found = (word.startsWith("h") ? word.slice(1) : word).match(SYLLABLE);
  if (!found) return undefined;
  const whole = word.startsWith("h") ? [`h${found[0]}`, ...found.slice(1)] : found;
  return whole.join("") === word ? whole : undefined;
}
