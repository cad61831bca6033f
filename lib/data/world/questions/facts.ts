/** perros, gatos, capital: the three facts of the project, asked in many ways, and questions about their neighbours. */
import type { Family, WorldFiles } from "../document.ts";
import type { Value } from "../entity.ts";
import type { Noun } from "../grammar/nouns.ts";
import { plural } from "../grammar/nouns.ts";
import type { Random } from "../random.ts";
import { capitalised } from "../grammar/capitals.ts";
import { fragment } from "../template.ts";
import { Wordings } from "../wordings.ts";
import { Asking } from "./asking.ts";
import { Cast, Pools } from "./cast.ts";

/** Share of questions about a neighbour of the fact with the same form of answer: lobos, the capital of Peru. */
const NEIGHBOURS = 0.15;

interface Animal {
  readonly family: string;
  readonly noun: Noun;
  /** Other names of the same animal. */
  readonly alias: readonly Noun[];
  readonly kind: Noun;
  /** Animals of the same kind. */
  readonly relatives: readonly string[];
}

type Bindings = Readonly<Record<string, Value>>;

const noun = (singular: string, plural?: string): Noun => ({
  singular,
  gender: "m",
  ...plural && { plural },
});

const DOG: Animal = {
  family: "perros",
  noun: noun("perro"),
  alias: [noun("perrito"), noun("perro doméstico", "perros domésticos")],
  kind: noun("canino"),
  relatives: ["lobo", "coyote", "zorro"],
};
const CAT: Animal = {
  family: "gatos",
  noun: noun("gato"),
  alias: [noun("gatito"), noun("gato doméstico", "gatos domésticos")],
  kind: noun("felino"),
  relatives: ["león", "tigre", "puma", "jaguar", "leopardo"],
};
/** What they are mistaken for in wrong statements. */
const MISTAKEN = ["ave", "pez", "reptil", "insecto", "roedor", "equino", "bovino"];

export async function load(files: WorldFiles): Promise<Family[]> {
  const [asking, wordings] = [
    await Asking.load(files),
    await Wordings.read(`${files.folder}/questions/facts.yaml`),
  ];
  const pools = new Pools(files.lexicon);
  /** Draws one of the ways to ask for a fact; the file has its own names for each way. */
  const asked = (name: string, own: string, about: Bindings, random: Random): string => {
    const way = random.weighted([["which", 5], ["orden", 4], ["own", 1], ["sí o no", 3], ["falso", 3]]);
    const template = random.pick(
      wordings.of(way === "which" ? name : way === "own" ? own : `${name}, ${way}`),
    );
    const cast = Cast.of(pools, random);
    Object.assign(cast.bindings, about);
    const text = fragment(template, { bindings: cast.for(template) }, random);
    if (way === "which") return asking.which(text, random);
    return way === "sí o no" ? asking.claim(text, random) : capitalised(text);
  };
  const animal = (own: Animal, other: Animal): Family => ({
    name: own.family,
    ask(random) {
      const relative = random.chance(NEIGHBOURS);
      const y = noun(random.pick(own.relatives));
      const x = relative ? y : random.chance(0.8) ? own.noun : random.pick(own.alias);
      const otra = random.chance(0.6) ? other.kind : mistaken(random);
      const about = { x, k: own.kind, otra, y: relative ? own.noun : y };
      const instruction = asked("animal", relative ? "animal, orden" : `${own.family}, orden`, about, random);
      const named = relative ? x : own.noun;
      const response = `Los ${plural(named)} son ${plural(own.kind)}.`;
      return { family: own.family, turns: [{ instruction, response }] };
    },
  });
  return [animal(DOG, CAT), animal(CAT, DOG), capital(files, asked)];
}

function mistaken(random: Random): Noun {
  const singular = random.pick(MISTAKEN);
  return { singular, gender: singular === "ave" ? "f" : "m" };
}

/** Towns of Costa Rica that are not its capital, in addition to those in towns.tsv. */
const TOWNS = ["Cartago", "Limón", "Alajuela", "Heredia", "Puntarenas", "Liberia"];

function capital(
  { lexicon }: WorldFiles,
  asked: (name: string, own: string, about: Bindings, random: Random) => string,
): Family {
  const capitals = lexicon.knowledge.filter(({ relation }) => relation.name === "capital");
  const home = capitals.find(({ subject }) => subject === "Costa Rica")!;
  // Left out, as the seat of Bolivia's government is not its capital.
  const others = capitals.filter((fact) => fact !== home && fact.subject !== "Bolivia");
  const towns = Map.groupBy(lexicon.towns, ({ country }) => country);
  const wrong = (country: string, right: string, random: Random): string => {
    const own = [
      ...towns.get(country)?.map(({ name }) => name) ?? [],
      ...country === home.subject ? TOWNS : [],
    ]
      .filter((name) => name !== right && !right.startsWith(name));
    return own.length > 0
      ? random.pick(own)
      : random.pick(others.filter(({ subject }) => subject !== country)).object;
  };
  return {
    name: "capital",
    ask(random) {
      const { subject: s, object: o } = random.chance(NEIGHBOURS * 2) ? random.pick(others) : home;
      const about = { s, o, falsa: wrong(s, o, random) };
      const own = s === home.subject ? "Costa Rica, orden" : "capital, orden";
      const instruction = asked("capital", own, about, random);
      return { family: "capital", turns: [{ instruction, response: `${o} es la capital de ${s}.` }] };
    },
  };
}
