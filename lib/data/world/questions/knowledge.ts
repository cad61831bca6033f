/** conocimiento: general knowledge from the word files. */
import type { Turn } from "../../../text/prompt.ts";
import type { Family, WorldFiles } from "../document.ts";
import type { Value } from "../entity.ts";
import { and, or } from "../grammar/conjunctions.ts";
import { definite, indefinite, type Noun } from "../grammar/nouns.ts";
import { commonFirst, worded } from "../facts.ts";
import type { Random } from "../random.ts";
import { capitalised } from "../grammar/capitals.ts";
import { Wordings } from "../wordings.ts";
import type { Fact, Word } from "../words.ts";
import { answer, Asking, INTERROGATIVE } from "./asking.ts";
import { Pools } from "./cast.ts";
import { checks } from "./knowledge_checks.ts";
import { countable, mentioned, ownColour } from "./knowledge_words.ts";

/** A question: the name of its wordings, their bindings, and the answer as wordings or a phrase. */
interface Question {
  readonly ask: string;
  readonly bindings: Readonly<Record<string, Value>>;
  readonly answer: string | { readonly phrase: string };
}

/** Share of facts that are told by a word or two instead of a sentence, where there are wordings for both. */
const SHORT = 0.75;

/** These two are left to facts.ts, which says more about them. */
const FACTS = new Set(["perro", "gato"]);

export async function load(files: WorldFiles): Promise<Family> {
  const { lexicon } = files;
  const asking = await Asking.load(files);
  const wordings = await Wordings.read(`${files.folder}/questions/knowledge.yaml`);
  const groups: readonly (readonly [readonly Question[], number])[] = [
    [aboutNouns(lexicon.nouns), 8],
    [definitions(lexicon.nouns), 3],
    [opposites(lexicon), 2],
    [professions(lexicon.professions), 3],
    [lifeAndTowns(lexicon), 2],
  ];
  const told = ({ ask, bindings, answer: given }: Question, random: Random): Turn => {
    const scope = { bindings };
    const command = `${ask}, orden`;
    const instruction = wordings.names.includes(command) && random.chance(0.35)
      ? wordings.say(command, scope, random)
      : asking.which(wordings.part(ask, scope, random), random);
    const response = typeof given === "string" ? wordings.say(given, scope, random) : answer(given.phrase);
    return { instruction, response };
  };
  const common = commonFirst(lexicon.knowledge);
  const check = checks({ pools: new Pools(lexicon), asking, wordings });
  return {
    name: "conocimiento",
    ask(random) {
      const way = random.weighted([["fact", 24], ["word", 8], ["check", 2]]);
      const turn = way === "fact"
        ? factTurn(common(random), asking, wordings, random)
        : way === "check"
        ? check(random)
        : told(random.pick(random.weighted(groups)), random);
      return { family: "conocimiento", turns: [turn] };
    },
  };
}

/** A fact of knowledge.tsv, asked by the wordings of its relation. */
function factTurn(fact: Fact, asking: Asking, wordings: Wordings, random: Random): Turn {
  const { relation } = fact;
  const reversed = relation.askSubject.length > 0 && random.chance(0.3);
  const template = random.pick(reversed ? relation.askSubject : relation.ask);
  const [short, sentences] = reversed
    ? [relation.shortSubject, relation.answerSubject]
    : [relation.short, relation.answer];
  const wording = worded(template, fact);
  const response = worded(random.pick(short.length > 0 && random.chance(SHORT) ? short : sentences), fact);
  const q = /^¿([^¿?]+)\?$/.exec(wording)?.[1];
  const core = q && q[0].toLowerCase() + q.slice(1);
  const ask = /[.?…]$/.test(wording) ? wording : `${wording}.`;
  // After a colon a question continues in lower case, unless it begins with a name.
  const goesOn = core && !template.startsWith("¿{") ? `¿${core}?` : ask;
  const instruction = core && INTERROGATIVE.test(core)
    ? asking.which(core, random)
    : random.chance(0.5)
    ? (q && random.chance(0.7)
      ? wordings.say("delante", { bindings: { ask: goesOn } }, random)
      : wordings.say("detrás", { bindings: { ask } }, random))
    : capitalised(wording);
  return { instruction, response: capitalised(response) };
}

/** Places after "en": "la caja o en la olla". */
function within(places: readonly Noun[]): string {
  const [first, ...others] = places.map((place) => definite(place, 1));
  return or(first, ...others.map((place) => `en ${place}`));
}

