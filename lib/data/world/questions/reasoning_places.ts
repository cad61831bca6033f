/** Where nested things are, how people are related, and which of three it is. */
import type { Entity, Value } from "../entity.ts";
import type { Gender } from "../grammar/nouns.ts";
import { definite } from "../grammar/nouns.ts";
import type { Random } from "../random.ts";
import { answer } from "./asking.ts";
import { Cast } from "./cast.ts";
import { judged, type Means, type Puzzle, VERDICTS } from "./puzzle.ts";

/** A thing in a container, in a room; a person in a building, in a town. */
export function within(means: Means): Puzzle {
  const { pools, asking, wordings } = means;
  const rooms = pools.category("casa");
  const vessels = pools.containers.filter(({ categories }) => !categories.has("mueble"));
  const furniture = pools.containers.filter(({ categories }) => categories.has("mueble"));
  const chained = (links: readonly (readonly [string, Cast["bindings"]])[], random: Random) =>
    random.shuffle(links).map(([name, bindings]) => wordings.say(name, { bindings }, random)).join(" ");
  return (random) => {
    const cast = Cast.of(pools, random);
    if (random.chance(0.35)) {
      const pueblo = cast.casting.town();
      const bindings = { pueblo, x: cast.value("a"), b: cast.value("lugar") };
      const text = chained([["está alguien", bindings], ["en el pueblo", bindings]], random);
      const q = wordings.part("en qué pueblo", { bindings }, random);
      return { instruction: asking.about(text, q, random), response: answer(`en ${pueblo}`) };
    }
    const [room, other] = random.sample(rooms, 2);
    const chain = [
      cast.value("cosa"),
      random.pick(vessels),
      ...random.chance(0.4) ? [random.pick(furniture)] : [],
      room,
    ];
    const links = chain.slice(1).map((b, i) =>
      [b === room ? "en el cuarto" : "dentro", { a: chain[i], b }] as const
    );
    const text = chained(links, random);
    if (random.chance(0.4)) {
      const m = random.chance(0.5) ? room : other;
      const q = wordings.part("está ahí", { bindings: { x: chain[0], m } }, random);
      return judged(means, text, q, m === room ? "sí" : "no", random);
    }
    const q = wordings.part("en qué lugar", { bindings: { x: chain[0] } }, random);
    return { instruction: asking.about(text, q, random), response: answer(`en ${definite(room, 1)}`) };
  };
}

export function oneOfThree({ pools, asking, wordings }: Means): Puzzle {
  return (random) => {
    const cast = Cast.of(pools, random);
    const persons = random.chance(0.5);
    const x = cast.value("cosa");
    const m = random.pick(pools.containers);
    const [cx, cy, cz] = random.sample(pools.colours, 3);
    const bindings = persons
      ? { ...cast.bind(["a", "b", "c"]), x }
      : { x, m, cx, cy, cz, art: m.gender === "f" ? "la" : "el" };
    const [text, found] = wordings.say(persons ? "tres personas" : "tres cosas", { bindings }, random)
      .split(" => ");
    const q = wordings.part(persons ? "quién tiene" : "dónde está", { bindings }, random);
    return { instruction: asking.about(text, q, random), response: answer(found) };
  };
}

/** Kinship of x to z, if x is the `first` of y and y is the `second` of z. Masculine; z may be of either gender. */
const KIN: readonly (readonly [first: string, second: string, result: string])[] = [
  ["padre", "padre", "abuelo"],
  ["padre", "abuelo", "bisabuelo"],
  ["abuelo", "padre", "bisabuelo"],
  ["hermano", "padre", "tío"],
  ["hijo", "tío", "primo"],
  ["hijo", "hijo", "nieto"],
  ["hijo", "hermano", "sobrino"],
  ["hijo", "nieto", "bisnieto"],
  ["hermano", "hermano", "hermano"],
  ["padre", "esposo", "suegro"],
  ["hermano", "esposo", "cuñado"],
  ["esposo", "hijo", "yerno"],
];

/** Someone of the other gender. */
function spouse(cast: Cast, name: string): Value {
  const { gender } = (cast.value(name) as Entity).noun;
  return cast.casting.person({ gender: gender === "m" ? "f" : "m" });
}

export function kin({ pools, asking, wordings }: Means): Puzzle {
  const relatives = new Map(pools.lexicon.family.map((relative) => [relative.masculine, relative]));
  const feminines = new Map(pools.lexicon.family.map(({ masculine, feminine }) => [masculine, feminine]));
  const named = (relative: string, gender: Gender) => ({
    singular: gender === "m" ? relative : feminines.get(relative)!,
    gender,
  });
  return (random) => {
    const cast = Cast.of(pools, random);
    const say = (a: string, r: string, b: string) => {
      const { gender } = (cast.value(a) as Entity).noun;
      const bindings = { a: cast.value(a), b: cast.value(b), r: named(r, gender) };
      return wordings.say("parentesco", { bindings }, random);
    };
    const ask = (p: string, q: string, name: string) =>
      wordings.part(name, { bindings: { p: cast.value(p), q: cast.value(q) } }, random);
    const one = (p: string, r: string) => {
      const { gender } = (cast.value(p) as Entity).noun;
      return answer(`su ${named(r, gender).singular}`);
    };
    cast.bind(["a", "b", "c"]);
    if (random.chance(0.3)) {
      const relative = random.pick(pools.relatives);
      const text = say("a", relative.masculine, "b");
      const q = ask("b", "a", "qué es");
      return {
        instruction: asking.about(text, q, random),
        response: one("b", relatives.get(relative.inverse)!.masculine),
      };
    }
    const [first, second, result] = random.pick(KIN);
    if (second === "esposo") cast.bindings.c = spouse(cast, "b");
    if (first === "esposo") cast.bindings.a = spouse(cast, "b");
    const text = random.shuffle([say("a", first, "b"), say("b", second, "c")]).join(" ");
    if (random.chance(0.15)) {
      const q = ask("a", "c", "nadie sabe");
      return { instruction: asking.about(text, q, random), response: VERDICTS["no se sabe"] };
    }
    return { instruction: asking.about(text, ask("a", "c", "qué es"), random), response: one("a", result) };
  };
}
