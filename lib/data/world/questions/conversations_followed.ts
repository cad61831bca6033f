/** Questions that continue the one before: the same about another, a growing list, a sum that goes on. */
import type { Turn } from "../../../text/prompt.ts";
import type { Entity } from "../entity.ts";
import { and } from "../grammar/conjunctions.ts";
import { contract, definite, type Noun, plural } from "../grammar/nouns.ts";
import { numberWord } from "../grammar/numbers.ts";
import type { Random } from "../random.ts";
import { fragment } from "../template.ts";
import { answer } from "./asking.ts";
import { Cast } from "./cast.ts";
import { kindsOf } from "./classification_kinds.ts";
import type { Speech, Talk } from "./conversations.ts";
import { tell, type Topic } from "./topics.ts";

/** "¿Y Luis?" */
function andOf({ wordings }: Speech, otro: string, random: Random): string {
  const ofOther = !otro.startsWith("la de ") && random.chance(0.4);
  return contract(wordings.say(ofOther ? "y de otro" : "y otro", { bindings: { otro } }, random));
}

/** A text about several people who do similar things, and the same question about each in turn. */
export function ofText(speech: Speech, topics: readonly Topic[]): Talk {
  const { pools, asking } = speech;
  const repeatable = topics.filter(({ once, tellsOfA, aboutA }) => !once && tellsOfA && aboutA.length > 0);
  return (random) => {
    const topic = random.pick(repeatable);
    const first = Cast.of(pools, random);
    const casts = [first, first.another(), ...random.chance(0.4) ? [first.another()] : []];
    const tense = random.chance(0.7) ? "past" : "present";
    const text = tell(casts.map((cast) => ({ topic, cast })), tense, random);
    const template = random.pick(topic.aboutA);
    return random.shuffle(casts).map((cast, i): Turn => {
      const scope = { bindings: cast.for(template), tense } as const;
      const [q, phrase] = fragment(template, scope, random).split(" => ");
      const name = (cast.value("a") as Entity).name!;
      const instruction = i === 0 ? asking.about(text, q, random) : andOf(speech, name, random);
      return { instruction, response: answer(phrase) };
    });
  };
}

/** The same question about two or three words: what they are, what they eat, their capital. */
export function alike(speech: Speech): Talk {
  const { pools, asking } = speech;
  const { lexicon } = pools;
  const [kinds] = kindsOf(pools);
  const capitals = lexicon.knowledge.filter(({ relation }) => relation.name === "capital");
  const eaters = pools.animals.filter(({ eats }) => eats.length > 0);
  const useful = pools.useful;
  const asked = (
    q: string,
    others: readonly string[],
    answers: readonly string[],
    random: Random,
  ) =>
    answers.map((response, i): Turn => ({
      instruction: i === 0 ? asking.which(q, random) : andOf(speech, others[i], random),
      response: answer(response),
    }));
  return (random) => {
    const count = random.chance(0.7) ? 2 : 3;
    const way = random.weighted([["capital", 2], ["eats", 2], ["for", 2], ["kind", 3], ["opposite", 2]]);
    if (way === "capital") {
      const facts = random.sample(capitals, count);
      return asked(
        `cuál es la capital de ${facts[0].subject}`,
        facts.map(({ subject }) => `la de ${subject}`),
        facts.map(({ subject, object }) => `${object} es la capital de ${subject}`),
        random,
      );
    }
    if (way === "opposite") {
      const adjectives = random.sample(lexicon.opposites, count);
      return asked(
        `qué es lo contrario de «${adjectives[0].word}»`,
        adjectives.map(({ word }) => `«${word}»`),
        adjectives.map(({ opposite }) => opposite!),
        random,
      );
    }
    if (way === "kind") {
      const [one, two] = random.sample(kinds, 2);
      const drawn = random.sample(
        [one, two].flatMap((kind) => random.sample(kind.words, count).map((word) => ({ kind, word }))),
        count,
      );
      const labels = `${one.category.singular} o ${two.category.singular}`;
      return asked(
        `${definite(drawn[0].word, 1)} es ${labels}`,
        drawn.map(({ word }) => definite(word, 1)),
        drawn.map(({ kind }) => kind.category.singular),
        random,
      );
    }
    const words = random.sample(way === "eats" ? eaters : useful, count);
    const names = words.map((word) => definite(word, 1));
    return asked(
      `${way === "eats" ? "qué come" : "para qué sirve"} ${names[0]}`,
      names,
      words.map((word, i) =>
        way === "eats"
          ? `${names[i]} come ${
            and(...word.eats.map(({ noun, plural: many }) => many ? plural(noun) : noun.singular))
          }`
          : `${names[i]} sirve para ${and(...word.for)}`
      ),
      random,
    );
  };
}

/** A sum, and another that continues with its result. */
export function sums({ asking, wordings }: Speech): Talk {
  return (random) => {
    const [first, second] = [random.between(1, 9), random.between(1, 9)];
    let sum = first + second;
    const turns: Turn[] = [
      { instruction: asking.which(`cuánto es ${first} + ${second}`, random), response: `${sum}.` },
    ];
    for (let left = random.between(1, 3); left > 0; left--) {
      const minus = sum > 0 && random.chance(0.4);
      const n = random.between(1, minus ? Math.min(9, sum) : 9);
      sum += minus ? -n : n;
      const instruction = wordings.say(minus ? "resta" : "suma", { bindings: { n } }, random);
      turns.push({ instruction, response: `${sum}.` });
    }
    return turns;
  };
}

/** A list to which things are added and from which they are removed. */
export function lists({ pools, wordings }: Speech): Talk {
  return (random) => {
    const cast = Cast.of(pools, random);
    const word = (i: number) => (cast.value(`cosa${i}`) as Noun).singular;
    const say = (name: string, w = "") => wordings.say(name, { bindings: { w } }, random);
    let list = Array.from({ length: random.between(2, 3) }, (_, i) => word(i));
    const told = () => list.length > 0 ? answer(and(...list)) : say("lista vacía");
    const begun = wordings.say("empieza la lista", { bindings: { todo: and(...list) } }, random);
    const turns: Turn[] = [{ instruction: begun, response: told() }];
    let counted = false;
    for (let i = 3, last = 3 + random.between(1, 3); i < last; i++) {
      const way: string = random.weighted([
        ["agrega", 4],
        ["quita", list.length > 1 ? 3 : 0],
        ["cuántas cosas", counted ? 0 : 2],
        ["al revés", 1],
      ]);
      counted = way === "cuántas cosas";
      const w = way === "agrega" ? word(i) : way === "quita" ? random.pick(list) : "";
      if (way === "agrega") list = [...list, w];
      else if (way === "quita") list = list.filter((other) => other !== w);
      else if (way === "al revés") list = list.toReversed();
      turns.push({
        instruction: say(way, w),
        response: counted ? answer(numberWord(list.length, "f")) : told(),
      });
    }
    return turns;
  };
}
