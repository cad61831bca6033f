/** Fills the slots of a pattern, and makes a conversation of it. */
import { UserError } from "../../../errors.ts";
import type { Turn } from "../../../text/prompt.ts";
import { lowerFirst } from "../../instructions.ts";
import { mixesAddress } from "../address.ts";
import { Casting } from "../casting.ts";
import type { Exchange } from "../document.ts";
import { capitalised } from "../grammar/capitals.ts";
import { mendConjunctions } from "../grammar/conjunctions.ts";
import { contract, type Gender, type Noun, plural, takesEl } from "../grammar/nouns.ts";
import { numberWord } from "../grammar/numbers.ts";
import type { Lexicon } from "../lexicon.ts";
import { answer as asAnswer, type Asking, INTERROGATIVE } from "../questions/asking.ts";
import { type Operation, RESULT, steps, worked } from "../questions/operations.ts";
import type { Random } from "../random.ts";
import type { Word } from "../words.ts";
import type { Answer, Asked, Pattern, Piece, Sum } from "./parse.ts";

const UNKNOWN = "No lo sé. El texto no lo dice.";
/** Share of things that are invented, so that they can only be copied. */
const INVENTED = 0.3;
/** Draws of a pattern's numbers before a sum with steps below 1 counts as a fault of the pattern. */
const TRIES = 1000;

/** Draws of words around a text and its questions until they go together. */
const TRIED = 8;

/** Portable things by gender: those that a slot can stand for. */
export type Things = Readonly<Record<Gender, readonly Word[]>>;

export function portableThings(lexicon: Lexicon): Things {
  const all = lexicon.flagged("portable").filter((noun) =>
    noun.plural !== "-" && !/ |s$/.test(noun.singular) && !takesEl(noun)
  );
  return { m: all.filter(({ gender }) => gender === "m"), f: all.filter(({ gender }) => gender === "f") };
}

export interface Filling {
  readonly lexicon: Lexicon;
  readonly asking: Asking;
  readonly things: Things;
}

/** A conversation of a pattern. @throws {UserError} if its sums fall below 1 with almost all numbers */
export function fill(pattern: Pattern, filling: Filling, random: Random): Exchange {
  for (let i = 0; i < TRIES; i++) {
    const slots = new Slots(pattern, filling, random);
    if (!pattern.asked.every(({ answer }) => slots.isPositive(answer))) continue;
    const { family, text } = pattern;
    const ask = () =>
      text ? aboutText(pattern, text, slots, filling, random) : inOrder(pattern, slots, filling, random);
    let turns = ask();
    // Those who speak in the text may say tú, and the person who asks usted: then it stays so.
    for (let tried = 1; tried < TRIED && mixesAddress(turns); tried++) turns = ask();
    return { family, turns };
  }
  const { where, numbers } = pattern;
  throw new UserError(
    `${where}: a step of a sum falls below 1 with almost all numbers from ${numbers.join(" to ")}; ` +
      "give another range, such as n: 5..20",
  );
}

/** The text with one of the questions, and others after it. */
function aboutText(
  { asked }: Pattern,
  pieces: readonly Piece[],
  slots: Slots,
  { asking }: Filling,
  random: Random,
): Turn[] {
  const text = slots.say(pieces);
  const [first, ...others] = random.sample(asked, random.weighted([[1, 4], [2, 4], [3, 3], [4, 2]]));
  const response = slots.answer(first.answer);
  const { whole, q } = questionOf(first, slots, random);
  const around = () =>
    q === undefined
      ? asking.around(text, whole, random)
      : asking.about(text, q, random, phrased(q, first, asking, random));
  let instruction = around();
  // A text with «comillas» stands in none.
  for (let tried = 1; tried < TRIED && /«[^»]*«/.test(instruction); tried++) instruction = around();
  return [{ instruction, response }, ...others.map((one) => turnOf(one, slots, asking, random))];
}

/** The conversation as it is written; a question alone is also phrased in other ways. */
function inOrder({ asked }: Pattern, slots: Slots, { asking }: Filling, random: Random): Turn[] {
  if (asked.length === 1) return [turnOf(asked[0], slots, asking, random)];
  return asked.map((one) => ({
    instruction: slots.say(random.pick(one.wordings)),
    response: slots.answer(one.answer),
  }));
}

function turnOf(one: Asked, slots: Slots, asking: Asking, random: Random): Turn {
  const { whole, q } = questionOf(one, slots, random);
  return {
    instruction: q === undefined ? whole : phrased(q, one, asking, random),
    response: slots.answer(one.answer),
  };
}

