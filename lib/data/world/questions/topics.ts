/** Short texts from data/world/questions/topics.yaml, and the questions that each of their sentences answers. */
import { UserError } from "../../../errors.ts";
import { Discourse } from "../discourse.ts";
import { once } from "../document.ts";
import type { Value } from "../entity.ts";
import type { Random } from "../random.ts";
import { type Scope, scopeOf } from "../scope.ts";
import { compile, fragment, render, type Template } from "../template.ts";
import { Wordings } from "../wordings.ts";
import { Cast } from "./cast.ts";

const ASKS = ", preguntas";

/** Something that a sentence can say, in several wordings. */
export interface Topic {
  readonly name: string;
  readonly say: readonly Template[];
  /** Each is a question and its answer, separated by "=>". */
  readonly ask: readonly Template[];
  /** Whether all its wordings name the person `a`. */
  readonly tellsOfA: boolean;
  /** Whether some questions have no names in them ("quién llegó primero"), so that a text may tell it only once. */
  readonly once: boolean;
  /** Those of `ask` that name the person `a` and nothing else: "qué compró Ana". */
  readonly aboutA: readonly Template[];
  /** The verbs of `aboutA`, and those of `say`. */
  readonly asksOfA: ReadonlySet<string>;
  readonly tells: ReadonlySet<string>;
}

/** A question without question marks, and its answer as a phrase. */
export interface Asked {
  readonly q: string;
  readonly answer: string;
  /** `q` is a whole command. */
  readonly command: boolean;
}

const VERB = /\{(\p{L}+)[~^]?(?:\.[\w.]+)? [\p{L}_+]+\}/gu;

export const readTopics = once(async ({ folder }): Promise<Topic[]> => {
  const wordings = await Wordings.read(`${folder}/questions/topics.yaml`);
  return wordings.names.filter((name) => !name.endsWith(ASKS)).map((name) => {
    const [say, ask] = [wordings.of(name), wordings.of(name + ASKS)];
    const questions = ask.map(({ source, where }) => {
      const [q, answer, ...more] = source.split(" => ");
      if (answer === undefined || more.length > 0) {
        throw new UserError(`${where}: expected a question and its answer, with " => " between them`);
      }
      return compile(q, where);
    });
    const named = questions.map((question) => [...question.names].join());
    const ofA = (_: Template, i: number) => named[i] === "a" && !ask[i].source.startsWith("!");
    return {
      name,
      say,
      ask,
      tellsOfA: say.every((template) => template.names.has("a")),
      once: named.includes(""),
      aboutA: ask.filter(ofA),
      asksOfA: verbs(questions.filter(ofA)),
      tells: verbs(say),
    };
  });
});

/** The infinitives of templates. */
function verbs(templates: readonly Template[]): ReadonlySet<string> {
  return new Set(templates.flatMap(({ source }) => [...source.matchAll(VERB)].map(([, verb]) => verb)));
}

/** Whether a text may tell both topics about one person and `asked` still has a single answer to its questions. */
export function agrees(asked: Topic, other: Topic): boolean {
  return asked !== other && asked.tellsOfA && other.tellsOfA &&
    asked.asksOfA.isDisjointFrom(other.tells);
}

/** Whether both may be told in one text, if `one` has questions without names. */
export function apart(one: Topic, other: Topic): boolean {
  return !one.once || one.tells.isDisjointFrom(other.tells);
}

/** A sentence of a text: a topic with its cast. */
export interface Told {
  readonly topic: Topic;
  readonly cast: Cast;
}

export type Tense = NonNullable<Scope["tense"]>;

/** The sentences as one text. */
export function tell(told: readonly Told[], tense: Tense, random: Random): string {
  const discourse = new Discourse();
  let before: Value | undefined;
  return told.map(({ topic, cast }) => {
    // A name may be left out only if the sentence before is about the same person.
    const a = topic.tellsOfA ? cast.value("a") : undefined;
    if (a === undefined || a !== before) discourse.endParagraph();
    before = a;
    const template = random.pick(topic.say);
    return render(template, scopeOf({ bindings: cast.for(template), tense, discourse }), random);
  }).join(" ");
}

/** One of the questions that a sentence answers. */
export function ask({ topic, cast }: Told, tense: Tense, random: Random): Asked {
  const template = random.pick(topic.ask);
  const scope = scopeOf({ bindings: cast.for(template), tense });
  const [q, answer] = fragment(template, scope, random).split(" => ");
  return q.startsWith("!") ? { q: q.slice(1), answer, command: true } : { q, answer, command: false };
}
