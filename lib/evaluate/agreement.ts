/**
 * Checks whether articles and adjectives agree with their nouns, as far as the lexicon knows the words. A phrase that
 * may be right is not counted as a fault: "la baño" may contain a verb, "la niña bajo el árbol" a preposition.
 */
import { canAgree, type Reading, type WordForms } from "./word_forms.ts";

export interface AgreementCheck {
  /** Phrases whose words the lexicon knows. */
  readonly phrases: number;
  /** The phrases that do not agree, as written. */
  readonly faults: readonly string[];
}

/** Determiners that are pronouns if a verb follows. */
const PRONOUNS = new Set(["la", "los", "las"]);
/** Determiners that may also stand before a feminine noun such as agua. */
const WITH_AGUA = new Set(["el", "un", "al", "del", "algún", "ningún"]);
/** Adjectives that may also be adverbs or prepositions. */
const ADVERBS = new Set(
  "bajo alto rápido claro fuerte duro hondo bien mal mejor peor igual primero seguro derecho recto justo solo largo libre"
    .split(" "),
);

/** A text's words and punctuation marks, one by one. */
export const tokensOf = (text: string): string[] => text.match(/[\p{L}\p{M}]+|[^\s\p{L}\p{M}]/gu) ?? [];

export function checkAgreement(text: string, forms: WordForms): AgreementCheck {
  const tokens = tokensOf(text);
  const faults: string[] = [];
  let phrases = 0;
  for (let i = 0; i < tokens.length; i++) {
    const length = phraseLength(tokens, i, forms);
    if (length === 0) continue;
    const phrase = tokens.slice(i, i + length);
    const agrees = phraseAgrees([phrase[0].toLowerCase(), ...phrase.slice(1)], tokens[i - 1], forms);
    if (agrees === null) continue;
    phrases++;
    if (!agrees) faults.push(phrase.join(" "));
  }
  return { phrases, faults };
}

/** Words in the phrase at `i`: article and noun, with an adjective between or after them; 0 if there is none. */
function phraseLength(tokens: readonly string[], i: number, forms: WordForms): number {
  const { determiners, nouns, adjectives } = forms;
  const [first, second = "", third = ""] = tokens.slice(i, i + 3);
  if (!determiners.has(first.toLowerCase())) return 0;
  if (nouns.has(second)) return follows(third, forms) ? 3 : 2;
  return adjectives.has(second) && nouns.has(third) ? 3 : 0;
}

/** Whether a word after a noun can only be its adjective. Excludes adjectives of state: they may be the subject's. */
const follows = (word: string, { adjectives, states, nouns, verbs }: WordForms) =>
  adjectives.has(word) && !states.has(word) && !nouns.has(word) && !verbs.has(word) && !ADVERBS.has(word);

/** Whether the words of a phrase agree; null if that cannot be told. */
function phraseAgrees(
  phrase: readonly string[],
  before: string | undefined,
  { determiners, nouns, adjectives, takingEl, verbs }: WordForms,
): boolean | null {
  const [determiner] = phrase;
  const nounAt = nouns.has(phrase[1]) ? 1 : 2;
  const noun = phrase[nounAt];
  const readings = nouns.get(noun)!;
  const article = nounAt === 1 && takingEl.has(noun)
    ? determiner === "la" ? [] : WITH_AGUA.has(determiner) ? readings : determiners.get(determiner)!
    : determiners.get(determiner)!;
  const adjective = phrase.length === 3 ? adjectives.get(phrase[3 - nounAt])! : readings;
  const agrees = allAgree([article, readings, adjective]);
  if (agrees) return true;
  // "La baño": a pronoun and a verb. "El viejo cuenta": the adjective is the noun.
  if (verbs.has(noun) && (nounAt === 2 || PRONOUNS.has(determiner))) return null;
  // "Treinta y un años".
  if (determiner === "un" && before === "y") return null;
  // "La tapa de la caja rojo" is wrong, "el color de la casa pálido" is not: we cannot tell whose adjective it is.
  const attached = before?.toLowerCase() === "de" || determiner === "del" || before === "y" || before === "e";
  if (nounAt === 1 && phrase.length === 3 && attached && canAgree(article, readings)) return null;
  return false;
}

function allAgree(words: readonly (readonly Reading[])[]): boolean {
  return words.every((word, i) => words.slice(i + 1).every((other) => canAgree(word, other)));
}
