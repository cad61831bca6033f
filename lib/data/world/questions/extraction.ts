/** extraer: a short text, and a question whose answer stands in it and has to be copied. */
import type { Family, WorldFiles } from "../document.ts";
import type { Random } from "../random.ts";
import { answer, Asking } from "./asking.ts";
import { Cast, Pools } from "./cast.ts";
import { agrees, apart, ask, readTopics, tell, type Told, type Topic } from "./topics.ts";

export async function load(files: WorldFiles): Promise<Family> {
  const [asking, topics] = [await Asking.load(files), await readTopics(files)];
  const pools = new Pools(files.lexicon);
  return {
    name: "extraer",
    ask(random) {
      const tense = random.chance(0.7) ? "past" : "present";
      const asked = { topic: random.pick(topics), cast: Cast.of(pools, random) };
      const text = tell(surrounded(asked, topics, random), tense, random);
      const { q, answer: phrase, command } = ask(asked, tense, random);
      const instruction = command ? asking.around(text, q, random) : asking.about(text, q, random);
      return { family: "extraer", turns: [{ instruction, response: answer(phrase) }] };
    },
  };
}

/** The sentence among others, which say the like of someone else, or something else of someone. */
export function surrounded(asked: Told, topics: readonly Topic[], random: Random): Told[] {
  const others = random.weighted([[0, 4], [1, 5], [2, 4], [3, 2], [4, 1]]);
  const told = [asked];
  for (let i = 0; i < others; i++) {
    const topic = random.chance(0.5) ? asked.topic : random.pick(topics);
    if (topic.once && told.some((other) => !apart(other.topic, topic))) continue;
    const ofA = random.chance(0.6) && told.every((other) => other.topic !== topic) &&
      agrees(asked.topic, topic);
    told.push({ topic, cast: asked.cast.another(...ofA ? ["a"] : []) });
  }
  return random.shuffle(told);
}
