/** Measures whether a model invents answers that it cannot know, and whether it fails to answer where it could. */
import { type Preference, questionOf } from "../data/preferences.ts";
import { declines } from "../data/unknown.ts";
import type { Decoder } from "../model/decoder.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { askAll } from "./language.ts";
import { normalizeAnswer } from "./text_metrics.ts";

/** Shares in [0, 1]; null if there are no questions of the kind. */
export interface InventionScore {
  /** Questions that nobody can answer. */
  readonly unanswerable: {
    readonly questions: number;
    /** Share of invented answers: anything except that the model does not know. */
    readonly invented: number | null;
  };
  readonly answerable: {
    readonly questions: number;
    /** Share of answers that wrongly say that the model does not know. */
    readonly declined: number | null;
    /** Share of answers equal to the chosen one, ignoring case and marks at the ends. */
    readonly exact: number | null;
  };
}

/** Picks at most `limit` questions from pairs, each once; half of them, if possible, cannot be answered. */
export function questionsToAsk(pairs: readonly Preference[], limit: number): Preference[] {
  const questions = [...new Map(pairs.map((pair) => [questionOf(pair), pair])).values()];
  const { due = [], others = [] } = Object.groupBy(
    questions,
    ({ chosen }) => declines(chosen) ? "due" : "others",
  );
  const half = Math.floor(limit / 2);
  return [...due.slice(0, half), ...others.slice(0, limit - Math.min(half, due.length))];
}

/** Asks the questions of pairs with greedy decoding, and compares the answers with the chosen ones. */
export async function inventionScore(
  model: Decoder,
  tokenizer: Tokenizer,
  pairs: readonly Preference[],
  maxNewTokens: number,
): Promise<InventionScore> {
  const answered = await askAll(model, tokenizer, pairs, maxNewTokens, () => {});
  const all = answered.map(({ answer }, i) => ({ answer, chosen: pairs[i].chosen }));
  const due = all.filter(({ chosen }) => declines(chosen)),
    others = all.filter(({ chosen }) => !declines(chosen));
  const share = (some: typeof all, is: (one: typeof all[number]) => boolean) =>
    some.length === 0 ? null : some.filter(is).length / some.length;
  return {
    unanswerable: { questions: due.length, invented: share(due, ({ answer }) => !declines(answer)) },
    answerable: {
      questions: others.length,
      declined: share(others, ({ answer }) => declines(answer)),
      exact: share(others, ({ answer, chosen }) => normalizeAnswer(answer) === normalizeAnswer(chosen)),
    },
  };
}
