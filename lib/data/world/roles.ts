/** The cast of a frame, read from its lines and drawn anew for each story. */
import { animal, type Character, type Draw, friend, person, relative, someone, thing } from "./characters.ts";
import { type Age, entity, type Value } from "./entity.ts";
import type { Lexicon } from "./lexicon.ts";
import type { Node } from "./parsing.ts";
import { HOME, placeOf, type Sort } from "./sorts.ts";
import type { Word } from "./words.ts";

export interface CastRole {
  readonly name: string;
  readonly sort: Sort;
  /** For a person given only by age: which age, or "any". */
  readonly age?: Age | "any";
  readonly draw: (draw: Draw) => Value;
}

interface Context {
  readonly lexicon: Lexicon;
  /** The roles of the lines above this one. */
  readonly roles: ReadonlyMap<string, Sort>;
}

const AGES: readonly string[] = ["child", "adult", "old"];
/** Categories that are too broad, or where no story could happen. */
const NOWHERE = new Set([
  "lugar",
  "edificio",
  "país",
  "tumba",
  "vecindario",
  "casa",
  "polo",
  "reunión",
  "pueblo",
  "acera",
  "andén",
  "cementerio",
]);

/** @throws {UserError} if the line does not describe a role, or no noun suits it */
export function readRole(name: string, node: Node, context: Context): CastRole {
  if (!/^\p{L}[\p{L}\d]*$/u.test(name)) node.fail(`"${name}" is no name of a role; use letters, such as a`);
  const words = node.text().trim().split(/\s+/);
  const role = family(words, node, context) ?? drawn(words, node, context);
  return { name, ...role };
}

type Unnamed = Omit<CastRole, "name">;

/** "relative of a", "friend of a", "abuela of a", "n - k". */
function family(words: readonly string[], node: Node, { roles, lexicon }: Context): Unnamed | undefined {
  if (words.length !== 3) return undefined;
  const [first, operator, second] = words;
  const needs = (name: string, sort: Sort) => {
    if (roles.get(name) !== sort) node.fail(`"${name}" is no ${sort} of the lines above`);
  };
  if (operator === "-" || operator === "+") {
    const value = (name: string): (draw: Draw) => number => {
      if (/^\d+$/.test(name)) return () => Number(name);
      needs(name, "number");
      return ({ role }) => role(name) as number;
    };
    const [left, right, sign] = [value(first), value(second), operator === "-" ? -1 : 1];
    return { sort: "number", draw: (draw) => left(draw) + sign * right(draw) };
  }
  if (operator !== "of") return undefined;
  needs(second, "person");
  const of = ({ role }: Draw) => role(second) as Character;
  if (first === "friend") return { sort: "person", draw: (draw) => friend(draw, of(draw)) };
  if (first === "relative") return { sort: "person", draw: (draw) => relative(draw, of(draw)) };
  const kin = lexicon.family.find(({ masculine, feminine }) => masculine === first || feminine === first);
  if (!kin) return node.fail(`"${first}" is no relative of family.tsv; expected relative, friend or abuelo`);
  const wanted = { kin, ...(first === kin.feminine && { gender: "f" as const }) };
  return { sort: "person", draw: (draw) => relative(draw, of(draw), wanted) };
}

function drawn(words: readonly string[], node: Node, { lexicon }: Context): Unnamed {
  const [kind, ...rest] = words;
  if (AGES.includes(kind) && rest.length === 0) {
    const age = kind as Age;
    return { sort: "person", age, draw: (draw) => person(draw, age) };
  }
  switch (kind) {
    case "person":
      return rest.length === 0
        ? { sort: "person", age: "any", draw: (draw) => person(draw) }
        : byNoun(rest.join(" "), node, lexicon);
    case "animal": {
      const named = rest.at(-1) === "named";
      const which = named ? rest.slice(0, -1) : rest;
      const nouns = which[0] === "="
        ? nounsOf(which, node, lexicon)
        : choose(lexicon.category("animal"), which, node, lexicon);
      return { sort: "animal", draw: (draw) => animal(draw, nouns, named) };
    }
    case "thing":
    case "things": {
      const number = kind === "things" ? 2 : 1;
      const nouns = rest[0] === "=" ? nounsOf(rest, node, lexicon) : things(rest, number, node, lexicon);
      return { sort: "thing", draw: (draw) => thing(draw, nouns, number) };
    }
    case "place": {
      if (rest.join(" ") === "= casa") return { sort: "place", draw: () => HOME };
      const among = lexicon.flagged("place").filter(({ singular }) => !NOWHERE.has(singular));
      const nouns = rest[0] === "=" ? nounsOf(rest, node, lexicon) : choose(among, rest, node, lexicon);
      return { sort: "place", draw: ({ casting }) => placeOf(casting.noun(nouns)) };
    }
    case "number": {
      const [low, high] = rest.map(Number);
      if (rest.length !== 2 || !(low < high)) node.fail("expected the least and the greatest: number 2 9");
      return { sort: "number", draw: ({ random }) => random.between(low, high) };
    }
    case "town":
      return { sort: "town", draw: ({ casting }) => casting.town() };
    case "day": {
      const days = lexicon.calendar("día");
      return { sort: "day", draw: ({ random }) => random.pick(days).singular };
    }
    case "weather": {
      const weather = lexicon.weather.filter(({ singular }) => rest.length === 0 || rest.includes(singular));
      if (weather.length < Math.max(1, rest.length)) node.fail(`"${rest.join(" ")}" is not in weather.tsv`);
      return { sort: "weather", draw: ({ random }) => random.pick(weather) };
    }
  }
  return node.fail(
    `"${
      words.join(" ")
    }": expected child, adult, old, person, relative of a, friend of a, animal, thing, things, place, number, town, day or weather`,
  );
}

