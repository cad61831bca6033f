/** Nouns and adjectives in the other number or gender, and their opposites. */
import { agree } from "../grammar/adjectives.ts";
import { inflect, type Noun } from "../grammar/nouns.ts";
import { inventedNoun } from "../invented.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import { withDeterminer } from "../rendering.ts";
import type { Adjective, Verb, Word } from "../words.ts";
import type { Bindings, Task } from "./tasks.ts";

type Pair = readonly [masculine: string, feminine: string];

const DETERMINERS = [
  ...["el", "el", "el", "el", "un", "un", "este", "ese", "aquel", "mi", "tu", "su", "nuestro"],
  "",
] as const;

/** "la casa roja", "casa". */
function phrase(determiner: string, noun: Noun, number: 1 | 2, adjective?: string): string {
  const bare = determiner === "" ? inflect(noun, number) : withDeterminer(determiner, noun, number);
  return adjective === undefined ? bare : `${bare} ${agree(adjective, noun.gender, number)}`;
}

/** The bindings of what is changed, and how: "en plural". */
const changed = (s: string, r: string, how: string, kind = "la frase"): Bindings => ({ s, r, how, kind });

/** Kinds of adjectives that say something only beside others: igual, primero, mejor. */
const RELATIVE = new Set(["comparison", "order", "value", "life", "search", "posture"]);

/** Words of the lexicon sorted by what these tasks need. */
class Words {
  readonly countable: readonly Word[];
  readonly personal: readonly string[];
  /** Only those that are each other's: dulce and amargo, not agrio and dulce. */
  readonly opposites: readonly Adjective[];
  readonly oppositeVerbs: readonly Verb[];
  readonly sayable: ReadonlyMap<string, readonly Word[]>;

  constructor(readonly lexicon: Lexicon) {
    this.countable = lexicon.flagged("countable").filter(({ plural }) => plural !== "-");
    this.personal = lexicon.adjectives
      .filter(({ saidOf, category }) => saidOf.has("person") && !RELATIVE.has(category))
      .map(({ word }) => word);
    this.opposites = lexicon.adjectives.filter(({ word, opposite }) =>
      opposite !== undefined && lexicon.adjective(opposite)?.opposite === word
    );
    this.oppositeVerbs = lexicon.verbs.filter(({ infinitive, opposite }) =>
      opposite !== undefined && lexicon.verb(opposite)?.opposite === infinitive
    );
    const among = (names: string[]) => names.flatMap((name) => lexicon.category(name));
    this.sayable = new Map([
      ["thing", among(["escolar", "mueble", "juguete", "recipiente", "herramienta"])],
      ["clothes", among(["ropa"])],
      ["food", among(["fruta", "comida"])],
      ["place", lexicon.category("edificio")],
      ["animal", lexicon.category("mamífero")],
      ["person", lexicon.category("persona")],
    ]);
  }

  /** A noun and an adjective that may be said of it. */
  thing(random: Random): { noun: Noun; adjective?: string } {
    if (random.chance(0.3)) {
      const noun = inventedNoun(random, this.lexicon);
      return { noun, ...(random.chance(0.4) && { adjective: random.pick(COLOURS) }) };
    }
    const noun = random.pick(this.countable);
    const adjectives = [...noun.colours, ...noun.sizes];
    return {
      noun,
      ...(adjectives.length > 0 && random.chance(0.4) && { adjective: random.pick(adjectives) }),
    };
  }
}

const COLOURS = "rojo azul verde amarillo blanco negro gris grande pequeño nuevo viejo bonito suave enorme"
  .split(" ");

function number(random: Random, words: Words, to: 1 | 2): Bindings {
  const { noun, adjective } = words.thing(random);
  const determiner = random.pick(DETERMINERS);
  const [one, two] = ([1, 2] as const).map((n) => phrase(determiner, noun, n, adjective));
  if (one === two) return number(random, words, to);
  return to === 2 ? changed(one, two, "en plural") : changed(two, one, "en singular");
}

function gender(random: Random, words: Words, pairs: readonly Pair[]): Bindings {
  const [masculine, feminine] = random.pick(pairs);
  const adjective = random.chance(0.4) ? random.pick(words.personal) : undefined;
  const determiner = random.pick(DETERMINERS);
  const count = random.chance(0.2) ? 2 : 1;
  const m = phrase(determiner, { singular: masculine, gender: "m" }, count, adjective);
  const f = phrase(determiner, { singular: feminine, gender: "f" }, count, adjective);
  return random.chance(0.65) ? changed(m, f, "en femenino") : changed(f, m, "en masculino");
}

function genderOfAdjective(random: Random, words: Words): Bindings {
  const adjective = random.pick(words.personal);
  const feminine = agree(adjective, "f", 1);
  if (feminine === adjective) return genderOfAdjective(random, words);
  return random.chance(0.7)
    ? changed(adjective, feminine, "en femenino", "la palabra")
    : changed(feminine, adjective, "en masculino", "la palabra");
}

function opposite(random: Random, { opposites, oppositeVerbs }: Words): Bindings {
  if (random.chance(0.3)) {
    const { infinitive, opposite } = random.pick(oppositeVerbs);
    return { s: infinitive, r: opposite! };
  }
  const { word, opposite } = random.pick(opposites);
  const gender = random.pick(["m", "m", "f"] as const);
  const count = random.chance(0.15) ? 2 : 1;
  return { s: agree(word, gender, count), r: agree(opposite!, gender, count) };
}

/** "La caja es grande." and "La caja es pequeña." */
function oppositeSentence(random: Random, words: Words): Bindings {
  const { word, opposite, saidOf, copula } = random.pick(words.opposites);
  const kind = [...saidOf].find((kind) => words.sayable.has(kind));
  const other = words.lexicon.adjective(opposite!)!;
  if (!kind || (copula !== other.copula && copula !== "both" && other.copula !== "both")) {
    return oppositeSentence(random, words);
  }
  const noun = random.chance(0.2) && kind === "thing"
    ? inventedNoun(random, words.lexicon)
    : random.pick(words.sayable.get(kind)!);
  const count = random.chance(0.2) ? 2 : 1;
  const verbs = { ser: ["es", "son"], estar: ["está", "están"] };
  const used = copula === "both" ? other.copula : copula;
  const is = verbs[used === "both" ? "estar" : used][count - 1];
  const subject = phrase("el", noun, count);
  const sentence = (adjective: string) => `${subject} ${is} ${agree(adjective, noun.gender, count)}`;
  return {
    ...changed(sentence(word), sentence(opposite!), "con lo contrario"),
    w: agree(word, noun.gender, count),
  };
}

export function phraseTasks(lexicon: Lexicon, pairs: readonly Pair[]): readonly Task[] {
  const words = new Words(lexicon);
  return [
    { name: "plural", shares: "put", weight: 10, draw: (random) => number(random, words, 2) },
    { name: "singular", shares: "put", weight: 6, draw: (random) => number(random, words, 1) },
    { name: "gender", shares: "put", weight: 8, draw: (random) => gender(random, words, pairs) },
    {
      name: "gender of adjective",
      shares: "put",
      weight: 2,
      draw: (random) => genderOfAdjective(random, words),
    },
    { name: "opposite", weight: 8, draw: (random) => opposite(random, words) },
    { name: "opposite sentence", weight: 4, draw: (random) => oppositeSentence(random, words) },
  ];
}
