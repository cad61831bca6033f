/** The texts that are held out of all training data. Only programs read them, to compare training data with them. */
import { readQuestions } from "./instructions.ts";
import { Neighbours } from "./nearest.ts";
import { readPairs } from "./pairs.ts";
import { readStories } from "./stories.ts";

/** Paths from the project's root: questions, minimal pairs, beginnings of stories. */
export const HELD_OUT = {
  questions: "data/instruct/heldout.jsonl",
  pairs: "data/evaluate/pairs.jsonl",
  stories: "data/evaluate/stories.jsonl",
} as const;

/** Shorter sentences occur in any text, so they do not show where a text comes from. */
export const FEWEST_WORDS = 6;

/** The sentences of a text, each with its punctuation. */
export function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?…][»”")]*)\s+/).map((sentence) => sentence.trim()).filter((one) => one !== "");
}

/** All that was said in a conversation up to and including its last question. */
export function allSaid(
  turns: readonly { readonly instruction: string; readonly response?: string }[],
): string {
  return turns.flatMap(({ instruction, response }, i) =>
    i < turns.length - 1 ? [instruction, response] : [instruction]
  ).join("\n");
}

/**
 * All held-out texts: questions (with what was said before them), the correct sentences of minimal pairs, and
 * beginnings of stories, whole and by sentence. No training text may come near one.
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
