/** extraer: a short text, and questions whose answers must be copied from it. */
import type { Turn } from "../../../text/prompt.ts";
import { inOneAddress } from "../address.ts";
import type { Family, WorldFiles } from "../document.ts";
import type { Random } from "../random.ts";
import { answer, Asking } from "./asking.ts";
import { Cast, Pools } from "./cast.ts";
import { agrees, apart, ask, type Asked, readTopics, tell, type Told, type Topic } from "./topics.ts";

/** Share of texts with questions about more than one sentence. */
const ASKED_AGAIN = 0.6;

export async function load(files: WorldFiles): Promise<Family> {
  const [asking, topics] = [await Asking.load(files), await readTopics(files)];
  const pools = new Pools(files.lexicon);
  const alone = ({ q, command }: Asked, random: Random) => command ? q : asking.which(q, random);
  const draw = (random: Random): Turn[] => {
    const tense = random.chance(0.7) ? "past" : "present";
    const asked = { topic: random.pick(topics), cast: Cast.of(pools, random) };
    const told = surrounded(asked, topics, random);
    const text = tell(told, tense, random);
    const others = random.chance(ASKED_AGAIN)
      ? random.shuffle(told.filter((one) => one !== asked && isSure(one, told)))
      : [];
    const [first, ...more] = [asked, ...others].map((one) => ask(one, tense, random));
    const instruction = first.command
      ? asking.around(text, first.q, random)
      : asking.about(text, first.q, random);
    return [
      { instruction, response: answer(first.answer) },
      ...more.map((one) => ({ instruction: alone(one, random), response: answer(one.answer) })),
    ];
  };
  return {
    name: "extraer",
    ask: (random) => ({ family: "extraer", turns: inOneAddress(() => draw(random)) }),
  };
}

/** Whether every question about a sentence has a single answer in its text. */
function isSure(one: Told, told: readonly Told[]): boolean {
  return told.every((other) =>
    other === one || apart(one.topic, other.topic) && apart(other.topic, one.topic) &&
      (other.cast.value("a") !== one.cast.value("a") || agrees(one.topic, other.topic))
  );
}

/** The sentence among others, which say the same kind of thing about someone else, or something else. */
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