/** A question as it is written, and without its marks if it can follow "Dime…" then. */
function questionOf(
  { wordings, answer }: Asked,
  slots: Slots,
  random: Random,
): { whole: string; q?: string } {
  const pieces = random.pick(wordings), whole = slots.say(pieces);
  const q = /^¿([^¿?]*)\?$/.exec(whole)?.[1];
  if (q === undefined) return { whole };
  const lower = typeof pieces[0] === "string" && pieces[0].length > 1 ? lowerFirst(q) : q;
  return INTERROGATIVE.test(lower) || isWhether(answer) ? { whole, q: lower } : { whole };
}

const phrased = (q: string, { answer }: Asked, asking: Asking, random: Random) =>
  isWhether(answer) ? asking.whether(q, random).ask : asking.which(q, random);

const isWhether = (answer: Answer) => "say" in answer && /^(?:sí|no)$/i.test(answer.say.join(""));

/** What the slots of one conversation stand for. */
class Slots {
  readonly #filled = new Map<string, string>();
  readonly #numbers = new Map<number, number>();
  readonly #rows: ReadonlyMap<string, readonly string[]>;
  readonly #casting: Casting;
  readonly #digits: boolean;
  readonly #nouns = new Map<string, Noun>();

  constructor(
    private readonly pattern: Pattern,
    private readonly filling: Filling,
    private readonly random: Random,
  ) {
    this.#casting = new Casting(filling.lexicon, random);
    this.#digits = random.chance(0.5);
    this.#rows = new Map(pattern.choices.flatMap(({ columns, rows }) => {
      const drawn = random.shuffle(rows);
      return columns.map((name, column) => [name, drawn.map((row) => row[column])] as const);
    }));
  }

  /** The pieces as text, with contractions, and with capitals unless the pattern is written without any. */
  say(pieces: readonly Piece[]): string {
    const text = mendConjunctions(
      contract(pieces.map((piece) => typeof piece === "string" ? piece : this.#value(piece)).join("")),
    );
    return this.pattern.casual ? text : capitalised(text);
  }

  answer(answer: Answer): string {
    if ("unknown" in answer) return UNKNOWN;
    if ("say" in answer) return asAnswer(this.say(answer.say));
    const numbers = answer.operands.map((piece) => this.#operand(piece));
    return worked(steps(answer.signs, numbers), this.#numeral(this.#results(answer).at(-1)!));
  }

  /** Whether every step of a sum has a result of at least 1. */
  isPositive(answer: Answer): boolean {
    return !("operands" in answer) || this.#results(answer).every((result) => result >= 1);
  }

  /** The result of each step of a sum. */
  #results({ operands, signs }: Sum): number[] {
    let left = this.#operand(operands[0]);
    return operands.slice(1).map((piece, i) =>
      left = RESULT[signs[i] as Operation](left, this.#operand(piece))
    );
  }

  #operand(piece: Piece): number {
    return typeof piece === "string" ? Number(piece) : this.#number(piece.number);
  }

  #value({ slot, number }: Exclude<Piece, string>): string {
    const row = this.#rows.get(slot);
    if (row) return row[number - 1];
    const key = `${slot}${number}`, filled = this.#filled.get(key) ?? this.#draw(slot, number);
    this.#filled.set(key, filled);
    return filled;
  }

  #draw(slot: string, number: number): string {
    const casting = this.#casting;
    switch (slot) {
      case "él":
        return casting.name("m");
      case "ella":
        return casting.name("f");
      case "quien":
        return casting.name(this.random.pick(["m", "f"]));
      case "apellido":
        return casting.surname();
      case "pueblo":
        return casting.town();
      case "mascota":
        return casting.petName(this.random.pick(["m", "f"]));
      case "objeto":
        return this.#thing("m", number).singular;
      case "objetos":
        return plural(this.#thing("m", number));
      case "cosa":
        return this.#thing("f", number).singular;
      case "cosas":
        return plural(this.#thing("f", number));
      default:
        return this.#numeral(this.#number(number));
    }
  }

  #thing(gender: Gender, number: number): Noun {
    const key = `${gender}${number}`;
    let noun = this.#nouns.get(key);
    if (noun) return noun;
    const invented = this.random.chance(INVENTED);
    do {
      noun = invented ? this.#casting.inventedNoun() : this.#casting.noun(this.filling.things[gender]);
    } while (noun.gender !== gender);
    this.#nouns.set(key, noun);
    return noun;
  }

  #number(number: number): number {
    let n = this.#numbers.get(number);
    if (n !== undefined) return n;
    const [low, high] = this.pattern.numbers, used = [...this.#numbers.values()];
    do n = this.random.between(low, high); while (used.includes(n) && used.length <= high - low);
    this.#numbers.set(number, n);
    return n;
  }

  #numeral(n: number): string {
    return this.#digits ? String(n) : numberWord(n);
  }
}
