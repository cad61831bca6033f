/**
 * Texts that a YAML file plans step by step; each step has several wordings, whose names are drawn as they come up.
 *
 *     lists:                      # what a name may stand for, besides the roles that every kind has
 *       plan: [ir al cine, pasear por {el lugar}]
 *       taller: [{name: el taller, day: los lunes}]     # {taller} and {taller_day} belong together
 *     parts:                      # steps that several texts use
 *       greeting: [ … ]
 *     texts:
 *       invitation:               # a list of steps, or a map with weight, tense and steps
 *         - use: greeting         # also with maybe
 *           with: {task: plantar {el árbol}}            # stands for {=task} in the part
 *         - [one wording, another]
 *         - say: [one wording, another]                 # on a line of its own: line
 *           ask: [["¿Quién viene?", "{a!}"]]            # question and answer, and its family if not "extraer"
 *           maybe: true                                 # left out now and then
 *         - mix: [ … steps … ]                          # in any order; `some: 2` or `some: [2, 3]` of them
 *         - choose: [[ … steps … ], [ … steps … ]]      # one of these
 *
 * {!lavar+x.lo} is "lávala", "lávela", "lávenla" or "lavarla", in the same voice all over a text.
 */
import { join } from "@std/path";
import { Discourse } from "../discourse.ts";
import type { Document, Exchange, Kind, WorldFiles } from "../document.ts";
import { isEntity, isNoun, type Value } from "../entity.ts";
import type { Lexicon } from "../lexicon.ts";
import { Node, root } from "../parsing.ts";
import type { Random } from "../random.ts";
import { compile, fragment, render, type Scope, type Template } from "../template.ts";
import { Asking, INTERROGATIVE } from "../questions/asking.ts";
import { readYaml } from "../yaml_file.ts";
import { commonRoles, Draws, type Role, roleOf, type Roles } from "./draws.ts";
import { drawsOf } from "./phrases.ts";

