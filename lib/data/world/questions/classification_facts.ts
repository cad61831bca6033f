/** Which of two or three things is true of something, by knowledge.tsv: "¿La nieve es de color blanco o verde?" */
import { or } from "../grammar/conjunctions.ts";
import { commonFirst, endings, Rivals } from "../facts.ts";
import { contract } from "../grammar/nouns.ts";
import { answer } from "./asking.ts";
import type { Means, Puzzle } from "./puzzle.ts";

export function facts({ pools, asking }: Means): Puzzle {
  const { knowledge } = pools.lexicon;
  const rivals = new Rivals(knowledge);
  const choices = commonFirst(
    knowledge.filter((fact) => endings(fact).length > 0 && rivals.of(fact).length > 2),
  );
  return (random) => {
    const fact = choices(random);
    const [beginning, right] = random.pick(endings(fact));
    const wrong = random.sample(rivals.of(fact), random.chance(0.8) ? 1 : 2);
    const offered = or(...random.sample([right, ...wrong], wrong.length + 1));
    return {
      instruction: asking.which(contract(`${beginning} ${offered}`), random),
      response: answer(right),
    };
  };
}
