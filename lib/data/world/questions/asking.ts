/** Phrases questions as people do: as question or command, to a friend or a stranger, with a text before or after. */
import { once } from "../document.ts";
import type { Random } from "../random.ts";
import { capitalised } from "../grammar/capitals.ts";
import { scopeOf } from "../scope.ts";
import { Wordings } from "../wordings.ts";

/** Share of questions without words before or after them. */
const PLAIN = 0.4;

/** Questions with an interrogative; before others, "dime" needs "si". */
export const INTERROGATIVE =
  /^(?:(?:a|de|en|con|por|para|entre|sobre|desde|hasta) )?(?:qué|quién|quiénes|cuál|cuáles|dónde|adónde|cómo|cuándo|cuánt[oa]s?|por qué)(?!\p{L})/u;

/** A yes-or-no question, which may ask for just sí or no. */
export interface Whether {
  readonly ask: string;
  /** Whether the answer is to be just sí or no. */
  readonly short: boolean;
}

/** Frames of data/world/questions/asking.yaml. A question is given without marks: "dónde vive Ana". */
export class Asking {
  private constructor(private readonly wordings: Wordings) {}

  static readonly load = once(async ({ folder }) =>
    new Asking(await Wordings.read(`${folder}/questions/asking.yaml`))
  );

  /** "¿Dónde vive Ana?", "Dime dónde vive Ana."; "¿La miel es dulce o salada?", "Dime si la miel es dulce o salada." */
  which(q: string, random: Random): string {
    if (random.chance(PLAIN)) return plain(q);
    const name = INTERROGATIVE.test(q) ? "which" : "alternative";
    return this.wordings.say(name, scopeOf({ bindings: { q } }), random);
  }

  /** A yes-or-no question: "¿Vive Ana en Lima?" */
  whether(q: string, random: Random): Whether {
    if (random.chance(PLAIN)) return { ask: plain(q), short: false };
    const short = random.chance(0.4);
    const name = short ? "yes or no" : "whether";
    return { ask: this.wordings.say(name, scopeOf({ bindings: { q } }), random), short };
  }

  /** A yes-or-no question that is answered by a sentence, so it never asks for just sí or no. */
  claim(q: string, random: Random): string {
    return random.chance(PLAIN) ? plain(q) : this.wordings.say("whether", { bindings: { q } }, random);
  }

  /** A text and a question about it. @param ask the whole question, if it has a special form */
  about(text: string, q: string, random: Random, ask: string = this.which(q, random)): string {
    return this.wordings.say("about", scopeOf({ bindings: { text, q, ask } }), random);
  }

  /** A text, and before or after it a question in a special form, such as a command. */
  around(text: string, ask: string, random: Random): string {
    return this.wordings.say("around", scopeOf({ bindings: { text, ask } }), random);
  }
}

/** "¿Dónde vive Ana?" */
export function plain(q: string): string {
  return `¿${capitalised(q)}?`;
}

/** A phrase as an answer: with a capital and a full stop. */
export function answer(phrase: string): string {
  return capitalised(/[.?!]$/.test(phrase) ? phrase : `${phrase}.`);
}
