/**
 * Prints texts of the simulated world, and the facts behind them.
 *
 *   deno task world --kind story --seed 7 --facts
 */
import { UserError } from "../errors.ts";
import { numberFlag, runProgram } from "../run/flags.ts";
import { Random } from "../data/world/random.ts";
import { World } from "../data/world/world.ts";

const HELP = `Usage: deno task world [--kind KIND] [--seed N] [--count N] [--facts | --pairs]

Prints texts that are made from the words, wordings and stories of data/world.

  --kind KIND   a kind of text, such as story, or a family of questions, such as aritmética (docs/world.md lists
                them); a mix of all by default
  --seed N      another seed, another text (1)
  --count N     how many texts (1)
  --pairs       questions with a right and a wrong answer, to learn preferences from, in place of texts
  --facts       also what the world knows of each text, and the questions that it could ask about it
  -h, --help    this text`;

const program = {
  ...{ name: "world", help: HELP },
  values: ["kind", "seed", "count"],
  switches: ["facts", "pairs"],
} as const;

/** @throws {UserError} if there are no questions of that kind */
async function printPairs(
  world: World,
  { kind, seed, count }: { kind: string | undefined; seed: number; count: number },
): Promise<void> {
  const key = [...world.kinds].find(([, { name }]) => name === kind)?.[0] ?? kind;
  const drawn = await world.preferences(seed, key === undefined ? undefined : { [key]: 1 });
  for (let i = 0; i < count; i++) {
    const { past, instruction, chosen, rejected } = drawn.at(i);
    if (i > 0) console.log("\n***\n");
    for (const turn of past) console.log(`${turn.instruction}\n${turn.response}`);
    console.log(`${instruction}\n  + ${chosen}\n  - ${rejected}`);
  }
}

await runProgram(program, async ({ kind, facts, pairs, ...flags }) => {
  const seed = numberFlag("seed", flags.seed ?? "1", 0, true);
  const count = numberFlag("count", flags.count ?? "1", 1, true);
  const world = await World.read();
  if (kind !== undefined && !world.names.includes(kind)) {
    throw new UserError(`--kind ${kind}: expected one of ${world.names.join(", ")}`);
  }
  if (pairs) return await printPairs(world, { kind, seed, count });
  for (let i = 0; i < count; i++) {
    if (i > 0) console.log("\n***\n");
    const name = kind ?? Random.of(seed, "kind", i).pick(world.names);
    const { text, facts: known, questions } = world.document(name, seed, i);
    console.log(text);
    if (!facts) continue;
    console.log(`\n${name}`);
    for (const fact of known) console.log(`  ${fact}`);
    for (const { family, turns } of questions) {
      for (const { instruction, response } of turns) {
        console.log(`  ${family}: ${instruction} ${response}`);
      }
    }
  }
});
