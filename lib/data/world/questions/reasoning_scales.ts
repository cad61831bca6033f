/** Comparisons and orders: who is taller, who came first, who stands to the left. */
import type { Turn } from "../../../text/prompt.ts";
import type { Value } from "../entity.ts";
import { agreementOf, isEntity, isNoun } from "../entity.ts";
import { and } from "../grammar/conjunctions.ts";
import { definite, type Noun } from "../grammar/nouns.ts";
import type { Random } from "../random.ts";
import { answer } from "./asking.ts";
import { Cast } from "./cast.ts";
import { judged, type Means, type Puzzle, VERDICTS } from "./puzzle.ts";

/** A kind of order; its wordings have the same name. */
interface Scale {
  readonly name: string;
  readonly of: "person" | "thing";
  /** Name of a list of words for its wordings: an adjective and its opposite, or a verb. */
  readonly words?: string;
  /** Whether its things are invented, as the text could contradict what everybody knows about real ones. */
  readonly unknown?: boolean;
}

const SCALES: readonly (readonly [Scale, number])[] = [
  [{ name: "adjetivo", of: "person", words: "adjetivos de personas" }, 6],
  [{ name: "adjetivo", of: "thing", words: "adjetivos de cosas", unknown: true }, 3],
  [{ name: "verbo", of: "person", words: "verbos de personas" }, 3],
  [{ name: "verbo", of: "thing", words: "verbos de cosas", unknown: true }, 1],
  [{ name: "llegar", of: "person" }, 3],
  [{ name: "fila", of: "person" }, 2],
  [{ name: "lado", of: "person" }, 2],
  [{ name: "lado", of: "thing" }, 2],
  [{ name: "edad", of: "person" }, 3],
  [{ name: "piso", of: "person" }, 1],
];

/** The members of an order, and the words for it. */
interface Order {
  readonly scale: Scale;
  /** From first to last. */
  readonly items: readonly Value[];
  readonly bindings: Readonly<Record<string, Value>>;
}

/** A question about a text: `ask` is the whole question, `q` the same without question marks (none for a command). */
interface Posed {
  readonly q?: string;
  readonly ask: string;
  readonly response: string;
}

/** An order, and one to three questions about it. */
export function scales(means: Means): (random: Random) => Turn[] {
  return (random) => {
    const scale = random.weighted(SCALES);
    const count = random.weighted([[2, 3], [3, 5], [4, 2]]);
    const order = drawn(means, scale, count, random);
    if (count > 2 && random.chance(0.25)) return [forked(means, order, random)];
    const text = told(means, order, Array.from({ length: count - 1 }, (_, i) => [i, i + 1]), random);
    const [first, ...more] = random.sample(KINDS.filter(({ of }) => of.includes(count)), random.between(1, 3))
      .map(({ kind }) => pose(means, order, kind, random));
    const instruction = first.q === undefined
      ? means.asking.around(text, first.ask, random)
      : means.asking.about(text, first.q, random, first.ask);
    return [
      { instruction, response: first.response },
      ...more.map(({ ask, response }) => ({ instruction: ask, response })),
    ];
  };
}

type Kind = "primero" | "último" | "lista" | "en medio" | "dos" | "dos al revés" | "es así";

/** Kinds of questions, and the sizes of orders that they suit; "es así" is half of the questions about two. */
const KINDS: readonly { readonly kind: Kind; readonly of: readonly number[] }[] = [
  { kind: "primero", of: [3, 4] },
  { kind: "último", of: [3, 4] },
  { kind: "lista", of: [3, 4] },
  { kind: "en medio", of: [3] },
  { kind: "dos", of: [2, 3, 4] },
  { kind: "dos al revés", of: [2, 3, 4] },
  { kind: "es así", of: [2, 3, 4] },
  { kind: "es así", of: [2, 3, 4] },
];

function pose(
  { wordings, asking }: Means,
  order: Order,
  kind: Kind,
  random: Random,
): Posed {
  const { scale: { name }, items } = order;
  const which = (q: string, item: Value): Posed => ({
    q,
    ask: asking.which(q, random),
    response: answer(mention(item)),
  });
  const [i, j] = random.sample(items.map((_, i) => i), 2);
  switch (kind) {
    case "lista":
      return {
        ask: wordings.say(`${name}, lista`, order, random).replace(/^!/, ""),
        response: answer(and(...items.map(mention))),
      };
    case "primero":
    case "último":
    case "en medio": {
      const at = kind === "primero" ? 0 : kind === "último" ? items.length - 1 : 1;
      return which(wordings.part(`${name}, ${kind}`, order, random), items[at]);
    }
    case "es así": {
      const q = wordings.part(`${name}, es así`, pair(order, i, j, random), random);
      return { q, ask: asking.whether(q, random).ask, response: VERDICTS[i < j ? "sí" : "no"] };
    }
    case "dos":
    case "dos al revés": {
      const q = wordings.part(`${name}, ${kind}`, pair(order, i, j, random), random);
      return which(q, items[kind === "dos" ? Math.min(i, j) : Math.max(i, j)]);
    }
  }
}

