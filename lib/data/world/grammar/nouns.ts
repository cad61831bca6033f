/** Nouns: plural, articles, contractions. */
import { accented, stressed, withoutAcute } from "./accents.ts";
import { memoised } from "./memo.ts";

export type Gender = "m" | "f";
/** 1 for the singular, 2 for the plural. */
export type GrammaticalNumber = 1 | 2;

export interface Noun {
  readonly singular: string;
  readonly gender: Gender;
  /** Given if it is irregular; "-" for a noun without a plural. */
  readonly plural?: string;
}

/** Plurals that break the rules, or the usual one where the rules allow two. */
const PLURALS = new Map([
  ["carácter", "caracteres"],
  ["espécimen", "especímenes"],
  ["régimen", "regímenes"],
  ["álbum", "álbumes"],
  ["club", "clubes"],
  ["videoclub", "videoclubes"],
  ["film", "filmes"],
  ["flash", "flashes"],
  ["sándwich", "sándwiches"],
  ["jersey", "jerséis"],
  ["espray", "espráis"],
  ["menú", "menús"],
  ["champú", "champús"],
  ["bisturí", "bisturís"],
  ["tutú", "tutús"],
  ["popurrí", "popurrís"],
  ["vermú", "vermús"],
  ["esquí", "esquís"],
  ["fax", "faxes"],
  ["a", "aes"],
  ["e", "es"],
  ["i", "íes"],
  ["o", "oes"],
  ["u", "úes"],
  ["sí", "síes"],
  ["no", "noes"],
  ["yo", "yoes"],
  ["lord", "lores"],
]);

/** The plural of one word (noun or adjective) by its ending and stress. */
export const pluralWord: (word: string) => string = memoised((word) => {
  const listed = PLURALS.get(word);
  if (listed) return listed;
  if (/[aeiouáéó]$/.test(word)) return `${word}s`;
  if (/[íú]$/.test(word)) return `${word}es`;
  const at = stressed(word);
  const plain = withoutAcute(word);
  if (/[sx]$/.test(word)) {
    // crisis, lunes and tórax do not change; compás and mes, stressed on the last syllable, do.
    const last = !/[aeiouü]/.test(plain.slice(at + 1).replace(/^[iu]/, ""));
    return last ? accented(`${plain}es`, at) : word;
  }
  if (word.endsWith("z")) return accented(`${plain.slice(0, -1)}ces`, at);
  if (/(?:^|[aeiouáéíóúü])[dlnrjy]$/.test(word)) return accented(`${plain}es`, at);
  return `${word}s`;
});

/**
 * The plural. Of several words, only the first changes ("cepillo de dientes", "cepillos de dientes"); if others change
 * too ("oso polar"), the noun lists its plural. A noun without a plural is returned unchanged.
 */
export function plural(noun: Noun): string {
  if (noun.plural === "-") return noun.singular;
  if (noun.plural) return noun.plural;
  const space = noun.singular.indexOf(" ");
  if (space < 0) return pluralWord(noun.singular);
  return pluralWord(noun.singular.slice(0, space)) + noun.singular.slice(space);
}

/** Masculine plurals in -as, and below feminine plurals with other endings, that occur after numbers. */
const MASCULINE = new Set(
  "días mediodías mapas problemas idiomas poemas planetas programas sofás".split(" "),
);
const FEMININE =
  /^(veces|flores|noches|tardes|llaves|calles|clases|partes|nubes|luces|voces|torres|aves|frases|crías|manos|fotos|motos|radios|redes|leches|sales|pieles|señales|cárceles|.*[cst]iones|.*dades|.*tudes|.*umbres|.*ices)$/;
const NO_NOUNS = new Set(
  "es más menos dos tres seis pues nos vos las los sus mis tus además entonces después antes lejos jamás quizás unos unas"
    .split(
      " ",
    ),
);

const gendersOfPlurals = memoised((word): Gender | "none" => {
  if (!/[aeoáéó]s$/.test(word) || NO_NOUNS.has(word)) return "none";
  if (FEMININE.test(word)) return "f";
  return /as$/.test(word) && !MASCULINE.has(word) ? "f" : "m";
});

/** The gender of a plural noun by its ending, for nouns that wordings count; undefined for other words. */
export function genderOfPlural(word: string): Gender | undefined {
  const gender = gendersOfPlurals(word);
  return gender === "none" ? undefined : gender;
}

/** The noun in singular or plural. */
export function inflect(noun: Noun, number: GrammaticalNumber): string {
  return number === 1 ? noun.singular : plural(noun);
}

/** Letters and words for women keep "la": la a, la hache, la árabe. */
const WITH_LA = new Set(["a", "hache", "alfa", "árabe", "árbitra", "ácrata"]);
const startsWithStressedA = memoised((singular) => {
  const word = singular.split(" ", 1)[0];
  if (!/^h?[aá]/.test(word) || WITH_LA.has(word)) return false;
  return stressed(word) === (word.startsWith("h") ? 1 : 0);
});

/** Feminine, but with el and un in the singular: agua, arma, hacha. Other determiners stay feminine: esta agua. */
export function takesEl(noun: Noun): boolean {
  return noun.gender === "f" && startsWithStressedA(noun.singular);
}

/** Definite article and noun: "el agua", "las aguas", "la luz". */
export function definite(noun: Noun, number: GrammaticalNumber): string {
  if (number === 2) return `${noun.gender === "m" ? "los" : "las"} ${plural(noun)}`;
  return `${noun.gender === "m" || takesEl(noun) ? "el" : "la"} ${noun.singular}`;
}

/** Indefinite article and noun: "un agua", "unas aguas". */
export function indefinite(noun: Noun, number: GrammaticalNumber): string {
  if (number === 2) return `${noun.gender === "m" ? "unos" : "unas"} ${plural(noun)}`;
  return `${noun.gender === "m" || takesEl(noun) ? "un" : "una"} ${noun.singular}`;
}

/** "de el perro" to "del perro" and "a el" to "al"; the article of a name stays ("de El Salvador"). */
export function contract(text: string): string {
  return text.replace(/(?<!\p{L})(de|a|De|A) el(?!\p{L})/gu, (_, preposition) => `${preposition}l`);
}

/** A person as the object of a verb: "a Ana", "al perro". */
export function personalA(person: string): string {
  return contract(`a ${person}`);
}
