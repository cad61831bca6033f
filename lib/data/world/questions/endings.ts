/** Draws the bindings for the sentences of endings.yaml. */
import { Casting } from "../casting.ts";
import type { Value } from "../entity.ts";
import { commonFirst, endings, hasEnding } from "../facts.ts";
import { DAYS, MONTHS } from "../grammar/calendar.ts";
import { inflect, type Noun, takesEl } from "../grammar/nouns.ts";
import { numberWord } from "../grammar/numbers.ts";
import { conjugate, type Person, type Tense } from "../grammar/verbs.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import type { Mention, Word } from "../words.ts";
import { pronouns } from "./clauses.ts";
import { Vocabulary } from "./vocabulary.ts";

/** A sentence of endings.yaml by its name there, and its bindings; or one that is already cut in two. */
export type Ending =
  | { readonly named: string; readonly scope: Record<string, Value> }
  | { readonly cut: readonly [beginning: string, end: string]; readonly scope: Record<string, Value> };

interface Source {
  readonly name: string;
  readonly weight: number;
  draw(random: Random): Ending;
}

const COLOURS = "rojo azul verde amarillo blanco negro gris morado anaranjado rosado".split(" ");
/** Categories that come to mind first when one says what a noun is. */
const CATEGORIES = "fruta verdura flor árbol ave pez insecto mueble vehículo instrumento ropa deporte figura"
  .split(" ");
/** Categories of things made for a purpose. */
const TOOLS = "herramienta utensilio objeto mueble aparato vehículo instrumento".split(" ");
/** Categories of things with a natural colour. */
const NATURAL = "animal fruta verdura grano flor árbol".split(" ");
/** Relations of knowledge.tsv whose statements could end in another way too. */
const OPEN = new Set("continente,lengua,lugar famoso,patas,medida,estación,sale".split(","));

const mentioned = ({ noun, plural }: Mention) => inflect(noun, plural ? 2 : 1);

/** Nouns with an unambiguous number of parts: a dog's four legs, not a bird's two, which could be wings or legs. */
function withParts(nouns: readonly Word[]) {
  return nouns.flatMap((x) =>
    x.parts
      .filter(({ count = 0 }) => count > 1 && x.parts.filter((part) => part.count === count).length === 1)
      .map(({ noun, count }) => ({ x, p: noun, n: numberWord(count!, noun.gender) }))
  );
}

/** Things with a single purpose, and purposes that only one thing serves. */
function purposes(nouns: readonly Word[]) {
  const served = new Map<string, number>();
  const tools = nouns.filter(({ categories, flags }) =>
    flags.has("countable") && TOOLS.some((category) => categories.has(category))
  );
  for (const noun of tools) for (const f of noun.for) served.set(f, (served.get(f) ?? 0) + 1);
  return {
    forWhat: tools.filter((noun) => noun.for.length === 1).map((x) => ({ x, f: x.for[0] })),
    withWhat: tools.flatMap((x) =>
      x.for.filter((f) => served.get(f) === 1).map((f) => ({ x, f, art: article(x) }))
    ),
  };
}

const article = (noun: Noun) => noun.gender === "m" || takesEl(noun) ? "un" : "una";

const TIMES: readonly (readonly [string, Tense])[] = [["hoy", "present"], ["ayer", "preterite"], [
  "mañana",
  "future",
]];

