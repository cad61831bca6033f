/** Properties of things: what flies, what can be eaten; and invented things that the question defines. */
import type { Noun } from "../grammar/nouns.ts";
import { definite } from "../grammar/nouns.ts";
import { or } from "../grammar/conjunctions.ts";
import type { Word } from "../words.ts";
import { answer } from "./asking.ts";
import { Cast, type Pools } from "./cast.ts";
import { kindsOf } from "./classification_kinds.ts";
import { either, judged, type Means, type Puzzle } from "./puzzle.ts";

/** Birds that hardly or never fly; they are left out. */
const HARDLY_FLY = new Set("gallina gallo pavo pollito pichón ave".split(" "));

/** A property, named like its wordings: the words that certainly have it, and those that certainly do not. */
interface Property {
  readonly name: string;
  readonly have: readonly Word[];
  readonly lack: readonly Word[];
}

function propertiesOf(pools: Pools): Property[] {
  const all = pools.lexicon.nouns;
  const flagged = (flag: string) => (word: Word) => word.flags.has(flag);
  const of = (...names: string[]) => names.flatMap((name) => pools.category(name));
  const having = (part: string) => (word: Word) => word.parts.some(({ noun }) => noun.singular === part);
  const solid = of("mueble", "herramienta", "vehículo", "ropa", "juguete", "aparato");
  const animals = of("animal");
  return [
    {
      name: "vuela",
      have: animals.filter(flagged("flies")),
      lack: [
        ...of("mamífero", "pez", "reptil", "mueble", "fruta", "herramienta"),
        pools.lexicon.noun("avestruz")!,
      ]
        .filter((word) => !word.flags.has("flies") && !HARDLY_FLY.has(word.singular)),
    },
    { name: "se come", have: of("fruta", "verdura", "comida", "dulce"), lack: solid },
    { name: "se bebe", have: of("bebida"), lack: solid },
    { name: "está vivo", have: [...animals, ...of("árbol", "flor")], lack: solid },
    { name: "se pone", have: of("ropa"), lack: of("mueble", "vehículo", "fruta", "herramienta") },
    {
      name: "usa electricidad",
      have: all.filter(flagged("electric")),
      lack: [...of("mueble", "fruta", "ropa", "utensilio", "animal")],
    },
    { name: "tiene patas", have: animals.filter(having("pata")), lack: of("pez", "fruta", "ropa", "flor") },
    {
      name: "tiene alas",
      have: of("ave").filter(having("ala")),
      lack: of("pez", "fruta", "mueble", "reptil"),
    },
    {
      name: "tiene ruedas",
      have: all.filter(having("rueda")),
      lack: [...animals, ...of("fruta", "ropa", "árbol")],
    },
    { name: "hace música", have: of("instrumento"), lack: of("mueble", "fruta", "ropa", "vehículo") },
    {
      name: "se maneja",
      have: of("vehículo").filter(({ singular }) => singular !== "silla de ruedas"),
      lack: of("mueble", "fruta", "ropa", "herramienta", "flor"),
    },
  ];
}

export function properties(means: Means): Puzzle {
  const { pools, asking, wordings } = means;
  const all = propertiesOf(pools);
  return (random) => {
    const { name, have, lack } = random.pick(all);
    if (random.chance(0.35)) {
      const one = random.pick(have);
      const words = random.shuffle([one, ...random.sample(lack, random.between(1, 3))]);
      // The property without its subject, from the first wording, where the subject comes first.
      const frase = wordings.of(name)[0].source.replace("{x} ", "").replace("{vivo/x}", "vivo");
      const lista = or(...words.map((word) => definite(word, 1)));
      const q = wordings.part("cuál lo hace", { bindings: { frase, lista } }, random);
      return { instruction: asking.which(q, random), response: answer(definite(one, 1)) };
    }
    const right = random.chance(0.5);
    const x = { kind: "thing", noun: random.pick(right ? have : lack) } as const;
    const q = wordings.part(name, { bindings: { x } }, random);
    const first = wordings.of(name)[0];
    const frase = phrase(first.source, x.noun, right);
    const long = wordings.say(right ? "sí lo hace" : "no lo hace", { bindings: { frase } }, random);
    return either(means, q, right, long, random);
  };
}

/** "el águila vuela", "la mesa no vuela" */
function phrase(source: string, noun: Noun, right: boolean): string {
  const alive = noun.gender === "f" ? "viva" : "vivo";
  return source.replace("{x}", right ? definite(noun, 1) : `${definite(noun, 1)} no`).replace(
    "{vivo/x}",
    alive,
  );
}

export function seaOrLand({ pools, asking, wordings }: Means): Puzzle {
  const lives = (word: Word, place: string) => word.places.some(({ singular }) => singular === place);
  const animals = pools.category("animal");
  const sea = animals.filter((word) =>
    lives(word, "mar") && !lives(word, "playa") && word.places.length === 1
  );
  const land = animals.filter((word) =>
    word.flags.has("farm") || lives(word, "bosque") || lives(word, "selva") || lives(word, "desierto")
  ).filter(({ flags }) => !flags.has("swims"));
  return (random) => {
    const inSea = random.chance(0.5);
    const it = random.pick(inSea ? sea : land);
    const q = wordings.part("mar o tierra", { bindings: { it } }, random);
    return { instruction: asking.which(q, random), response: inSea ? "En el mar." : "En la tierra." };
  };
}

/** An invented thing; the text says what it is. */
export function invented(means: Means): Puzzle {
  const { pools, asking, wordings } = means;
  const [kinds] = kindsOf(pools);
  const adjectives = ["raro", "viejo", "famoso", "grande", "pequeño", "bonito", "nuevo"];
  return (random) => {
    const cast = Cast.of(pools, random);
    const [kind, other, third] = random.sample(kinds, 3).map(({ category }) => category);
    const x = cast.casting.inventedNoun();
    const bindings = {
      ...cast.bind(["a", "pueblo", "lugar"]),
      ...{ x, k: kind, adj: random.pick(adjectives), it: x, cosa: x.singular },
    };
    const text = wordings.say("inventado", { bindings }, random);
    if (random.chance(0.45)) {
      const right = random.chance(0.5);
      const asked = { ...bindings, k: right ? kind : other };
      const q = wordings.part("es o no", { bindings: asked }, random);
      return judged(means, text, q, right ? "sí" : "no", random);
    }
    const labels = random.shuffle([kind, other, ...random.chance(0.4) ? [third] : []]);
    const scope = { ...bindings, ...labelled(labels) };
    const q = wordings.part("elegir", { bindings: scope }, random);
    return { instruction: asking.about(text, q, random), response: answer(kind.singular) };
  };
}

const labelled = (labels: readonly Noun[]) => ({
  clases: or(...labels.map(({ singular }) => singular)),
  clasesy: labels.map(({ singular }) => singular).join(" y "),
});