const MAYBE = 0.5;
const FAMILY = "extraer";
/** Questions that a text has at most. */
const MOST = 4;
/** Whom instructions address. A slot {!lavar} is told in one of them all over a text. */
const VOICES = ["imperative.2", "imperative.3", "imperative.6", "infinitive"];
const VOICED = /\{!(\p{L}+)/gu;
const GIVEN = /\{=(\p{L}+)\}/gu;
const STEP = ["say", "line", "ask", "maybe", "mix", "some", "choose", "use", "with"] as const;

interface Question {
  readonly question: Template;
  readonly answer: Template;
  readonly family: string;
}

type Step =
  | {
    readonly type: "say";
    readonly say: readonly Template[];
    readonly ask: readonly Question[];
    readonly line: boolean;
    readonly maybe: boolean;
  }
  | { readonly type: "mix"; readonly steps: readonly Step[]; readonly some: readonly [number, number] }
  | { readonly type: "choose"; readonly among: readonly (readonly Step[])[]; readonly maybe: boolean };

interface Script {
  readonly name: string;
  readonly weight: number;
  readonly tense: NonNullable<Scope["tense"]>;
  readonly steps: readonly Step[];
}

/**
 * A kind whose texts are planned in `data/world/kinds/NAME.yaml`.
 * @param roles what names stand for, besides the lists of the file and the roles that every kind has
 * @throws {UserError} naming file and line
 */
export async function readScripts(
  { folder, lexicon }: WorldFiles,
  name: string,
  roles: Roles = {},
): Promise<Kind> {
  const file = root(await readYaml(join(folder, `kinds/${name}.yaml`)));
  file.entries(["lists", "parts", "texts"]);
  const all = { ...commonRoles(lexicon), ...roles, ...listRoles(file, lexicon) };
  const scripts = new Reader(file, all).scripts();
  const asking = await Asking.load({ folder, lexicon });
  const weighted = scripts.map((script) => [script, script.weight] as const);
  return {
    name,
    write: (random) =>
      write({ kind: name, script: random.weighted(weighted), roles: all, lexicon, asking, random }),
  };
}

function listRoles(file: Node, lexicon: Lexicon): Roles {
  if (!file.has("lists")) return {};
  return Object.fromEntries(
    file.child("lists").entries().map(([name, list]) => [name, drawsOf(list, lexicon)] as [string, Role]),
  );
}

class Reader {
  readonly #roles: ReadonlySet<string>;
  #voice = VOICES[0];
  #voiced = false;
  /** What a part is used with. */
  #given: ReadonlyMap<string, string> = new Map();

  constructor(private readonly file: Node, roles: Roles) {
    this.#roles = new Set(Object.keys(roles));
  }

  scripts(): Script[] {
    return this.file.child("texts").entries().flatMap(([name, node]) => {
      if (Array.isArray(node.value)) return this.#inVoices({ name, weight: 1, tense: "past" }, node);
      node.entries(["weight", "tense", "steps"]);
      const tense = node.has("tense") ? node.child("tense").text() : "past";
      if (tense !== "past" && tense !== "present") node.child("tense").fail("expected past or present");
      const weight = node.has("weight") ? Number(node.child("weight").text()) : 1;
      if (!(weight > 0)) node.child("weight").fail("expected a number above 0");
      return this.#inVoices({ name, weight, tense: tense as Script["tense"] }, node.child("steps"));
    });
  }

  /** The script once for each voice, if its wordings have one. */
  #inVoices(script: Omit<Script, "steps">, node: Node): Script[] {
    const read = (voice: string): Script => {
      this.#voice = voice;
      return { ...script, steps: this.#steps(node) };
    };
    this.#voiced = false;
    const first = read(VOICES[0]);
    if (!this.#voiced) return [first];
    const all = [first, ...VOICES.slice(1).map(read)];
    return all.map((one) => ({ ...one, weight: script.weight / VOICES.length }));
  }

  #steps(node: Node): Step[] {
    const items = node.items();
    if (items.length === 0) node.fail("expected a list of steps");
    return items.flatMap((item) => this.#step(item));
  }

  #step(node: Node): Step[] {
    if (typeof node.value === "string") return [this.#said([this.#template(node)], node)];
    if (Array.isArray(node.value)) return [this.#said(node.items().map((at) => this.#template(at)), node)];
    node.entries(STEP);
    const maybe = node.has("maybe");
    if (node.has("use")) {
      const part = this.file.child("parts").child(node.child("use").text());
      if (part.value === undefined) node.child("use").fail("no part of that name; add it under parts");
      const outer = this.#given;
      const given = node.has("with") ? node.child("with").entries() : [];
      this.#given = new Map(given.map(([name, text]) => [name, text.text()]));
      const steps = this.#steps(part);
      this.#given = outer;
      return maybe ? [{ type: "choose", among: [steps], maybe }] : steps;
    }
    if (node.has("mix")) {
      const steps = node.child("mix").items().flatMap((item) => this.#step(item));
      return [{ type: "mix", steps, some: someOf(node, steps.length) }];
    }
    if (node.has("choose")) {
      const among = node.child("choose").items().map((item) => this.#steps(item));
      return [{ type: "choose", among, maybe }];
    }
    const line = node.has("line");
    const wordings = node.child(line ? "line" : "say");
    const say = wordings.items().map((item) => this.#template(item));
    if (say.length === 0) node.fail("a step needs say, line, mix, choose or use");
    return [{ ...this.#said(say, node), line, maybe }];
  }

  #said(say: readonly Template[], node: Node): Step & { type: "say" } {
    const asked = Array.isArray(node.value) || !node.has("ask") ? [] : node.child("ask").items();
    const ask = asked.map((item) => {
      const [question, answer, family] = item.items();
      if (!question || !answer) item.fail("expected a question and its answer: [question, answer]");
      return {
        question: this.#template(question),
        answer: this.#template(answer),
        family: family?.text() ?? FAMILY,
      };
    });
    return { type: "say", say, ask, line: false, maybe: false };
  }

  #template(node: Node): Template {
    const whole = node.text().replace(
      GIVEN,
      (_, name) =>
        this.#given.get(name) ??
          node.fail(`{=${name}} is not given where the part is used; add it to "with"`),
    );
    const source = whole.replace(VOICED, `{$1.${this.#voice}`);
    this.#voiced ||= source !== whole;
    const template = compile(source, node.where);
    for (const name of template.names) {
      if (name !== "_" && !this.#roles.has(roleOf(name))) {
        node.fail(`{${name}} is no role; add it under lists, or name one of ${[...this.#roles].join(", ")}`);
      }
    }
    return template;
  }
}

/** How many steps of a mix are told: `some: 2`, `some: [2, 3]`, or all. */
function someOf(node: Node, all: number): [number, number] {
  if (!node.has("some")) return [all, all];
  const { value } = node.child("some");
  const [low, high] = Array.isArray(value) ? value : [value, value];
  if (!(Number.isInteger(low) && Number.isInteger(high) && 0 <= low && low <= high && high <= all)) {
    node.child("some").fail(`expected a number of steps from 0 to ${all}, or two such numbers`);
  }
  return [low, high];
}

interface Written {
  readonly kind: string;
  readonly script: Script;
  readonly roles: Roles;
  readonly lexicon: Lexicon;
  readonly asking: Asking;
  readonly random: Random;
}

function write({ kind, script, roles, lexicon, asking, random }: Written): Document {
  const draws = new Draws(lexicon, roles, random);
  const scope = { bindings: draws.bindings, tense: script.tense };
  const discourse = new Discourse();
  const asked: Question[] = [];
  let text = "";
  const tell = (steps: readonly Step[]): void => {
    for (const step of steps) {
      if (step.type === "mix") tell(random.sample(step.steps, random.between(...step.some)));
      else if (step.maybe && random.chance(MAYBE)) continue;
      else if (step.type === "choose") tell(random.pick(step.among));
      else {
        if (text !== "") text += step.line ? "\n" : " ";
        text += render(random.pick(step.say), { ...scope, discourse }, random);
        asked.push(...step.ask);
      }
    }
  };
  tell(script.steps);
  return {
    kind,
    text,
    facts: [script.name, ...draws.drawn.map(([name, value]) => `${name}: ${shown(value)}`)],
    questions: exchanges(random.shuffle(asked), text, scope, { asking, random }),
  };
}

/** Some of the questions that the text answers: the wording that was told may leave an answer or a name out. */
function exchanges(
  asked: readonly Question[],
  text: string,
  scope: Scope,
  { asking, random }: Pick<Written, "asking" | "random">,
): Exchange[] {
  const words = text.toLowerCase();
  const some: Exchange[] = [];
  for (const { question, answer, family } of asked) {
    const response = fragment(answer, scope, random);
    if (!stands(response.toLowerCase(), words)) continue;
    const asks = render(question, scope, random);
    if (asks.match(NAMED)?.some((name) => !text.includes(name))) continue;
    const instruction = inOtherWords(asks, asking, random);
    some.push({ family, turns: [{ instruction, response: asSentence(response) }] });
    if (some.length === MOST) break;
  }
  return some;
}

/** A whole question, from its first word on; a name in the middle keeps its capital. */
const QUESTION = /^¿(\p{Lu})([^¿?]+)\?$/u;

/** "¿Dónde vive Ana?" is also asked as "Dime dónde vive Ana." */
function inOtherWords(question: string, asking: Asking, random: Random): string {
  const [, first, rest] = QUESTION.exec(question) ?? [];
  const q = first && first.toLowerCase() + rest;
  return q && INTERROGATIVE.test(q) ? asking.which(q, random) : question;
}

/** Names, which stand within a sentence with a capital. */
const NAMED = /(?<=[\p{L}\d,»] )\p{Lu}\p{L}+/gu;
const LETTER = /[\p{L}\d]/u;

/** Whether the words stand in the text, in a row. Both in lower case. */
export function stands(words: string, text: string): boolean {
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    if (!LETTER.test(text.charAt(at + words.length))) return true;
  }
  return false;
}

const asSentence = (text: string) =>
  `${text[0].toUpperCase()}${text.slice(1)}${/[.?!]»?$/.test(text) ? "" : "."}`;

function shown(value: Value): string {
  if (isEntity(value)) return value.name ? `${value.name}, ${value.noun.singular}` : value.noun.singular;
  return isNoun(value) ? value.singular : String(value);
}