/** @param listed the names in endings.yaml */
export function endingsOf(lexicon: Lexicon, listed: ReadonlySet<string>): readonly Source[] {
  const words = new Vocabulary(lexicon);
  const things = lexicon.nouns.filter(({ plural }) => plural !== "-");
  const parts = withParts(things);
  const { forWhat, withWhat } = purposes(things);
  const categories = CATEGORIES.flatMap((name) => {
    const c = lexicon.categories.get(name)!;
    return lexicon.category(name).filter((x) => x.singular !== c.singular && x.plural !== "-")
      .map((x) => ({ x, c: c as Noun, art: article(c) }));
  });
  const coloured = NATURAL.flatMap((name) => lexicon.category(name))
    .filter(({ colours, plural }) => colours.length === 1 && plural !== "-")
    .map((x) => ({ x, colour: x.colours[0] }));
  const eaters = lexicon.category("animal").filter(({ eats }) => eats.length === 1)
    .map((x) => ({ x, food: mentioned(x.eats[0]) }));
  const facts = commonFirst(lexicon.knowledge.filter((fact) => {
    const { name } = fact.relation;
    return !OPEN.has(name) && (listed.has(name) || hasEnding(fact));
  }));
  const workers = lexicon.professions.flatMap(({ masculine, feminine, places, does }) => {
    const nouns: Noun[] = [{ singular: masculine, gender: "m" }, { singular: feminine, gender: "f" }];
    return nouns.map((p) => ({ p, places, does }));
  });
  const pairs = [...lexicon.family, ...lexicon.professions].filter(({ masculine, feminine }) =>
    masculine !== feminine
  );
  const placed = workers.filter(({ places }) => places.length === 1);
  const verbs = lexicon.verbs.filter(({ infinitive, takes, group }) =>
    takes.some(([first]) => first.kind === "nothing") && infinitive !== "llamarse" &&
    infinitive !== "morir" &&
    group !== "nature" && group !== "sound"
  );
  const someone = (random: Random) => new Casting(lexicon, random).name(random.pick(["m", "f"]));

  const of = <T extends Record<string, Value>>(
    name: string,
    weight: number,
    among: readonly T[],
  ): Source => ({
    ...{ name, weight },
    draw: (random) => ({ named: name, scope: { ...random.pick(among) } }),
  });
  const by = (name: string, weight: number, draw: (random: Random) => Record<string, Value>): Source => ({
    ...{ name, weight },
    draw: (random) => ({ named: name, scope: draw(random) }),
  });

  return [
    of("parts", 6, parts),
    of("for", 4, forWhat),
    of("used for", 4, withWhat),
    of("category", 6, categories),
    of("colour", 4, coloured),
    of("eats", 3, eaters),
    by("opposite", 3, (random) => {
      const { word, opposite } = random.pick(words.opposites);
      return { adj: word, other: opposite! };
    }),
    by("opposite of a person", 3, (random) => oppositePerson(random, words)),
    by("opposite of a thing", 4, (random) => oppositeThing(random, words)),
    by("gender", 3, (random) => {
      const { masculine, feminine } = random.pick(pairs);
      return { m: masculine, f: feminine };
    }),
    by("opposite verb", 3, (random) => {
      const { infinitive, opposite } = random.pick(words.oppositeVerbs);
      return { verb: infinitive, other: opposite!, p: someone(random) };
    }),
    by("plural", 6, (random) => {
      const casting = new Casting(lexicon, random);
      const x = random.chance(0.5) ? casting.inventedNoun() : casting.noun(words.countable);
      return { x, p: casting.name("f"), q: casting.name("m") };
    }),
    by("persons", 4, (random) => conjugated(random, random.pick(verbs).infinitive)),
    by("tenses", 5, (random) => {
      const verb = random.pick(verbs).infinitive;
      const [[when, first], [then, second]] = random.sample(TIMES, 2);
      const who = random.pick(pronouns);
      const [one, two] = [first, second].map((tense) => conjugate(verb, tense, who.person));
      return { when, then, who: who.text, one, two };
    }),
    by("profession", 5, (random) => {
      const { p, does } = random.pick(workers);
      const act = random.pick(does);
      return {
        p,
        a: new Casting(lexicon, random).name(p.gender),
        do: act,
        does: conjugate(act, "present", 3),
      };
    }),
    by("workplace", 3, (random) => {
      const { p, places } = random.pick(placed);
      return { p, m: places[0], a: new Casting(lexicon, random).name(p.gender) };
    }),
    by("days", 4, (random) => neighbours(random, DAYS)),
    by("months", 3, (random) => neighbours(random, MONTHS)),
    by("sums", 3, (random) => {
      const [a, b] = [random.between(1, 10), random.between(1, 10)];
      return { a: numberWord(a), b: numberWord(b), sum: numberWord(a + b) };
    }),
    by("analogy", 5, (random) => analogy(random, words)),
    by("told before", 22, (random) => told(random, lexicon, words)),
    {
      name: "knowledge",
      weight: 90,
      draw: (random) => {
        const fact = facts(random);
        const { subject, relation: { name }, object } = fact;
        return listed.has(name)
          ? { named: name, scope: { s: subject, o: object } }
          : { cut: random.pick(endings(fact)), scope: { o: object } };
      },
    },
    by("known", 10, () => ({})),
  ];
}

