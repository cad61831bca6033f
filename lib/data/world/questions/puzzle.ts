/** What the kinds of reasoning have in common. */
import type { Turn } from "../../../text/prompt.ts";
import type { Random } from "../random.ts";
import type { Wordings } from "../wordings.ts";
import type { Asking } from "./asking.ts";
import type { Pools } from "./cast.ts";

/** Makes problems of one kind, with their answers. */
export type Puzzle = (random: Random) => Turn;

/** With what a puzzle is worded. */
export interface Means {
  readonly pools: Pools;
  readonly asking: Asking;
  /** Of the family: data/world/questions/reasoning.yaml or classification.yaml. */
  readonly wordings: Wordings;
}

export type Verdict = "sí" | "no" | "no se sabe";

export const VERDICTS: Readonly<Record<Verdict, string>> = {
  "sí": "Sí.",
  "no": "No.",
  "no se sabe": "No lo sé.",
};

/** A text with a question that is answered by sí, no or no se sabe. */
export function judged(means: Means, text: string, q: string, verdict: Verdict, random: Random): Turn {
  // "Contesta sí o no" cannot be obeyed where nobody knows.
  const ask = verdict === "no se sabe" ? means.asking.claim(q, random) : means.asking.whether(q, random).ask;
  return { instruction: means.asking.about(text, q, random, ask), response: VERDICTS[verdict] };
}

/** A question without a text that is answered by sí or no; `long` is the answer where a word more is welcome. */
export function either({ asking }: Means, q: string, right: boolean, long: string, random: Random): Turn {
  const { ask, short } = asking.whether(q, random);
  return { instruction: ask, response: short ? VERDICTS[right ? "sí" : "no"] : long };
}
