/** What the kinds of reasoning have in common. */
import type { Turn } from "../../../text/prompt.ts";
import type { Random } from "../random.ts";
import type { Wordings } from "../wordings.ts";
import type { Asking } from "./asking.ts";
import type { Pools } from "./cast.ts";

/** Makes problems of one kind, with their answers. */
export type Puzzle = (random: Random) => Turn;

/** What puzzles draw and word their questions with. */
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
  // Do not ask for "sí o no" if the answer is "no se sabe".
  const ask = verdict === "no se sabe" ? means.asking.claim(q, random) : means.asking.whether(q, random).ask;
  return { instruction: means.asking.about(text, q, random, ask), response: VERDICTS[verdict] };
}

/** A yes-or-no question without a text; `long` is the answer if it need not be just sí or no. */
export function either({ asking }: Means, q: string, right: boolean, long: string, random: Random): Turn {
  const { ask, short } = asking.whether(q, random);
  return { instruction: ask, response: short ? VERDICTS[right ? "sí" : "no"] : long };
}
