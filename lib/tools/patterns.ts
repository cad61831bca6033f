/**
 * Checks files of patterns and prints conversations made of them.
 *
 *   deno task patterns data/instruct/patterns --seed 7 --count 5
 */
import { UserError } from "../errors.ts";
import { Patterns } from "../data/patterns/patterns.ts";
import { Random } from "../data/world/random.ts";
import { World } from "../data/world/world.ts";
import { numberFlag, runProgram } from "../run/flags.ts";

const HELP = `Usage: deno task patterns [FILE | FOLDER] [--seed N] [--count N] [--check]

Prints conversations that are made of patterns: conversations written by hand, with slots for names, things and numbers.

  FILE, FOLDER  the patterns (data/instruct/patterns)
  --seed N      another seed, other patterns and contents (1)
  --count N     how many conversations (1)
  --check       only tell what is wrong in the patterns, after filling each a few times
  -h, --help    this text`;

/** How often each pattern is filled to check it. */
const FILLED = 20;

await runProgram(
  { ...{ name: "patterns", help: HELP }, values: ["seed", "count"], switches: ["check"], operands: true },
  async ({ check, ...flags }, [path = "data/instruct/patterns", ...others]) => {
    if (others.length > 0) throw new UserError("give one file or folder of patterns");
    const seed = numberFlag("seed", flags.seed ?? "1", 0, true);
    const count = numberFlag("count", flags.count ?? "1", 1, true);
    const patterns = await Patterns.read(path, await World.read());
    if (check) {
      for (const [i, pattern] of patterns.all.entries()) {
        for (let n = 0; n < FILLED; n++) patterns.fill(pattern, Random.of(seed, i, n));
      }
      return console.log(`${patterns.all.length} patterns in order`);
    }
    for (let i = 0; i < count; i++) {
      if (i > 0) console.log("\n***\n");
      const { family, turns } = patterns.at(seed, i);
      console.log(`${family}\n`);
      for (const { instruction, response } of turns) console.log(`${instruction}\n  ${response}`);
    }
  },
);