/** The text tells only who is first (or last) of all; the order of the others stays unknown. */
function forked(means: Means, order: Order, random: Random): Turn {
  const last = order.items.length - 1;
  const fromFirst = random.chance(0.5);
  const links = Array.from({ length: last }, (_, i): [number, number] => fromFirst ? [0, i + 1] : [i, last]);
  const text = told(means, order, links, random);
  const others = order.items.map((_, i) => i).filter((i) => i !== (fromFirst ? 0 : last));
  const [i, j] = random.sample(others, 2);
  const { name } = order.scale;
  const scope = pair(order, i, j, random, false);
  if (random.chance(0.35)) {
    const q = means.wordings.part(`${name}, ${fromFirst ? "primero" : "último"}`, order, random);
    const item = order.items[fromFirst ? 0 : last];
    return { instruction: means.asking.about(text, q, random), response: answer(mention(item)) };
  }
  if (random.chance(0.5)) {
    return judged(means, text, means.wordings.part(`${name}, es así`, scope, random), "no se sabe", random);
  }
  const q = means.wordings.part(`${name}, ${random.pick(["dos", "dos al revés"])}`, scope, random);
  return { instruction: means.asking.about(text, q, random), response: VERDICTS["no se sabe"] };
}

function drawn({ pools, wordings }: Means, scale: Scale, count: number, random: Random): Order {
  const cast = Cast.of(pools, random);
  const roles = scale.of === "person" ? ["a", "b", "c", "d"] : ["cosa1", "cosa2", "cosa3", "cosa4"];
  const items = roles.slice(0, count).map((role) =>
    scale.unknown ? cast.casting.inventedNoun() : cast.value(role)
  );
  const words = scale.words ? random.pick(wordings.of(scale.words)).source.split(" ") : [];
  const { gender } = agreementOf(items);
  const all: Noun = { singular: "", gender };
  return {
    scale,
    items,
    bindings: {
      todos: all,
      art: gender === "f" ? "la" : "el",
      quién: scale.of === "person" ? "quién" : random.pick(["qué", "cuál"]),
      ...(words.length === 2 ? { adj: words[0], opp: words[1] } : words.length === 1 && { v: words[0] }),
    },
  };
}

/** The links of an order as sentences, in random order. */
function told(
  { wordings }: Means,
  order: Order,
  links: readonly (readonly number[])[],
  random: Random,
): string {
  return random.shuffle(links).map(([i, j]) => {
    const bindings = { ...order.bindings, a: order.items[i], b: order.items[j] };
    return wordings.say(`${order.scale.name}, dicho`, { bindings }, random);
  }).join(" ");
}

/** The bindings of a question about two members of an order. */
function pair(order: Order, i: number, j: number, random: Random, mayBeUnnamed = true) {
  const [p, q] = [order.items[i], order.items[j]];
  const gender = agreementOf([p, q]).gender;
  const named = `, ${mention(p)} ${/^h?o/i.test(mention(q)) ? "u" : "o"} ${mention(q)}`;
  const unnamed = mayBeUnnamed && order.items.length === 2 && random.chance(0.6);
  const pq: Noun = { singular: "", gender };
  return { bindings: { ...order.bindings, p, q, pq, entre: unnamed ? "" : named } };
}

function mention(value: Value): string {
  if (isNoun(value)) return definite(value, 1);
  return isEntity(value) ? value.name! : String(value);
}

/** Two people each have some of a thing: who has more? */
export function amounts(means: Means): Puzzle {
  return (random) => {
    const cast = Cast.of(means.pools, random);
    const low = random.between(2, 18);
    const equal = random.chance(0.15);
    const high = equal ? low : random.between(low + 1, 20);
    const swapped = random.chance(0.5);
    const [a, b] = [cast.value("a"), cast.value("b")];
    const bindings = {
      ...{ a, b, cosa: cast.value("cosa") },
      m: swapped ? low : high,
      n: swapped ? high : low,
    };
    const text = means.wordings.say("cantidades", { bindings }, random);
    if (equal || random.chance(0.2)) {
      const q = means.wordings.part("cantidades, iguales", { bindings }, random);
      return judged(means, text, q, equal ? "sí" : "no", random);
    }
    const more = random.chance(0.5);
    const q = means.wordings.part(`cantidades, ${more ? "más" : "menos"}`, { bindings }, random);
    const who = more === swapped ? b : a;
    return { instruction: means.asking.about(text, q, random), response: answer(mention(who)) };
  };
}
