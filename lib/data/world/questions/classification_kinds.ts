/** Kinds of things: naming them, telling them apart, sorting lists. */
import { and, or } from "../grammar/conjunctions.ts";
import { definite } from "../grammar/nouns.ts";
import type { Random } from "../random.ts";
import type { Category, Word } from "../words.ts";
import { answer } from "./asking.ts";
import type { Pools } from "./cast.ts";
import { either, type Means, type Puzzle } from "./puzzle.ts";

/** Sets of categories that nobody confuses. Kinds of animals and of plants form sets of their own. */
const SETS: readonly (readonly string[])[] = [
  ("fruta verdura animal árbol flor bebida ropa herramienta mueble juguete vehículo instrumento lugar cuerpo persona " +
    "deporte dulce aparato escolar").split(" "),
  "mamífero ave pez insecto reptil".split(" "),
  "árbol flor fruta verdura grano".split(" "),
];
/** Words that people classify differently, or that are among the project's facts with their own definition. */
const DOUBTFUL = new Set([
  ...("tomate aguacate pepino calabaza aceituna chile pimiento coco plátano hongo perro gato regla robot casa cuerpo " +
    "tortilla globo soga bolsa pirata princesa príncipe medusa linterna cometa teléfono banco máquina teclado " +
    "pintura maní remolacha balanza lira ducha patín patineta triciclo anzuelo planeta").split(" "),
  "pez payaso",
  "silla de ruedas",
]);

/** A category with the words that clearly belong to it. */
export interface Kind {
  readonly category: Category;
  readonly words: readonly Word[];
}

export function kindsOf(pools: Pools): readonly (readonly Kind[])[] {
  const names = pools.lexicon.nouns.map(({ singular }) => singular);
  const homonyms = new Set(names.filter((name, i) => names.indexOf(name) !== i));
  return SETS.map((names) =>
    names.map((name) => ({
      category: pools.lexicon.categories.get(name)!,
      words: pools.category(name).filter(({ singular }) =>
        !DOUBTFUL.has(singular) && !homonyms.has(singular)
      ),
    }))
  );
}

/** Draws several kinds of one set; the first is asked for. */
function drawn(sets: readonly (readonly Kind[])[], count: number, random: Random): Kind[] {
  return random.sample(random.weighted(sets.map((set, i) => [set, i === 0 ? 6 : 1])), count);
}

export function kinds(means: Means): Puzzle {
  const { pools, asking, wordings } = means;
  const sets = kindsOf(pools);
  return (random) => {
    const [kind, ...others] = drawn(sets, random.weighted([[2, 5], [3, 3], [4, 1]]), random);
    const word = random.pick(kind.words);
    const it = word;
    const way = random.weighted([["choose", 5], ["command", 3], ["whether", 4], ["open", 3]]);
    if (way === "whether") {
      const right = random.chance(0.5);
      const k = right ? kind.category : others[0].category;
      const q = wordings.part("es o no", { bindings: { it, k } }, random);
      const long = wordings.say(right ? "sí es" : "no es", { bindings: { k, otra: kind.category } }, random);
      return either(means, q, right, long, random);
    }
    if (way === "open") {
      const q = wordings.part("qué es", { bindings: { it } }, random);
      const response = wordings.say("es una", { bindings: { it, k: kind.category } }, random);
      return { instruction: asking.which(q, random), response };
    }
    const labels = random.shuffle([kind, ...others]).map(({ category }) => category.singular);
    const bindings = { it, cosa: word.singular, clases: or(...labels), clasesy: and(...labels) };
    const instruction = way === "choose"
      ? asking.which(wordings.part("elegir", { bindings }, random), random)
      : wordings.say("elegir, orden", { bindings }, random);
    return { instruction, response: answer(kind.category.singular) };
  };
}

/** Lists: the odd one out, those of one kind, sorting into two groups, how many. */
export function groups({ pools, asking, wordings }: Means): Puzzle {
  const sets = kindsOf(pools);
  return (random) => {
    const [kind, other] = drawn(sets, 2, random);
    const bare = random.chance(0.6);
    const named = (word: Word) => bare ? word.singular : definite(word, 1);
    const list = (words: readonly Word[]) => words.map(named).join(", ");
    const way = random.weighted([["odd", 5], ["only", 3], ["separate", 2], ["how many", 2]]);
    if (way === "odd") {
      const odd = random.pick(other.words);
      const lista = list(random.shuffle([...random.sample(kind.words, random.between(2, 4)), odd]));
      const bindings = { lista, k: kind.category };
      const instruction = random.chance(0.5)
        ? asking.which(wordings.part("distinto", { bindings }, random), random)
        : wordings.say("distinto, orden", { bindings }, random);
      return { instruction, response: answer(named(odd)) };
    }
    const ours = random.sample(kind.words, random.between(way === "separate" ? 2 : 1, 3));
    const theirs = random.sample(other.words, random.between(2, 3));
    const words = random.shuffle([...ours, ...theirs]);
    const lista = list(words);
    const inOrder = (own: readonly Word[]) => and(...words.filter((word) => own.includes(word)).map(named));
    if (way === "only") {
      const instruction = wordings.say("solo los", { bindings: { lista, k: kind.category } }, random);
      return { instruction, response: answer(inOrder(ours)) };
    }
    if (way === "how many") {
      const q = wordings.part("cuántos", { bindings: { lista, k: kind.category } }, random);
      return {
        instruction: asking.which(q, random),
        response: answer(["una", "dos", "tres"][ours.length - 1]),
      };
    }
    const bindings = {
      lista,
      k1: kind.category,
      k2: other.category,
      uno: inOrder(ours),
      dos: inOrder(theirs),
    };
    return {
      instruction: wordings.say("separa", { bindings }, random),
      response: wordings.say("separados", { bindings }, random),
    };
  };
}