/** "panadero": a profession, or a noun for persons. */
function byNoun(name: string, node: Node, lexicon: Lexicon): Unnamed {
  const profession = lexicon.professions.find(({ masculine, feminine }) =>
    masculine === name || feminine === name
  );
  if (profession) {
    const { masculine, feminine } = profession;
    return { sort: "person", draw: (draw) => someone(draw, masculine, feminine) };
  }
  const noun = lexicon.noun(name);
  if (!noun?.flags.has("person")) {
    return node.fail(
      `"${name}" is no profession and no person of nouns.tsv; add it there, or choose another`,
    );
  }
  return { sort: "person", draw: () => entity({ kind: "person", noun, age: "adult" }) };
}

/** "= martillo", "= martillo, alicate". */
function nounsOf([, ...words]: readonly string[], node: Node, lexicon: Lexicon): Word[] {
  return words.join(" ").split(/\s*,\s*/).map((name) =>
    lexicon.noun(name) ?? node.fail(`"${name}" is not in nouns.tsv; add it there, or choose another`)
  );
}

/** Categories that are used only if the line names them: nobody loses "su repollo". */
const ASKED_FOR = ["alimento", "bebida", "planta"];

/** Things that can be told singly: "una manzana", "una limonada"; not "una arena". */
function things(rest: readonly string[], number: 1 | 2, node: Node, lexicon: Lexicon): readonly Word[] {
  const single = ({ flags, categories, plural }: Word) =>
    flags.has("countable") || (number === 1 && plural !== "-" && categories.has("bebida"));
  const all = lexicon.nouns.filter((noun) =>
    single(noun) && !["place", "person", "part"].some((flag) => noun.flags.has(flag)) &&
    !noun.categories.has("animal")
  );
  const fitting = choose(all, rest, node, lexicon);
  const unasked = fitting.filter(({ categories }) => !ASKED_FOR.some((name) => categories.has(name)));
  return unasked.length > 0 && !/edible|drinkable|cooked/.test(rest.join(" ")) && !asksFor(rest, lexicon)
    ? unasked
    : fitting;
}

/** Whether one of the categories named is food, a drink or a plant, or a kind of them. */
function asksFor(rest: readonly string[], lexicon: Lexicon): boolean {
  return rest.join(" ").split(/[,\s]+/).some((name) => {
    for (let category = lexicon.categories.get(name); category; category = category.within) {
      if (ASKED_FOR.includes(category.name)) return true;
    }
    return false;
  });
}

/** The words that have all the flags and belong to one of the categories. */
function choose(
  among: readonly Word[],
  rest: readonly string[],
  node: Node,
  lexicon: Lexicon,
): readonly Word[] {
  const classes = rest.join(" ").split(/[,\s]+/).filter(Boolean);
  const categories = classes.filter((name) => lexicon.categories.has(name));
  const flags = classes.filter((name) => !lexicon.categories.has(name));
  const unknown = flags.find((flag) => lexicon.flagged(flag).length === 0);
  if (unknown) node.fail(`"${unknown}" is no category of categories.tsv and no flag of nouns.tsv`);
  const fitting = among.filter((noun) =>
    flags.every((flag) => noun.flags.has(flag)) &&
    (categories.length === 0 || categories.some((name) => noun.categories.has(name)))
  );
  if (fitting.length === 0) node.fail(`no noun of nouns.tsv fits "${rest.join(" ")}"; ask for less`);
  return fitting;
}
