/** Which of two or three things is true of something, by knowledge.tsv: "¿La nieve es de color blanco o verde?" */
import { commonFirst, endings, hasEnding } from "../facts.ts";
import { or } from "../grammar/conjunctions.ts";
import { contract } from "../grammar/nouns.ts";
import type { Fact } from "../words.ts";
import { answer } from "./asking.ts";
import type { Means, Puzzle } from "./puzzle.ts";

export function facts({ pools, asking }: Means): Puzzle {
  const { knowledge } = pools.lexicon;
  const objects = new Map(
    [...Map.groupBy(knowledge, ({ relation }) => relation)]
      .map(([relation, own]) => [relation, [...new Set(own.map(({ object }) => object))]]),
  );
  // A subject has one object in a relation, so all others are wrong.
  const others = ({ relation, object }: Fact) => objects.get(relation)!.filter((one) => one !== object);
  const choices = commonFirst(
    knowledge.filter((fact) => hasEnding(fact) && objects.get(fact.relation)!.length > 3),
  );
  return (random) => {
    const fact = choices(random);
    const [beginning, right] = random.pick(endings(fact));
    const wrong = random.sample(others(fact), random.chance(0.8) ? 1 : 2);
    const offered = or(...random.sample([right, ...wrong], wrong.length + 1));
    return {
      instruction: asking.which(contract(`${beginning} ${offered}`), random),
      response: answer(right),
    };
  };
}
