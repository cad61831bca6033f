/** Facts of knowledge.tsv in the wordings of relations.tsv. */
import { lowerFirst } from "../instructions.ts";
import { capital } from "./grammar/capitals.ts";
import { contract } from "./grammar/nouns.ts";
import type { Random } from "./random.ts";
import type { Fact } from "./words.ts";

/** A wording with the fact's subject for {s} and its object for {o}; in {S} and {O} they are capitalised. */
export function worded(wording: string, { subject, object }: Fact): string {
  return contract(wording.replace(/\{([sSoO])\}/g, (_, slot: string) => {
    const value = slot.toLowerCase() === "s" ? subject : object;
    return slot === slot.toUpperCase() ? capital(value) : value;
  }));
}

/** A wording that does not begin its sentence: "{S} es {o}" becomes "{s} es {o}". A quoted word stays as it is. */
export const midSentence = (wording: string): string =>
  wording.startsWith("«") ? wording : lowerFirst(wording);

/** Statements that end with the object. */
const ENDS = /\S \{o\}\.$/;

/** Whether the fact has a statement that ends with its object. */
export const hasEnding = ({ relation }: Fact): boolean =>
  relation.answer.some((wording) => ENDS.test(wording));

/** Statements of the fact that end with its object, split before it: "la nieve es de color", "blanco". */
export function endings(fact: Fact): readonly (readonly [beginning: string, end: string])[] {
  return fact.relation.answer.filter((wording) => ENDS.test(wording)).map((wording) => {
    const statement = worded(midSentence(wording), fact).slice(0, -1);
    return [statement.slice(0, -fact.object.length).trimEnd(), fact.object];
  });
}

/**
 * Draws facts as people come to speak of them: the first facts of a relation, which are the best known, more often than
 * the last, and a relation with four times as many facts as another not quite three times as often.
 */
export function commonFirst(facts: readonly Fact[]): (random: Random) => Fact {
  const relations = [...Map.groupBy(facts, ({ relation }) => relation.name).values()]
    .map((own) => [own, own.length ** 0.75] as const);
  return (random) => {
    const own = random.weighted(relations);
    return own[Math.floor(own.length * random.next() ** 3)];
  };
}
