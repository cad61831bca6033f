/** Invented answers to questions that nobody can answer. */
import type { Turn } from "../../text/prompt.ts";
import { allSaid } from "../held_out.ts";
import type { WorldFiles } from "./document.ts";
import { answer } from "./questions/asking.ts";
import { Cast, Pools } from "./questions/cast.ts";
import type { Random } from "./random.ts";
import { fragment } from "./template.ts";
import { Wordings } from "./wordings.ts";

/** Patterns of questions; the name in guesses.yaml for what they ask; and how such a thing looks in a text. */
const ASKED: readonly (readonly [RegExp, string, RegExp?])[] = [
  [/qué hora/u, "hora", /(?<!\p{L})a las? \p{Ll}+(?: (?:y|menos) \p{Ll}+)?/gu],
  [
    /qué (?:día|fecha|mes)|cuándo|cumpleaños/u,
    "día",
    /(?<!\p{L})el (?:lunes|martes|miércoles|jueves|viernes|sábado|domingo)/gu,
  ],
  [/(?:qué|de|el) color/u, "color"],
  [/por qué/u, "causa"],
  [
    /qué es(?!\p{L})|qué significa|quiere decir|defin[ae]|expl[ií]ca|háblame|cuéntame|cómo es|qué sabes|conoces/u,
    "qué es",
  ],
  [
    /cuánt|número|teléfono|edad|qué año/u,
    "número",
    /(?<!\p{L})(?:dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|\d+)(?!\p{L})/gu,
  ],
  [/dónde|qué (?:pueblo|ciudad|país|lugar|cuarto)/u, "lugar", /(?<!\p{L})en (?:el|la) \p{Ll}+/gu],
  [/oficio|trabaj/u, "oficio"],
  [/quién|llam[ao]|nombre|apellido/u, "persona", /(?<=[\p{Ll},;] )\p{Lu}\p{Ll}+/gu],
  [/mascota|gato|perro/u, "animal"],
  [/qué|cuál/u, "cosa", /(?<!\p{L})una? \p{Ll}+/gu],
  [/(?:)/u, "sí o no"],
];

/** Share of guesses that copy something from the text, as models do. */
const FROM_TEXT = 0.6;

export class Guesses {
  private constructor(private readonly wordings: Wordings, private readonly pools: Pools) {}

  /** @throws {UserError} naming file and line */
  static async load({ folder, lexicon }: WorldFiles): Promise<Guesses> {
    return new Guesses(await Wordings.read(`${folder}/questions/guesses.yaml`), new Pools(lexicon));
  }

  /** A guessed answer to the last question of a conversation, of the kind that it asks for. */
  draw(turns: readonly Turn[], random: Random): string {
    const question = questionIn(turns.at(-1)!.instruction);
    const [, name, inText] = ASKED.find(([pattern]) => pattern.test(question.toLowerCase()))!;
    const told = inText
      ? [...allSaid(turns).replace(question, "").matchAll(inText)].map(([found]) => found)
      : [];
    if (told.length > 0 && random.chance(FROM_TEXT)) return answer(random.pick(told));
    const template = random.pick(this.wordings.of(name));
    return answer(fragment(template, { bindings: Cast.of(this.pools, random).for(template) }, random));
  }
}

/** The question within an instruction: the text between question marks, or a sentence with an interrogative. */
function questionIn(instruction: string): string {
  const marked = instruction.match(/¿[^?]*\?/gu)?.at(-1);
  if (marked) return marked;
  const sentences = instruction.split(/(?<=[.!?:»])\s+|\n/u);
  return sentences.findLast((sentence) =>
    /(?<!\p{L})(?:qué|quién|cuál|dónde|cómo|cuándo|cuánt\p{L}+)(?!\p{L})/iu.test(sentence)
  ) ??
    instruction;
}
