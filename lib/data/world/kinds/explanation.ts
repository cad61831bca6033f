/** Explanations: what something is and what it is for, why, how two things differ, what happens if. */
import type { Kind, WorldFiles } from "../document.ts";
import { agreement, type Value } from "../entity.ts";
import { midSentence, worded } from "../facts.ts";
import { agree } from "../grammar/adjectives.ts";
import { and } from "../grammar/conjunctions.ts";
import { inflect, type Noun, plural } from "../grammar/nouns.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Fact, Word } from "../words.ts";
import { INTERROGATIVE } from "../questions/asking.ts";
import type { Draws, Fields, Role, Roles } from "./draws.ts";
import { readScripts } from "./script.ts";

export function load(files: WorldFiles): Promise<Kind> {
  return readScripts(files, "explanation", rolesOf(files.lexicon));
}

const fields = (of: Readonly<Record<string, Value>>): Fields => ({ fields: of });

/** Draws a member of a list that is new in this text, with the fields that `say` gives for it. */
function among<T>(list: readonly T[], say: (one: T, draws: Draws) => Readonly<Record<string, Value>>): Role {
  return (draws) => fields(say(draws.fresh(() => draws.random.pick(list)), draws));
}

/** Countable words that are not the name of their category. */
const plain = (word: Word) =>
  word.flags.has("countable") && plural(word) !== word.singular && word.singular !== word.is.singular &&
  word.plural !== "-";
const useful = (word: Word) =>
  plain(word) && word.for.length > 0 && !word.flags.has("alive") && !word.categories.has("evento") &&
  !word.categories.has("cuerpo");

function rolesOf(lexicon: Lexicon): Roles {
  const nouns = lexicon.nouns.filter(plain);
  const colours = lexicon.adjectives.filter(({ category }) => category === "colour").map(({ word }) => word);
  const any = (word: Word) => word.colours.length === 0 || word.colours[0] === "cualquiera";
  const uses = nouns.filter((word) => useful(word) && !word.categories.has("lugar"));
  return {
    útil: among(
      uses.filter(({ places, category, colours }) =>
        places.length > 0 && colours.length > 0 && category !== "parte" && category !== "material"
      ),
      (word, { random }) => ({
        "": word,
        color: random.pick(any(word) ? colours : word.colours),
        es: word.is,
        uno: word.gender === "m" ? "uno" : "una",
        para: random.pick(word.for),
        lugar: random.pick(word.places),
      }),
    ),
    usos: pairs(uses, (word) => word.for[0]),
    comidas: pairs(nouns.filter(({ eats }) => eats.length > 0), eaten),
    tamaños: sizes(nouns.filter(({ categories }) => categories.has("animal"))),
    trabajo: job(lexicon),
    emoción: among(lexicon.feelings.filter(felt), (feeling, draws) => ({
      "": feeling,
      como: feeling.adjective,
      ella: agree(feeling.adjective, agreement(draws.value("d")).gender, 1),
      seña: draws.random.pick(feeling.signs),
      causa: draws.random.pick(feeling.causes),
    })),
    tiempo: among(
      lexicon.weather.filter(({ wear }) => wear.some((word) => word.for.length > 0)),
      (weather, { random }) => {
        const worn = random.pick(weather.wear.filter((word) => word.for.length > 0));
        const color = random.pick(any(worn) ? colours : worn.colours);
        return { "": weather, día: weather.adjective, ropa: worn, para: worn.for[0], color };
      },
    ),
    pariente: among(lexicon.family, ({ masculine, feminine, means }, { casting }) => ({
      "": { singular: masculine, gender: "m" },
      es: means,
      ella: feminine,
      nombre: casting.name("m"),
    })),
    dato: among(lexicon.knowledge.flatMap(asked), ([fact, q]) => ({
      q: worded(q, fact),
      frase: worded(midSentence(fact.relation.answer[0]), fact).replace(/\.$/, ""),
    })),
    lado: among(
      [...lexicon.adjectives, ...lexicon.verbs].filter(({ opposite }) => opposite !== undefined),
      (word) => ({ "": "word" in word ? word.word : word.infinitive, otro: word.opposite! }),
    ),
  };
}

/** Feelings that can be explained; not plurals such as "los celos", as the wordings are in the singular. */
const felt = (
  { singular, gender, signs, causes }: Noun & { signs: readonly string[]; causes: readonly string[] },
) => signs.length > 0 && causes.length > 0 && gender !== undefined && !singular.endsWith("s");

const eaten = ({ eats }: Word) =>
  and(...eats.slice(0, 2).map(({ noun, plural }) => inflect(noun, plural ? 2 : 1)));

/** Categories whose members have nothing in common. */
const LOOSE: ReadonlySet<string> = new Set(["parte", "objeto", "material"]);

/** Two words of one category for which `said` differs. */
function pairs(words: readonly Word[], said: (word: Word) => string): Role {
  const groups = [
    ...Map.groupBy(words.filter(({ category }) => !LOOSE.has(category)), ({ category }) => category)
      .values(),
  ].filter(({ length }) => length > 3);
  return ({ random }) => {
    for (;;) {
      const [one, other] = random.sample(random.pick(groups), 2);
      if (said(one) === said(other)) continue;
      return fields({
        uno: one,
        otro: other,
        clase: plural(one.is),
        este: said(one),
        aquel: said(other),
      });
    }
  };
}

const ORDER = ["diminuto", "pequeño", "mediano", "grande", "enorme"];

/** Two animals of different sizes, the larger first. */
function sizes(animals: readonly Word[]): Role {
  const sized = animals.filter((word) => word.sizes.length === 1 && ORDER.includes(word.sizes[0]));
  const rank = ({ sizes }: Word) => ORDER.indexOf(sizes[0]);
  const told = (word: Word) => agree(word.sizes[0], word.gender, 1);
  return ({ random }) => {
    for (;;) {
      const [one, other] = random.sample(sized, 2).sort((a, b) => rank(b) - rank(a));
      if (rank(one) - rank(other) < 2) continue;
      return fields({ uno: one, otro: other, este: told(one), aquel: told(other) });
    }
  };
}

function job({ professions }: Lexicon): Role {
  const known = professions.filter(({ places, tools, does }) =>
    places.length > 0 && tools.length > 0 && does.length > 0
  );
  return among(known, ({ masculine, feminine, does, places, tools }, { random }) => {
    const gender = random.pick(["m", "f"] as const);
    const noun: Noun = { singular: gender === "m" ? masculine : feminine, gender };
    return { "": noun, hace: random.pick(does), lugar: random.pick(places), con: random.pick(tools) };
  });
}

/** A fact with each question that asks for it, as part of a sentence: "qué nos da {s}". */
function asked(fact: Fact): readonly (readonly [fact: Fact, q: string])[] {
  return fact.relation.ask.flatMap((wording) => {
    const q = /^¿([^¿?,]+)\?$/.exec(wording)?.[1];
    const inside = q && midSentence(q);
    return inside && INTERROGATIVE.test(inside) ? [[fact, inside] as const] : [];
  });
}
