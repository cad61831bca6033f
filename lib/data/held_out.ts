/** What is held out of everything that models learn from: to be compared with it, by programs only. */
import { readQuestions } from "./instructions.ts";
import { Neighbours } from "./nearest.ts";
import { readPairs } from "./pairs.ts";
import { readStories } from "./stories.ts";

/** From the project's root: questions, minimal pairs, beginnings of stories. */
export const HELD_OUT = {
  questions: "data/instruct/heldout.jsonl",
  pairs: "data/evaluate/pairs.jsonl",
  stories: "data/evaluate/stories.jsonl",
} as const;

/** Sentences of fewer words stand in any text, and say nothing of where they come from. */
export const FEWEST_WORDS = 6;

/** Sentences of a text, each with its marks. */
export function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?…][»”")]*)\s+/).map((sentence) => sentence.trim()).filter((one) => one !== "");
}

/** What is said in a conversation up to its last question: a question without a past is that question alone. */
export function allSaid(
  turns: readonly { readonly instruction: string; readonly response?: string }[],
): string {
  return turns.flatMap(({ instruction, response }, i) =>
    i < turns.length - 1 ? [instruction, response] : [instruction]
  ).join("\n");
}

/**
 * All that is held out: questions (of a conversation `allSaid`), the right sentences of minimal pairs, and
 * beginnings of stories, whole and by sentences. Nothing to learn from may come near it.
 */
export async function heldOutQuestions(): Promise<Neighbours> {
  const questions = await readQuestions(HELD_OUT.questions);
  const pairs = await readPairs(HELD_OUT.pairs);
  const stories = await readStories(HELD_OUT.stories);
  return new Neighbours([
    ...questions.map(({ question: { past = [], instruction } }) => allSaid([...past, { instruction }])),
    ...pairs.map(({ good }) => good),
    ...stories.flatMap(({ beginning }) => [
      beginning,
      ...sentencesOf(beginning).filter((sentence) => sentence.split(" ").length >= FEWEST_WORDS),
    ]),
  ]);
}
