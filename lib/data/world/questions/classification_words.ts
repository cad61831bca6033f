/** Words and sentences: verb or noun, masculine or feminine, positive or negative; and plain contrasts. */
import { agree } from "../grammar/adjectives.ts";
import { or } from "../grammar/conjunctions.ts";
import { numberWord } from "../grammar/numbers.ts";
import { inflect } from "../grammar/nouns.ts";
import { capitalised } from "../grammar/capitals.ts";
import { fragment } from "../template.ts";
import { answer } from "./asking.ts";
import { Cast } from "./cast.ts";
import type { Means, Puzzle } from "./puzzle.ts";

/** Words left out because they belong to two word classes: "poder" is a verb and a noun. */
const TWICE = new Set("poder ser saber deber haber comer cantar".split(" "));

export function words({ pools, asking, wordings }: Means): Puzzle {
  const { lexicon } = pools;
  const single = ({ singular }: { singular: string }) => !singular.includes(" ");
  const nouns = [...pools.things, ...pools.animals, ...pools.places].filter(single);
  const adjectives = lexicon.adjectives.filter(({ category }) =>
    category === "feeling" || category === "size"
  );
  const verbs = lexicon.verbs.filter(({ infinitive }) =>
    !TWICE.has(infinitive) && !infinitive.endsWith("se")
  );
  const named: Readonly<Record<string, (random: Parameters<Puzzle>[0]) => string>> = {
    verbo: (random) => random.pick(verbs).infinitive,
    sustantivo: (random) => random.pick(nouns).singular,
    adjetivo: (random) => random.pick(adjectives).word,
    número: (random) => numberWord(random.between(0, 100)),
    color: (random) => random.pick(pools.colours),
    "día de la semana": (random) => random.pick(pools.days),
    mes: (random) => random.pick(lexicon.calendar("mes")).singular,
    nombre: (random) => random.pick(lexicon.people()).name,
    ciudad: (random) => random.pick(lexicon.towns).name,
  };
  const grammar = ["verbo", "sustantivo", "adjetivo"];
  const meaning = Object.keys(named).filter((name) => !grammar.includes(name));
  return (random) => {
    const way = random.weighted([["class", 6], ["género", 2], ["número", 2]]);
    if (way === "class") {
      const labels = random.sample(random.chance(0.6) ? grammar : meaning, random.chance(0.7) ? 2 : 3);
      const label = random.pick(labels);
      const bindings = { w: named[label](random), clases: or(...labels) };
      const q = wordings.part("clase de palabra", { bindings }, random);
      return { instruction: asking.which(q, random), response: answer(label) };
    }
    const noun = random.pick(nouns);
    const number = way === "número" ? random.pick([1, 2] as const) : 1;
    const w = inflect(noun, number);
    const instruction = asking.which(wordings.part(way, { bindings: { w } }, random), random);
    if (way === "número" && inflect(noun, 1) === inflect(noun, 2)) {
      return { instruction, response: "Puede ser singular o plural." };
    }
    const feminine = /masculina o femenina/.test(instruction);
    const response = way === "número"
      ? number === 1 ? "singular" : "plural"
      : agree(noun.gender === "m" ? "masculino" : "femenino", feminine ? "f" : "m", 1);
    return { instruction, response: answer(response) };
  };
}

export function sentiments({ pools, asking, wordings }: Means): Puzzle {
  return (random) => {
    const positive = random.chance(0.5);
    const template = random.pick(wordings.of(positive ? "positivas" : "negativas"));
    const cast = Cast.of(pools, random);
    const frase = capitalised(fragment(template, { bindings: cast.for(template) }, random));
    const instruction = random.chance(0.6)
      ? asking.which(wordings.part("positivo o negativo", { bindings: { frase } }, random), random)
      : wordings.say("positivo o negativo, orden", { bindings: { frase } }, random);
    const gender = /positiva o negativa/.test(instruction) ? "f" : "m";
    return { instruction, response: answer(agree(positive ? "positivo" : "negativo", gender, 1)) };
  };
}

const CONTRASTS = [
  "frío o caliente",
  "duro o blando",
  "dulce o salado",
  "grande o pequeño",
  "de día o de noche",
];

/** Contrasts that everybody knows. */
export function contrasts({ asking, wordings }: Means): Puzzle {
  const read = (name: string) => wordings.of(name).map(({ source }) => source.split(" => "));
  const all = CONTRASTS.map((name) => ({ name, labels: name.split(" o "), entries: read(name) }));
  return (random) => {
    const { name, labels, entries } = random.pick(all);
    const [it, label] = random.pick(entries);
    const gender = it.startsWith("la ") ? "f" : "m";
    const [first, second] = random.shuffle(labels).map((word) => agree(word, gender, 1));
    const timed = name === "de día o de noche";
    const q = timed ? `${it} ${first} o ${second}` : `${it} es ${first} o ${second}`;
    return { instruction: asking.which(q, random), response: answer(agree(label, gender, 1)) };
  };
}
