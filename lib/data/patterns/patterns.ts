/** Conversations from patterns: written by hand, with names, things and numbers that change. */
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { heldOutQuestions } from "../held_out.ts";
import type { Neighbours } from "../nearest.ts";
import type { Exchange } from "../world/document.ts";
import { filesIn } from "../world/folder.ts";
import { Asking } from "../world/questions/asking.ts";
import { Random } from "../world/random.ts";
import { comesNear, type World } from "../world/world.ts";
import { fill, type Filling, thingsOf } from "./fill.ts";
import { type Pattern, readPatterns } from "./parse.ts";

/** Draws in place of a conversation that comes near a held-out one. */
const TRIES = 50;

export const PatternConversations = z.strictObject({
  path: z.string().min(1).describe("A .txt file of patterns, or a folder of them."),
  conversations: z.number().int().positive().max(1e6).describe("How many."),
  seed: z.number().int().nonnegative().max(2 ** 31).default(1).describe(
    "Another seed, other names and numbers.",
  ),
});
export type PatternConversations = z.infer<typeof PatternConversations>;

/** The files of patterns at a path: itself, or all in it. @throws {UserError} if there are none */
export async function patternFiles(path: string): Promise<string[]> {
  if (path.endsWith(".txt")) return [path];
  const files = (await filesIn(path)).filter((file) => file.endsWith(".txt"));
  if (files.length === 0) throw new UserError(`${path}: no .txt files of patterns`);
  return files;
}

/** Patterns as an unlimited series of conversations, each a function of the seed and its number. */
export class Patterns {
  private constructor(
    readonly all: readonly Pattern[],
    private readonly filling: Filling,
    private readonly held: Neighbours,
  ) {}

  /** @throws {UserError} naming file and line of what is wrong in a pattern */
  static async read(path: string, { files }: World): Promise<Patterns> {
    const all = (await Promise.all((await patternFiles(path)).map(readPatterns))).flat();
    const { lexicon } = files;
    const filling = { lexicon, asking: await Asking.load(files), things: thingsOf(lexicon) };
    return new Patterns(all, filling, await heldOutQuestions());
  }

  /** A conversation of one of the patterns. */
  at(seed: number, index: number): Exchange {
    const random = Random.of(seed, "patterns", index);
    for (let i = 0; i < TRIES; i++) {
      const made = this.fill(random.pick(this.all), random);
      if (!comesNear(made, this.held)) return made;
    }
    throw new UserError(`${this.all[0].where}: most patterns come near what is held out; write others`);
  }

  /** A conversation of this pattern. @throws {UserError} if its sums fall below 1 with all numbers */
  fill(pattern: Pattern, random: Random): Exchange {
    const made = fill(pattern, this.filling, random);
    if (made) return made;
    throw new UserError(
      `${pattern.where}: a step of a sum falls below 1 with almost all numbers from ${
        pattern.numbers.join(" to ")
      }; give another range, such as n: 5..20`,
    );
  }
}
