/** Inferences from common knowledge: ice melts in the sun; someone who lends a thing no longer has it. */
import { fragment } from "../template.ts";
import { answer } from "./asking.ts";
import { Cast } from "./cast.ts";
import { judged, type Means, type Puzzle } from "./puzzle.ts";

export function everyday(means: Means): Puzzle {
  const { pools, asking, wordings } = means;
  const all = wordings.of("sentido común");
  return (random) => {
    const template = random.pick(all);
    const told = fragment(template, { bindings: Cast.of(pools, random).for(template) }, random);
    const [text, question] = told.split(" // ");
    const [q, phrase] = question.split(" => ");
    if (phrase === "sí" || phrase === "no") return judged(means, text, q, phrase, random);
    return { instruction: asking.about(text, q, random), response: answer(phrase) };
  };
}
