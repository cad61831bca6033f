/** What is held out of everything that models learn from: to be compared with it, by tests only. */
import { readQuestions } from "./instructions.ts";
import { Neighbours } from "./nearest.ts";
import { readPairs } from "./pairs.ts";
import { readStories } from "./stories.ts";

const DATA = new URL("../../data/", import.meta.url).pathname;

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
  const questions = await readQuestions(`${DATA}instruct/heldout.jsonl`);
  const pairs = await readPairs(`${DATA}evaluate/pairs.jsonl`);
  const stories = await readStories(`${DATA}evaluate/stories.jsonl`);
  return new Neighbours([
    ...questions.map(({ question: { past = [], instruction } }) => allSaid([...past, { instruction }])),
    ...pairs.map(({ good }) => good),
    ...stories.flatMap(({ beginning }) => [
      beginning,
      ...sentencesOf(beginning).filter((sentence) => sentence.split(" ").length >= FEWEST_WORDS),
    ]),
  ]);
}
