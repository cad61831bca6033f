/** Nouns and adjectives in the other number or gender, and their opposites. */
import { agree } from "../grammar/adjectives.ts";
import { inflect, type Noun } from "../grammar/nouns.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import { withDeterminer } from "../forms.ts";
import type { Bindings, Task } from "./tasks.ts";
import { Vocabulary } from "./vocabulary.ts";

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

/** Bindings: the text, its changed form, and the kind of change ("en plural"). */
const changed = (s: string, r: string, how: string, kind = "la frase"): Bindings => ({ s, r, how, kind });

function number(random: Random, words: Vocabulary, to: 1 | 2): Bindings {
  const { noun, adjective } = words.thing(random);
  const determiner = random.pick(DETERMINERS);
  const [one, two] = ([1, 2] as const).map((n) => phrase(determiner, noun, n, adjective));
  if (one === two) return number(random, words, to);
  return to === 2 ? changed(one, two, "en plural") : changed(two, one, "en singular");
}

/** "luz" and "luces" */
function numberOfWord(random: Random, words: Vocabulary, to: 1 | 2): Bindings {
  const { noun } = words.thing(random);
  const [one, two] = ([1, 2] as const).map((n) => inflect(noun, n));
  if (one === two) return numberOfWord(random, words, to);
  return to === 2 ? changed(one, two, "en plural") : changed(two, one, "en singular");
}

/** "león" and "leona" */
function genderOfWord(random: Random, pairs: readonly Pair[]): Bindings {
  const [masculine, feminine] = random.pick(pairs);
  return random.chance(0.65)
    ? changed(masculine, feminine, "en femenino", "femenino")
    : changed(feminine, masculine, "en masculino", "masculino");
}

function gender(random: Random, words: Vocabulary, pairs: readonly Pair[]): Bindings {
  const [masculine, feminine] = random.pick(pairs);
  const adjective = random.chance(0.4) ? random.pick(words.personal) : undefined;
  const determiner = random.pick(DETERMINERS);
  const count = random.chance(0.2) ? 2 : 1;
  const m = phrase(determiner, { singular: masculine, gender: "m" }, count, adjective);
  const f = phrase(determiner, { singular: feminine, gender: "f" }, count, adjective);
  return random.chance(0.65) ? changed(m, f, "en femenino") : changed(f, m, "en masculino");
}

function genderOfAdjective(random: Random, words: Vocabulary): Bindings {
  const adjective = random.pick(words.personal);
  const feminine = agree(adjective, "f", 1);
  if (feminine === adjective) return genderOfAdjective(random, words);
  return random.chance(0.7)
    ? changed(adjective, feminine, "en femenino", "la palabra")
    : changed(feminine, adjective, "en masculino", "la palabra");
}

function opposite(random: Random, { opposites, oppositeVerbs }: Vocabulary): Bindings {
  if (random.chance(0.3)) {
    const { infinitive, opposite } = random.pick(oppositeVerbs);
    return { s: infinitive, r: opposite! };
  }
  const { word, opposite } = random.pick(opposites);
  const count = random.chance(0.15) ? 2 : 1;
  // The feminine only if the adjective shows it: "comunes" does not tell that "raras" is wanted.
  const shown = agree(word, "m", count) !== agree(word, "f", count);
  const gender = shown ? random.pick(["m", "m", "f"] as const) : "m";
  return { s: agree(word, gender, count), r: agree(opposite!, gender, count) };
}

/** "La caja es grande." and "La caja es pequeña." */
function oppositeSentence(random: Random, words: Vocabulary): Bindings {
  const { noun, adjective, other, copula } = words.opposition(random);
  const count = random.chance(0.2) ? 2 : 1;
  const is = { ser: ["es", "son"], estar: ["está", "están"] }[copula][count - 1];
  const said = (adjective: string) =>
    `${phrase("el", noun, count)} ${is} ${agree(adjective, noun.gender, count)}`;
  return {
    ...changed(said(adjective), said(other), "con lo contrario"),
    w: agree(adjective, noun.gender, count),
  };
}

export function phraseTasks(lexicon: Lexicon, pairs: readonly Pair[]): readonly Task[] {
  const words = new Vocabulary(lexicon);
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
    { name: "plural of a word", weight: 5, draw: (random) => numberOfWord(random, words, 2) },
    { name: "singular of a word", weight: 2, draw: (random) => numberOfWord(random, words, 1) },
    { name: "gender of a word", weight: 4, draw: (random) => genderOfWord(random, pairs) },
    { name: "opposite", weight: 8, draw: (random) => opposite(random, words) },
    { name: "opposite sentence", weight: 4, draw: (random) => oppositeSentence(random, words) },
  ];
}
