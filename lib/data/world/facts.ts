/** Facts of knowledge.tsv in the wordings of relations.tsv. */
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

/** A wording that does not begin its sentence: "{S} es {o}" becomes "{s} es {o}". */
export const midSentence = (wording: string): string =>
  wording.replace(/^(\{?)(\p{Lu})/u, (_, brace: string, letter: string) => brace + letter.toLowerCase());

/** Statements of the fact that end with its object, split before it: "la nieve es de color", "blanco". */
export function endings(fact: Fact): readonly (readonly [beginning: string, end: string])[] {
  return fact.relation.answer.filter((wording) => /\S \{o\}\.$/.test(wording)).map((wording) => {
    const statement = worded(midSentence(wording), fact).slice(0, -1);
    return [statement.slice(0, -fact.object.length).trimEnd(), fact.object];
  });
}

/** What other facts of a relation say, so that it can be offered beside the right object. */
export class Rivals {
  readonly #objects = new Map<string, string[]>();
  readonly #known = new Set<string>();

  constructor(facts: readonly Fact[]) {
    for (const [relation, own] of Map.groupBy(facts, ({ relation }) => relation.name)) {
      this.#objects.set(relation, [...new Set(own.map(({ object }) => object))]);
      for (const { subject, object } of own) this.#known.add(`${relation}\t${subject}\t${object}`);
    }
  }

  /** The objects of a relation that are wrong for the fact's subject. */
  of({ relation, subject }: Fact): readonly string[] {
    return this.#objects.get(relation.name)!.filter((object) =>
      !this.#known.has(`${relation.name}\t${subject}\t${object}`)
    );
  }
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
    return own[Math.floor(own.length * random.next() ** 2)];
  };
}