function aboutNouns(nouns: readonly Word[]): Question[] {
  const purposes = Map.groupBy(
    nouns.flatMap((word) => word.for.map((para) => ({ word, para }))),
    ({ para }) => para,
  );
  const own = nouns.flatMap((x): Question[] => {
    const questions: Question[] = [];
    const add = (ask: string, answer: string, more: Record<string, Value>) =>
      questions.push({ ask, answer, bindings: { x, ...more } });
    if (!countable(x)) return questions;
    if (x.for.length > 0) add("para qué", "sirve para", { para: and(...x.for) });
    if (x.eats.length > 0) add("qué come", "come", { lista: and(...x.eats.map(mentioned)) });
    if (x.places.length > 0 && !x.flags.has("person")) {
      add("dónde hay", "hay en", { lista: within(x.places) });
    }
    if (x.parts.length > 1) add("qué partes", "tiene", { lista: and(...x.parts.map(mentioned)) });
    for (const { noun, count } of x.parts) {
      if (count) add("cuántas partes", "tiene tantas", { parte: noun, n: count });
    }
    const color = ownColour(x);
    if (color) add("de qué color", "es de color", { color });
    return questions;
  });
  const reversed = [...purposes.values()].filter((words) => words.length === 1).map(([{ word, para }]) => ({
    ask: "qué sirve",
    bindings: { para },
    answer: { phrase: definite(word, 1) },
  }));
  return [...own, ...reversed];
}

function definitions(nouns: readonly Word[]): Question[] {
  return nouns.filter((x) => countable(x) && !FACTS.has(x.singular))
    .flatMap((x): Question[] => {
      const k = x.is;
      if (x.singular === k.singular || k.singular === "parte") return []; // of what, it does not say
      const bindings = { x, k };
      if (x.for.length > 0) {
        return [{ ask: "qué es", answer: "es y sirve", bindings: { ...bindings, para: and(...x.for) } }];
      }
      if (x.eats.length > 0) {
        const lista = and(...x.eats.map(mentioned));
        return [{ ask: "qué es", answer: "es y come", bindings: { ...bindings, lista } }];
      }
      if (x.places.length === 0 || x.flags.has("person")) return [];
      return [{ ask: "qué es", answer: "es y está", bindings: { ...bindings, lista: within(x.places) } }];
    });
}

function opposites({ opposites, oppositeVerbs }: WorldFiles["lexicon"]): Question[] {
  const pairs = [
    ...opposites.map(({ word, opposite }) => [word, opposite!]),
    ...oppositeVerbs.map(({ infinitive, opposite }) => [infinitive, opposite!]),
  ];
  return pairs.map(([w, v]) => ({ ask: "contrario", answer: "es contrario", bindings: { w, v } }));
}

function professions(all: WorldFiles["lexicon"]["professions"]): Question[] {
  const does = Map.groupBy(all.flatMap((one) => one.does), (para) => para);
  return all.flatMap(({ masculine, feminine, places, does: own, tools }) => {
    const masculineNoun: Noun = { singular: masculine, gender: "m" };
    const feminineNoun: Noun = { singular: feminine, gender: "f" };
    const questions: Question[] = [];
    for (const x of [masculineNoun, feminineNoun]) {
      const add = (ask: string, answer: string, lista: string) =>
        questions.push({ ask, answer, bindings: { x, lista } });
      add("qué hace", "su trabajo", and(...own));
      if (places.length > 0) {
        add("dónde trabaja", "trabaja en", within(places));
      }
      if (tools.length > 0) {
        add(
          "con qué trabaja",
          "trabaja con",
          and(...tools.map((tool) => indefinite(tool, 1))),
        );
      }
    }
    for (const para of own) {
      if (does.get(para)!.length > 1) continue;
      questions.push({
        ask: "quién hace",
        bindings: { para },
        answer: { phrase: `${definite(masculineNoun, 1)} o ${definite(feminineNoun, 1)}` },
      });
    }
    return questions;
  });
}

function lifeAndTowns({ family, feelings, towns }: WorldFiles["lexicon"]): Question[] {
  return [
    ...family.map(({ masculine, means }): Question => ({
      ask: "qué pariente",
      answer: "pariente",
      bindings: { x: { singular: masculine, gender: "m" }, means },
    })),
    ...feelings.flatMap((x): Question[] => [
      ...x.causes.map((causa) => ({ ask: "cuándo se siente", answer: "se siente", bindings: { x, causa } })),
      { ask: "qué hace quien", answer: "suele", bindings: { adj: x.adjective, lista: and(...x.signs) } },
    ]),
    ...towns.map(({ name, country }) => ({
      ask: "de qué país",
      answer: "está en el país",
      bindings: { t: name, s: country },
    })),
  ];
}
