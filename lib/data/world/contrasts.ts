/**
 * Pairs of answers to learn preferences from: a right answer beside a nearly right one, "No lo sé." where it is due
 * beside a guess, and a right answer beside an undue "No lo sé.".
 */
import { UserError } from "../../errors.ts";
import type { Turn } from "../../text/prompt.ts";
import { declines } from "../unknown.ts";
import { Distractors } from "./distractors.ts";
import type { Exchange, WorldFiles } from "./document.ts";
import { Guesses } from "./guesses.ts";
import { Random } from "./random.ts";
import { Wordings } from "./wordings.ts";

/** A question, and a right and a wrong answer to it. */
export interface Contrast {
  /** What was said before the question. */
  readonly past: readonly Turn[];
  readonly instruction: string;
  readonly chosen: string;
  readonly rejected: string;
}

/** Of questions that can be answered, those whose wrong answer is that it is not known. */
const UNDUE = 0.3;
const TRIES = 50;

/** Makes wrong answers for exchanges. */
export class Contrasts {
  private constructor(
    private readonly distractors: Distractors,
    private readonly guesses: Guesses,
    /** Answers that it is not known, whatever was asked. */
    private readonly unknown: readonly string[],
  ) {}

  /** @throws {UserError} naming file and line */
  static async load(files: WorldFiles): Promise<Contrasts> {
    const wordings = await Wordings.read(`${files.folder}/questions/unknown.yaml`);
    const unknown = wordings.names.filter((name) => name.endsWith(", respuesta"))
      .flatMap((name) => wordings.of(name)).filter(({ names }) => names.size === 0)
      .map(({ source }) => source);
    return new Contrasts(new Distractors(files.lexicon), await Guesses.load(files), unknown);
  }

  /** The `index`-th of a series. @param exchange any of an unlimited series, by its number */
  at(index: number, seed: number, exchange: (index: number) => Exchange): Contrast {
    for (let i = index * TRIES; i < (index + 1) * TRIES; i++) {
      const { family, turns } = exchange(i);
      const contrast = this.#contrast({ family, turns }, Random.of(seed, "wrong answer", i));
      if (contrast) return contrast;
    }
    throw new UserError(
      "mix: its answers have nothing to be changed into wrong ones; add another kind or family",
    );
  }

  #contrast(exchange: Exchange, random: Random): Contrast | null {
    const { instruction, response } = exchange.turns.at(-1)!;
    const rejected = declines(response)
      ? this.guesses.draw(exchange.turns, random)
      : random.chance(UNDUE)
      ? random.pick(this.unknown)
      : this.distractors.draw(exchange, random);
    if (rejected === null || rejected === response) return null;
    return { past: exchange.turns.slice(0, -1), instruction, chosen: response, rejected };
  }
}
