/** no-lo-sé: what a text does not tell, what nobody can know, what a model cannot see; and answerable questions. */
import type { Turn } from "../../../text/prompt.ts";
import type { Family, WorldFiles } from "../document.ts";
import { inventedTown } from "../invented.ts";
import type { Random } from "../random.ts";
import { capitalised } from "../grammar/capitals.ts";
import { compile, fragment, type Template } from "../template.ts";
import { Wordings } from "../wordings.ts";
import { answer, Asking } from "./asking.ts";
import { Cast, Pools } from "./cast.ts";
import { surrounded } from "./extraction.ts";
import { ask, readTopics, tell, type Topic } from "./topics.ts";

/** Share of questions about a text that it does answer. */
const ANSWERED = 0.4;

/** A question about `a`, and the topics that would answer it. */
interface Untold {
  readonly question: Template;
  readonly toldBy: ReadonlySet<string>;
}

export async function load(files: WorldFiles): Promise<Family> {
  const [asking, topics] = [await Asking.load(files), await readTopics(files)];
  const wordings = await Wordings.read(`${files.folder}/questions/unknown.yaml`);
  const pools = new Pools(files.lexicon);
  const ofText = aboutText(asking, wordings, topics, pools);
  const plainly = (name: string) => (random: Random): Turn => {
    const template = random.pick(wordings.of(name));
    const bindings = Cast.of(pools, random).for(template);
    const q = fragment(template, { bindings }, random);
    // "si está lloviendo" is asked with "dime", and without it as "está lloviendo".
    const instruction = q.startsWith("si ")
      ? asking.whether(q.slice(3), random).ask
      : asking.which(q, random);
    return { instruction, response: wordings.say(`${name}, respuesta`, { bindings }, random) };
  };
  const invented = (name: string) => (random: Random): Turn => {
    const cast = Cast.of(pools, random);
    const bindings = {
      x: cast.casting.inventedNoun(),
      a: cast.value("a"),
      t: inventedTown(random, files.lexicon),
    };
    const q = wordings.part(name, { bindings }, random);
    const instruction = q.startsWith("!") ? capitalised(q.slice(1)) : asking.which(q, random);
    return { instruction, response: wordings.say(`${name}, respuesta`, { bindings }, random) };
  };
  const ways: readonly (readonly [(random: Random) => Turn, number])[] = [
    [ofText, 10],
    [plainly("nadie"), 2],
    [plainly("no veo"), 2],
    [plainly("no me has dicho"), 2],
    [invented("no existe la palabra"), 1],
    [invented("no existe la persona"), 1],
    [invented("no existe el pueblo"), 1],
  ];
  return {
    name: "no-lo-sé",
    ask: (random) => ({ family: "no-lo-sé", turns: [random.weighted(ways)(random)] }),
  };
}

function aboutText(
  asking: Asking,
  wordings: Wordings,
  topics: readonly Topic[],
  pools: Pools,
): (random: Random) => Turn {
  const untold: Untold[] = wordings.of("no se dice").map(({ source, where }) => {
    const [toldBy, question] = source.split(" => ");
    return { question: compile(question, where), toldBy: new Set(toldBy.split(", ")) };
  });
  const ofA = topics.filter(({ tellsOfA, once }) => tellsOfA && !once);
  const askable = ofA.filter(({ aboutA }) => aboutA.length > 0);
  return (random) => {
    const tense = random.chance(0.7) ? "past" : "present";
    const told = surrounded({ topic: random.pick(ofA), cast: Cast.of(pools, random) }, topics, random);
    const main = random.pick(told.filter(({ topic }) => topic.tellsOfA && !topic.once));
    const text = tell(told, tense, random);
    const about = (q: string, response: string): Turn => ({
      instruction: asking.about(text, q, random),
      response,
    });
    if (random.chance(ANSWERED)) {
      const { q, answer: phrase, command } = ask(main, tense, random);
      return command
        ? { instruction: asking.around(text, q, random), response: answer(phrase) }
        : about(q, answer(phrase));
    }
    const say = (name: string, bindings: Cast["bindings"]) =>
      wordings.say(`${name}, respuesta`, { bindings }, random);
    if (random.chance(0.3)) {
      // Asks about someone who is not in the text.
      const other = main.cast.another();
      const topic = random.pick(askable);
      const template = random.pick(topic.aboutA);
      const [q] = fragment(template, { bindings: other.for(template), tense }, random).split(" => ");
      return about(q, say("no está", { a: other.value("a") }));
    }
    const a = main.cast.value("a");
    const own = new Set(told.filter(({ cast }) => cast.bindings.a === a).map(({ topic }) => topic));
    const { question } = random.pick(
      untold.filter(({ toldBy }) => [...own].every(({ name }) => !toldBy.has(name))),
    );
    return about(fragment(question, { bindings: { a } }, random), say("no se dice", { a }));
  };
}
