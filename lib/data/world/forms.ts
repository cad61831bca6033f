/** The word forms that template slots ask for. */
import { agree, beforeNoun } from "./grammar/adjectives.ts";
import { definite, type Gender, indefinite, inflect, type Noun, takesEl } from "./grammar/nouns.ts";
import { attach } from "./grammar/pronouns.ts";
import { gerund, type Person } from "./grammar/verbs.ts";
import type { Verb } from "./slots.ts";

/** "la llave", "unas llaves", "esta llave", "cuántas llaves". */
export function withDeterminer(determiner: string, noun: Noun, number: 1 | 2): string {
  if (determiner === "el") return definite(noun, number);
  if (determiner === "un") return indefinite(noun, number);
  const bare = inflect(noun, number);
  switch (determiner) {
    case "su":
    case "mi":
    case "tu":
      return `${determiner}${number === 2 ? "s" : ""} ${bare}`;
    case "cada":
      return `cada ${bare}`;
    case "qué":
      return `qué ${bare}`;
    case "todos":
      return `${noun.gender === "f" ? "todas las" : "todos los"} ${bare}`;
    case "algún":
    case "ningún":
      return `${number === 1 && takesEl(noun) ? determiner : agree(determiner, noun.gender, number)} ${bare}`;
    default:
      return `${beforeNoun(determiner, noun, number)} ${bare}`;
  }
}

const REFLEXIVES: readonly string[] = ["", "me", "te", "se", "nos", "os", "se"];

/** Infinitive or gerund with its pronouns; a reflexive pronoun agrees with the person. */
export function nonFinite(slot: Verb, person: Person, clitics: readonly string[]): string {
  const reflexive = slot.infinitive.endsWith("se");
  const infinitive = reflexive ? slot.infinitive.slice(0, -2) : slot.infinitive;
  const form = slot.form === "gerund" ? gerund(infinitive) : infinitive;
  return attach(form, reflexive ? [REFLEXIVES[person], ...clitics] : clitics);
}

/** The pronoun for someone or something: {a.he} {x.lo} {b.le} {a.se}. */
export function pronoun(
  property: "he" | "lo" | "le" | "se",
  { person, gender, number }: { person: Person; gender: Gender; number: 1 | 2 },
): string {
  if (person === 1) return property === "he" ? "yo" : "me";
  if (person === 4) return property === "he" ? "nosotros" : "nos";
  const i = 2 * (number - 1) + (gender === "f" ? 1 : 0);
  switch (property) {
    case "he":
      return ["él", "ella", "ellos", "ellas"][i];
    case "lo":
      return ["lo", "la", "los", "las"][i];
    case "le":
      return number === 1 ? "le" : "les";
    case "se":
      return "se";
  }
}
