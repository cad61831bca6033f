/**
 * Questions that resemble a fact's but ask for something else: about another name ("¿Quién es Tobi?"), about another
 * thing, or something else about the same name. The model must not answer them with the fact.
 */
import { plainText, plainWords } from "../plain_words.ts";
import type { Lexicon } from "../world/lexicon.ts";
import { pluralWord } from "../world/grammar/nouns.ts";
import { inventedName } from "../world/invented.ts";
import { plain } from "../world/questions/asking.ts";
import type { Random } from "../world/random.ts";
import { capitalised } from "../world/grammar/capitals.ts";
import type { Fact } from "./facts.ts";
import { namesIn } from "./question.ts";
import type { Part, Rewording } from "./wordings.ts";

/** Share of questions that ask something else about the same name, where there is a name. */
const SAME_NAME = 0.3;
/** Share of invented names. */
const INVENTED = 0.3;
const TRIES = 30;

/** The gender and number that determiners show. */
const DETERMINERS: Readonly<Record<string, readonly ["m" | "f" | null, 1 | 2]>> = {
  ...{ el: ["m", 1], un: ["m", 1], los: ["m", 2], unos: ["m", 2], la: ["f", 1], una: ["f", 1] },
  ...{ las: ["f", 2], unas: ["f", 2], mi: [null, 1], tu: [null, 1], su: [null, 1] },
  ...{ mis: [null, 2], tus: [null, 2], sus: [null, 2] },
};
const DETERMINED = new RegExp(`(?<!\\p{L})(${Object.keys(DETERMINERS).join("|")}) (\\p{Ll}+)`, "gu");

export interface Similar {
  readonly instruction: string;
  /** Whether it asks something else about the same name (and not the same about another name). */
  readonly sameName: boolean;
  /** Whether the model was told nothing about it, so that "No lo sé." is right. */
  readonly unknown: boolean;
}

export class SimilarQuestions {
  readonly #taken: Set<string>;
  /** Names in the questions of the facts, new and earlier ones. */
  readonly #names: ReadonlySet<string>;
  readonly #countries: readonly string[];

  /** @param earlier facts that the model was taught before; their names and questions are not used */
  constructor(
    private readonly facts: readonly Fact[],
    earlier: readonly Fact[],
    private readonly lexicon: Lexicon,
    private readonly rewording: Rewording,
  ) {
    this.#taken = new Set(
      [...facts, ...earlier].flatMap((
        fact,
      ) => [plainText(fact.instruction), plainText(rewording.parse(fact).core)]),
    );
    this.#names = new Set([...facts, ...earlier].flatMap((fact) => namesIn(rewording.parse(fact).core)));
    this.#countries = lexicon.knowledge.filter(({ relation }) => relation.name === "capital").map((
      { subject },
    ) => subject);
  }

  /** Up to n questions similar to the facts'; no question is used in two parts. */
  draw(n: number, part: Part, random: Random): Similar[] {
    const found: Similar[] = [];
    for (let i = 0; i < n * TRIES && found.length < n; i++) {
      const question = this.#like(this.facts[found.length % this.facts.length], part, random);
      if (question === null || this.#taken.has(plainText(question.instruction))) continue;
      // There are few questions about the same name, so they may come again in other wordings.
      if (!question.sameName) this.#taken.add(plainText(question.instruction));
      found.push(question);
    }
    return found;
  }

  #like(fact: Fact, part: Part, random: Random): Similar | null {
    const { manner, core } = this.rewording.parse(fact);
    const asked = (text: string) => manner === "command" ? capitalised(text) : plain(text);
    const name = namesIn(core).at(-1);
    if (name === undefined) {
      const other = this.#otherThing(core, random);
      return other === null ? null : { instruction: asked(other), sameName: false, unknown: false };
    }
    if (!this.#isPlace(name) && random.chance(SAME_NAME)) {
      // "¿Dónde nació Rufo?" may be answered by where he lives.
      const [first] = plainWords(core);
      const matters = this.rewording.otherMatters(name, part, random);
      const others = matters.filter((matter) => plainWords(matter)[0] !== first);
      return { instruction: plain(random.pick(others)), sameName: true, unknown: true };
    }
    const other = this.#otherName(name, random);
    if (this.#names.has(other)) return null;
    const at = core.lastIndexOf(name);
    const instruction = asked(core.slice(0, at) + other + core.slice(at + name.length));
    return { instruction, sameName: false, unknown: !this.#isPlace(name) };
  }

  #isPlace(name: string): boolean {
    return this.#countries.includes(name) || this.lexicon.towns.some((town) => town.name === name);
  }

  /** Another name, of the same kind if the kind is known. */
  #otherName(name: string, random: Random): string {
    if (this.#countries.includes(name)) return random.pick(this.#countries);
    if (this.#isPlace(name)) return random.pick(this.lexicon.towns).name;
    const gender = random.pick(["m", "f"] as const);
    if (random.chance(INVENTED)) return inventedName(random, this.lexicon, gender);
    return random.pick(random.chance(0.5) ? this.lexicon.pets(gender) : this.lexicon.people(gender)).name;
  }

  /** Replaces the last noun that has a determiner; null if there is none. */
  #otherThing(core: string, random: Random): string | null {
    const last = [...core.matchAll(DETERMINED)].at(-1);
    if (!last) return null;
    const [found, determiner] = last;
    const [gender, number] = DETERMINERS[determiner];
    const nouns = this.lexicon.flagged("countable").filter((noun) =>
      (gender === null || noun.gender === gender) && !noun.plural && /^[b-gi-zñ]\p{L}+$/u.test(noun.singular)
    );
    const { singular } = random.pick(nouns);
    const noun = number === 2 ? pluralWord(singular) : singular;
    return `${core.slice(0, last.index)}${determiner} ${noun}${core.slice(last.index + found.length)}`;
  }
}
