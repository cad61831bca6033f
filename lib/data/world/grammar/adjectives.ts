/** Adjectives and determiners: agreement, and the short forms before a noun. */
import { withoutAcute } from "./accents.ts";
import { type Gender, type GrammaticalNumber, type Noun, pluralWord, takesEl } from "./nouns.ts";
import { memoised } from "./memo.ts";

/** Feminines that do not follow from the ending. */
const FEMININES = new Map([
  ["español", "española"],
  ["andaluz", "andaluza"],
  ["montañés", "montañesa"],
  ["este", "esta"],
  ["ese", "esa"],
  ["aquel", "aquella"],
  ["el", "la"],
  ["un", "una"],
  ["algún", "alguna"],
  ["ningún", "ninguna"],
  ["marrón", "marrón"],
  ["cortés", "cortés"],
  ["descortés", "descortés"],
  ["montés", "montés"],
  ["afín", "afín"],
]);

/** Masculine plurals that do not follow from the singular. */
const MASCULINE_PLURALS = new Map([
  ["este", "estos"],
  ["ese", "esos"],
  ["aquel", "aquellos"],
  ["el", "los"],
  ["un", "unos"],
  ["algún", "algunos"],
  ["ningún", "ningunos"],
  ["cualquiera", "cualesquiera"],
  ["cada", "cada"],
]);

const feminine = memoised((word) => {
  const listed = FEMININES.get(word);
  if (listed) return listed;
  if (word.endsWith("o")) return `${word.slice(0, -1)}a`;
  if (/[dts]or$/.test(word)) return `${word}a`; // not mayor, mejor, exterior
  if (/[áíó]n$|és$/.test(word)) return `${withoutAcute(word)}a`; // holgazán, chiquitín, juguetón, inglés
  if (/(?:ot|[^ijln]et)e$/.test(word)) return `${word.slice(0, -1)}a`; // grandote, regordete
  return word;
});

const ADVERBS = new Set(
  "no muy más menos tan bastante poco demasiado casi bien mal recién completamente totalmente nada algo"
    .split(
      " ",
    ),
);
/** Phrases that agree with nothing: "de madera", "a rayas", "color café". */
const INVARIABLE = /^(?:a|al|color|con|de|del|en|para|sin) /;
const SHADES =
  /^\S+ (?:claro|oscuro|pálido|intenso|marino|celeste|turquesa|pastel|brillante|eléctrico|chillón)$/;

/** Agreement of a single word. */
function agreeWord(word: string, gender: Gender, number: GrammaticalNumber): string {
  if (number === 1) return gender === "m" ? word : feminine(word);
  const listed = MASCULINE_PLURALS.get(word);
  if (listed && (gender === "m" || feminine(word) === word)) return listed;
  return pluralWord(gender === "m" ? word : feminine(word));
}

/** Agreement in a phrase: "muy bonito", "lleno de agua", "alto y delgado", "azul claro" (which stays). */
function agreePhrase(phrase: string, gender: Gender, number: GrammaticalNumber): string {
  if (INVARIABLE.test(phrase) || SHADES.test(phrase)) return phrase;
  if (phrase.startsWith("un poco ")) return `un poco ${agree(phrase.slice(8), gender, number)}`;
  const [first, ...rest] = phrase.split(" ");
  const after = rest.join(" ");
  if (ADVERBS.has(first)) return `${first} ${agree(after, gender, number)}`;
  const own = agreeWord(first, gender, number);
  const joined = /^(y|e|o|u|pero|ni) (.*)$/.exec(after);
  return joined ? `${own} ${joined[1]} ${agree(joined[2], gender, number)}` : `${own} ${after}`;
}

/** The adjective, given in the masculine singular, as it stands with a noun of this gender and number. */
export function agree(adjective: string, gender: Gender, number: GrammaticalNumber): string {
  if (gender === "m" && number === 1) return adjective;
  return adjective.includes(" ")
    ? agreePhrase(adjective, gender, number)
    : agreeWord(adjective, gender, number);
}

/** Short forms before a masculine singular noun. */
const SHORT = new Map([
  ["bueno", "buen"],
  ["malo", "mal"],
  ["primero", "primer"],
  ["tercero", "tercer"],
  ["decimotercero", "decimotercer"],
  ["postrero", "postrer"],
  ["alguno", "algún"],
  ["ninguno", "ningún"],
  ["uno", "un"],
]);

/**
 * The form of the adjective before the noun: "buen" (libro), "buena" (casa), "gran" (casa), "algún" (arma),
 * "san" (Juan), "santo" (Tomás).
 */
export function beforeNoun(adjective: string, noun: Noun, number: GrammaticalNumber = 1): string {
  if (number === 1) {
    if (adjective === "grande") return "gran";
    if (adjective === "cualquiera") return "cualquier";
    if (adjective === "santo" && noun.gender === "m") {
      return /^(?:To|Do)/.test(noun.singular) ? "santo" : "san";
    }
    const determiner = adjective === "uno" || adjective === "alguno" || adjective === "ninguno";
    const short = SHORT.get(adjective);
    if (short && (noun.gender === "m" || (determiner && takesEl(noun)))) return short;
  }
  return agree(adjective, noun.gender, number);
}
