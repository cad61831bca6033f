/**
 * Pairs of answers for preference training: a right answer against a nearly right one, a correct "No lo sé." against a
 * guess, and a right answer against an unnecessary "No lo sé.".
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

/** Share of answerable questions whose wrong answer is "No lo sé." or the like. */
const UNDUE = 0.3;
const TRIES = 50;

/** Makes wrong answers for exchanges. */
export class Contrasts {
  private constructor(
    private readonly distractors: Distractors,
    private readonly guesses: Guesses,
    /** Answers that say "I do not know", usable for any question. */
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

  /** The `index`-th contrast. @param exchange gives the members of an unlimited series by number */
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
