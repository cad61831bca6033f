/** Writes the text of a script, and the questions that it answers. */
import { Discourse } from "../discourse.ts";
import type { Document, Exchange } from "../document.ts";
import { isEntity, isNoun, type Value } from "../entity.ts";
import { capital } from "../grammar/capitals.ts";
import type { Lexicon } from "../lexicon.ts";
import { type Asking, INTERROGATIVE } from "../questions/asking.ts";
import { Random } from "../random.ts";
import { scopeOf } from "../scope.ts";
import { fragment, render } from "../template.ts";
import { Draws, type Roles } from "./draws.ts";
import type { Question, Script, Step } from "./script.ts";

const MAYBE = 0.5;
/** Matches a text whose last line is a list item or direct speech. */
const OWN_LINE = /(?:^|\n)(?:(?:-|\d\.) |—).*$/;
/** Most questions of a text. */
const MOST = 4;

interface Written {
  readonly kind: string;
  readonly script: Script;
  readonly roles: Roles;
  readonly lexicon: Lexicon;
  readonly asking: Asking;
  readonly random: Random;
}

export function write({ kind, script, roles, lexicon, asking, random }: Written): Document {
  const draws = new Draws(lexicon, roles, random);
  const scope = scopeOf({ ...draws.scope, tense: script.tense, discourse: new Discourse() });
  const asked: Asked[] = [];
  let text = "";
  let closed = false;
  const tell = (steps: readonly Step[]): void => {
    for (const step of steps) {
      if (step.type === "mix") tell(random.sample(step.steps, random.between(...step.some)));
      else if (step.maybe && random.chance(MAYBE)) continue;
      else if (step.type === "choose") tell(random.pick(step.among));
      else {
        const { template, ask, young } = random.pick(step.say);
        draws.young = young;
        const told = render(template, scope, random);
        if (text !== "") text += step.line || closed || told.startsWith("—") ? "\n" : " ";
        text += told;
        closed = OWN_LINE.test(told);
        for (const question of ask) asked.push({ question, told });
      }
    }
  };
  tell(script.steps);
  const seed = random.below(2 ** 32);
  const some = (n: number) => {
    const random = Random.of(seed, "questions");
    return exchanges(random.shuffle(asked), n, { text, draws, tense: script.tense, asking, random });
  };
  return {
    kind,
    text,
    get facts() {
      return [script.name, ...draws.drawn.map(([name, value]) => `${name}: ${shown(value)}`)];
    },
    /** Made on demand, as many texts are wanted without questions. */
    get questions() {
      return some(MOST);
    },
    some,
  };
}

/** A question, and the sentence that answers it. */
interface Asked {
  readonly question: Question;
  readonly told: string;
}

/** Up to n questions that the text really answers: the chosen wording may leave out an answer or a name. */
function exchanges(
  asked: readonly Asked[],
  n: number,
  { text, draws, tense, asking, random }: {
    text: string;
    draws: Draws;
    tense: Script["tense"];
    asking: Asking;
    random: Random;
  },
): Exchange[] {
  const scope = scopeOf({ ...draws.scope, tense });
  const lower = text.toLowerCase();
  const some: Exchange[] = [];
  for (const { question: { question, answer, family, names }, told } of asked) {
    if (some.length === n) break;
    if (!names.every((name) => draws.has(name))) continue;
    if (![...question.names].every((name) => speaksOf(lower, draws.value(name)))) continue;
    const response = fragment(answer, scope, random);
    if (!stands(response.toLowerCase(), told.toLowerCase())) continue;
    const asks = render(question, scope, random);
    if (asks.match(NAMED)?.some((name) => !text.includes(name))) continue;
    const instruction = inOtherWords(asks, asking, random);
    some.push({ family, turns: [{ instruction, response: asSentence(response) }] });
  }
  return some;
}

/** Whether a lower-case text contains a value's name, noun or words: a field may have been drawn but not told. */
function speaksOf(text: string, value: Value): boolean {
  if (typeof value === "number") return true;
  const word = typeof value === "string"
    ? value
    : isNoun(value)
    ? value.singular
    : value.name ?? value.noun.singular;
  const [first] = word.toLowerCase().split(" ");
  return text.includes(first.slice(0, Math.max(3, first.length - 2)));
}

/** A whole question, split after its first letter. */
const QUESTION = /^¿(\p{Lu})([^¿?]+)\?$/u;

/** "¿Dónde vive Ana?" is also asked as "Dime dónde vive Ana." */
function inOtherWords(question: string, asking: Asking, random: Random): string {
  const [, first, rest] = QUESTION.exec(question) ?? [];
  const q = first && first.toLowerCase() + rest;
  return q && INTERROGATIVE.test(q) ? asking.which(q, random) : question;
}

/** Names: capitalised words within a sentence. */
const NAMED = /(?<=[\p{L}\d,»] )\p{Lu}\p{L}+/gu;
const LETTER = /[\p{L}\d]/u;
const CONTRACTED = /(?<!\p{L})[ad]$/u;

/** Whether the words occur in the text as whole words, in a row. Both are in lower case. */
function stands(words: string, text: string): boolean {
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    if (LETTER.test(text.charAt(at + words.length))) continue;
    // "el museo" occurs in "al museo" and "del museo"; "de reír" does not occur in "puede reír".
    if (
      !LETTER.test(text.charAt(at - 1)) || (words.startsWith("el ") && CONTRACTED.test(text.slice(0, at)))
    ) return true;
  }
  return false;
}

const asSentence = (text: string) => `${capital(text)}${/[.?!]»?$/.test(text) ? "" : "."}`;

function shown(value: Value): string {
  if (isEntity(value)) return value.name ? `${value.name}, ${value.noun.singular}` : value.noun.singular;
  return isNoun(value) ? value.singular : String(value);
}
