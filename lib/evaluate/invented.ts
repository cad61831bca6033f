/** Whether a model invents answers: says something where it cannot know, or that it does not know where it could. */
import { type Preference, questionOf } from "../data/preferences.ts";
import { declines } from "../data/unknown.ts";
import type { Decoder } from "../model/decoder.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { askAll } from "./language.ts";
import { normalizeAnswer } from "./text_metrics.ts";

/** Shares in [0, 1]; null where there are no such questions. */
export interface InventionScore {
  /** Of questions that nobody can answer. */
  readonly unanswerable: {
    readonly questions: number;
    /** Answers that are invented: anything but that the model does not know. */
    readonly invented: number | null;
  };
  readonly answerable: {
    readonly questions: number;
    /** Answers that it does not know, unduly. */
    readonly declined: number | null;
    /** Answers that are the chosen one, but for capitals and marks at the ends. */
    readonly exact: number | null;
  };
}

/** Questions of pairs, each once: as many that cannot be answered as others, `limit` at most. */
export function questionsToAsk(pairs: readonly Preference[], limit: number): Preference[] {
  const questions = [...new Map(pairs.map((pair) => [questionOf(pair), pair])).values()];
  const { due = [], others = [] } = Object.groupBy(
    questions,
    ({ chosen }) => declines(chosen) ? "due" : "others",
  );
  const half = Math.floor(limit / 2);
  return [...due.slice(0, half), ...others.slice(0, limit - Math.min(half, due.length))];
}

/** Asks the questions of pairs, always taking the most probable token, and compares with the chosen answers. */
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
