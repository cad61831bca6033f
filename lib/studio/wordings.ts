/** Shows in which wordings a model will learn a fact. */
import { join } from "@std/path";
import { questionFor } from "../data/teaching/statement.ts";
import { Rewording } from "../data/teaching/wordings.ts";
import { WORLD_FOLDER } from "../data/world/folder.ts";
import { Lexicon } from "../data/world/lexicon.ts";
import { Random } from "../data/world/random.ts";
import type { Fact } from "./lessons.ts";
import { Refusal } from "./refusal.ts";

/** The default seed of `teach`. */
const SEED = 1;
/** Draws for each wording that is wanted. */
const DRAWS = 10;

let rewording: Promise<Rewording> | null = null;

/** Read only once, as these files ship with the project and do not change. */
function readRewording(): Promise<Rewording> {
  return rewording ??= (async () => {
    const lexicon = await Lexicon.read(join(WORLD_FOLDER, "words"));
    return await Rewording.load({ folder: WORLD_FOLDER, lexicon });
  })();
}

export interface WordedFact extends Fact {
  readonly wordings: readonly string[];
}

/**
 * Facts with their questions and some of the wordings for training. Missing questions are derived from the answers.
 * @param each how many wordings of each fact
 * @throws {Refusal} if a question is missing and cannot be found
 */
export async function wordFacts(facts: readonly Fact[], each: number): Promise<WordedFact[]> {
  const words = await readRewording();
  return facts.map(({ question: given, answer }) => {
    const question = given || questionFor(answer);
    if (!question) {
      throw new Refusal("no_question", `write the question that ${JSON.stringify(answer)} answers`, answer);
    }
    const asked = { instruction: question, response: answer };
    const all = words.of(asked, Random.of(SEED, "templates", question));
    const wordings = new Set<string>();
    for (let i = 0; i < DRAWS * each && wordings.size < each; i++) {
      wordings.add(all.learned(Random.of(SEED, "shown", question, i)));
    }
    return { question, answer, wordings: [...wordings] };
  });
}