function neighbours(random: Random, round: readonly string[]) {
  const i = random.below(round.length);
  return { d: round[i], e: round[(i + 1) % round.length] };
}

/** A person who is not one thing but its opposite. */
function oppositePerson(random: Random, words: Vocabulary): Record<string, Value> {
  const { word, opposite, copula } = random.pick(words.personalOpposites);
  const p = new Casting(words.lexicon, random).person();
  const [is, was] = copula === "ser" ? ["es", "era"] : ["está", "estaba"];
  return { p, adj: word, other: opposite!, is, was };
}

function oppositeThing(random: Random, words: Vocabulary): Record<string, Value> {
  const { noun, adjective, other, copula } = words.opposition(random);
  const [is, was] = copula === "ser" ? ["es", "era"] : ["está", "estaba"];
  return { x: noun, adj: adjective, other, is, was };
}

/** The same verb in two persons. */
function conjugated(random: Random, verb: string): Record<string, Value> {
  const [who, whom] = random.sample(pronouns, 2);
  if (who.person === whom.person) return conjugated(random, verb);
  const tense = random.pick(["present", "present", "preterite", "future"] as const);
  const form = (person: Person) => conjugate(verb, tense, person);
  return { who: who.text, whom: whom.text, one: form(who.person), two: form(whom.person) };
}

/** Two pairs of words in the same relation. */
function analogy(random: Random, words: Vocabulary): Record<string, Value> {
  const kind = random.pick(["opposite", "plural", "gender", "verb"] as const);
  const pair = (): [string, string] => {
    if (kind === "opposite") {
      const { word, opposite } = random.pick(words.opposites);
      return [word, opposite!];
    }
    if (kind === "gender") {
      const { masculine, feminine } = random.pick(words.lexicon.professions);
      return masculine === feminine ? pair() : [masculine, feminine];
    }
    if (kind === "verb") {
      const { infinitive } = random.pick(words.oppositeVerbs);
      return [infinitive, conjugate(infinitive, "present", 1)];
    }
    const noun = random.pick(words.countable);
    return [noun.singular, inflect(noun, 2)];
  };
  const [[one, two], [three, four]] = [pair(), pair()];
  return one === three ? analogy(random, words) : { one, two, three, four };
}

/** People, things, towns and colours for sentences that tell something and then ask for it. */
function told(random: Random, lexicon: Lexicon, words: Vocabulary): Record<string, Value> {
  const casting = new Casting(lexicon, random);
  const thing = () => random.chance(0.35) ? casting.inventedNoun() : casting.noun(words.portable);
  const [colour, hue] = random.sample(COLOURS, 2);
  const [n, m] = random.sample([2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15], 2);
  return {
    ...{
      a: casting.name("f"),
      b: casting.name("m"),
      x: thing(),
      y: thing(),
      t: casting.town(),
      u: casting.town(),
    },
    ...{ colour, hue, n: numberWord(n), m: numberWord(m) },
  };
}
