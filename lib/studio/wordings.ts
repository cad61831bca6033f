/** In which words a model will learn a fact. */
import { join } from "@std/path";
import { questionFor } from "../data/teaching/statement.ts";
import { Rewording } from "../data/teaching/wordings.ts";
import { WORLD_FOLDER } from "../data/world/folder.ts";
import { Lexicon } from "../data/world/lexicon.ts";
import { Random } from "../data/world/random.ts";
import type { Fact } from "./lessons.ts";
import { Refusal } from "./refusal.ts";

/** The seed that `teach` has by default. */
const SEED = 1;
/** How often a wording is drawn for each that is wanted. */
const DRAWS = 10;

let rewording: Promise<Rewording> | null = null;

/** Read once: these files come with the project. */
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
 * Facts with their questions, found where there is none, and some of the wordings that are learned.
 * @param each wordings of a fact
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
