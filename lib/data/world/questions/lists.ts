/** Counting in lists: all things, those of a kind, how often a word occurs, things of two sorts. */
import { and } from "../grammar/conjunctions.ts";
import { definite, indefinite, type Noun } from "../grammar/nouns.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Word } from "../words.ts";
import { type Numerals, WORDS } from "./numerals.ts";
import { steps } from "./operations.ts";
import { many, Scene } from "./scene.ts";
import type { Bindings, Task } from "./tasks.ts";

/** Categories for which it is clear whether any given noun belongs to them. */
const CLEAR = ["animal", "fruta", "ropa", "mueble", "vehículo", "instrumento"];
const WORD: Noun = { singular: "palabra", gender: "f" };
const TIME: Noun = { singular: "vez", gender: "f" };

/** "pan, queso" and "un pan y un queso". */
const listed = (nouns: readonly Noun[]) => ({
  list: nouns.map(({ singular }) => singular).join(", "),
  listed: and(...nouns.map((noun) => indefinite(noun, 1))),
});

/** Nouns of the clear categories; the names of the categories are nouns too. */
interface Kinds {
  readonly all: readonly Word[];
  readonly byName: ReadonlyMap<string, readonly Word[]>;
}

function things(scene: Scene, { all }: Kinds): Bindings {
  const r = scene.random.between(2, 8);
  const nouns = Array.from({ length: r }, () => scene.thing(all));
  return { ...scene.bindings(WORD, {}, r), ...listed(nouns) };
}

function ofAKind(scene: Scene, { byName }: Kinds): Bindings {
  const { random, casting, lexicon } = scene;
  const [kind, ...others] = random.shuffle(CLEAR);
  const r = random.between(1, 4);
  const found = Array.from({ length: r }, () => casting.noun(byName.get(kind)!));
  const rest = Array.from(
    { length: random.between(1, 4) },
    () => casting.noun(byName.get(random.pick(others))!),
  );
  const all = random.shuffle([...found, ...rest]);
  const inOrder = all.filter((noun) => found.includes(noun)).map((noun) => definite(noun, 1));
  const category = lexicon.categories.get(kind)!;
  return {
    ...scene.bindings(category, {}, r),
    ...listed(all),
    ...{ cs: many(category), found: and(...inOrder) },
  };
}

function ofAWord(scene: Scene, { all }: Kinds): Bindings {
  const { random, numerals } = scene;
  const r = random.between(1, 4);
  const [noun, ...others] = Array.from({ length: random.between(2, 4) }, () => scene.thing(all));
  const nouns = random.shuffle([...Array.from({ length: r }, () => noun), ...others]);
  return {
    ...scene.bindings(TIME, {}, r),
    ...listed(nouns),
    ...{ w: noun.singular, r: numerals.number(r), times: numerals.count(r, TIME) },
  };
}

function twoSorts(scene: Scene, { byName }: Kinds): Bindings {
  const { random, casting, numerals, lexicon } = scene;
  const kind = random.pick(CLEAR);
  const category = lexicon.categories.get(kind)!;
  const [x, y] = [casting.noun(byName.get(kind)!), casting.noun(byName.get(kind)!)];
  const [n, m] = [random.between(1, 10), random.between(1, 10)];
  return {
    ...scene.bindings(category, { n, m }, n + m, steps("+", [n, m])),
    ...{ nx: numerals.count(n, x), my: numerals.count(m, y), cs: many(category) },
  };
}

export function countingTasks(lexicon: Lexicon): readonly Task[] {
  const plain = (noun: Word) => noun.plural !== "-" && noun.flags.has("countable");
  const byName = new Map(CLEAR.map((name) => {
    const own = new Set<string>([name, lexicon.categories.get(name)!.singular]);
    return [name, lexicon.category(name).filter((noun) => plain(noun) && !own.has(noun.singular))];
  }));
  const kinds = { all: lexicon.flagged("portable").filter(plain), byName };
  const task = (
    name: string,
    draw: (scene: Scene, kinds: Kinds) => Bindings,
    numerals?: Numerals,
  ): Task => ({
    ...{ name, weight: 3 },
    draw: (random) => draw(new Scene(lexicon, random, numerals), kinds),
  });
  // The question has no number, so the answer is always in words.
  return [
    task("count a list", things, WORDS),
    task("count a kind", ofAKind, WORDS),
    task("count a word", ofAWord, WORDS),
    task("mixed", twoSorts),
  ];
}
