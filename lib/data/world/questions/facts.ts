/** perros, gatos, capital: the three facts of the project, however they are asked, and what is next to them. */
import type { Family, WorldFiles } from "../document.ts";
import type { Noun } from "../grammar/nouns.ts";
import { plural } from "../grammar/nouns.ts";
import type { Random } from "../random.ts";
import type { Scope } from "../template.ts";
import { Wordings } from "../wordings.ts";
import { Asking } from "./asking.ts";

/** Of questions about a neighbour of the fact, whose answer has the same form: lobos, the capital of Peru. */
const NEIGHBOURS = 0.15;

interface Animal {
  readonly family: string;
  readonly noun: Noun;
  /** Other names of the same animal. */
  readonly alias: readonly Noun[];
  readonly kind: Noun;
  /** Of the same kind. */
  readonly relatives: readonly string[];
}

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
/** What they are taken for by mistake. */
const MISTAKEN = ["ave", "pez", "reptil", "insecto", "roedor", "equino", "bovino"];

export async function load(files: WorldFiles): Promise<Family[]> {
  const [asking, wordings] = [
    await Asking.load(files),
    await Wordings.read(`${files.folder}/questions/facts.yaml`),
  ];
  /** One of the ways to ask for a fact; each has names of its own in the file. */
  const asked = (name: string, own: string, scope: Scope, random: Random): string => {
    const way = random.weighted([["which", 5], ["orden", 4], ["own", 1], ["sí o no", 3], ["falso", 3]]);
    if (way === "which") return asking.which(wordings.part(name, scope, random), random);
    if (way === "sí o no") {
      return asking.whether(wordings.part(`${name}, sí o no`, scope, random), random).ask;
    }
    return wordings.say(way === "own" ? own : `${name}, ${way}`, scope, random);
  };
  const animal = (own: Animal, other: Animal): Family => ({
    name: own.family,
    ask(random) {
      const relative = random.chance(NEIGHBOURS);
      const y = noun(random.pick(own.relatives));
      const x = relative ? y : random.chance(0.8) ? own.noun : random.pick(own.alias);
      const otra = random.chance(0.6) ? other.kind : mistaken(random);
      const scope = { bindings: { x, k: own.kind, otra, y: relative ? own.noun : y } };
      const instruction = asked("animal", relative ? "animal, orden" : `${own.family}, orden`, scope, random);
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

/** Towns of Costa Rica that are not its capital, beside those of towns.tsv. */
const TOWNS = ["Cartago", "Limón", "Alajuela", "Heredia", "Puntarenas", "Liberia"];

function capital(
  { lexicon }: WorldFiles,
  asked: (name: string, own: string, scope: Scope, random: Random) => string,
): Family {
  const capitals = lexicon.knowledge.filter(({ relation }) => relation.name === "capital");
  const home = capitals.find(({ subject }) => subject === "Costa Rica")!;
  const others = capitals.filter((fact) => fact !== home);
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
      const scope = { bindings: { s, o, falsa: wrong(s, o, random) } };
      const own = s === home.subject ? "Costa Rica, orden" : "capital, orden";
      const instruction = asked("capital", own, scope, random);
      return { family: "capital", turns: [{ instruction, response: `${o} es la capital de ${s}.` }] };
    },
  };
}
