/**
 * Reads scripts: YAML files that plan texts step by step. Each step has several wordings; names are drawn on first use.
 *
 *     lists:                      # what names may stand for, besides the roles that every kind has
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
 *           ask: [["¿Quién viene?", "{a!}"]]            # question and answer, and its family if not "extraer";
 *                                                       # asked only if the sentence contains the words of the answer
 *         - - ["a wording", ["¿Quién?", "{a!}"]]        # a wording with questions that only this wording answers
 *           maybe: true                                 # sometimes left out
 *         - mix: [ … steps … ]                          # in any order; `some: 2` or `some: [2, 3]` of them
 *         - choose: [[ … steps … ], [ … steps … ]]      # one of these
 *
 * {!lavar+x.lo} is "lávala", "lávela", "lávenla" or "lavarla", in the same voice throughout a text.
 */
import { join } from "@std/path";
import type { Kind, WorldFiles } from "../document.ts";
import type { Lexicon } from "../lexicon.ts";
import { Node, root } from "../parsing.ts";
import { compile, type Scope, type Template } from "../template.ts";
import { Asking } from "../questions/asking.ts";
import { readYaml } from "../yaml_file.ts";
import { commonRoles, type Role, roleOf, type Roles } from "./draws.ts";
import { drawsOf } from "./phrases.ts";
import { write } from "./script_text.ts";

const FAMILY = "extraer";
/** Forms of instructions. All slots such as {!lavar} in a text have the same form. */
const VOICES = ["imperative.2", "imperative.3", "imperative.6", "infinitive"];
const VOICED = /\{!(\p{L}+)/gu;
const GIVEN = /\{=(\p{L}+)\}/gu;
const STEP = ["say", "line", "ask", "maybe", "mix", "some", "choose", "use", "with"] as const;

export interface Question {
  readonly question: Template;
  readonly answer: Template;
  readonly family: string;
  /** The names in question and answer. */
  readonly names: readonly string[];
}

/** A wording, and the questions that it answers. */
interface Wording {
  readonly template: Template;
  /** Whether it tells an age with {edad}, which is always a child's. */
  readonly young: boolean;
  readonly ask: readonly Question[];
}

export type Step =
  | {
    readonly type: "say";
    readonly say: readonly Wording[];
    readonly line: boolean;
    readonly maybe: boolean;
  }
  | { readonly type: "mix"; readonly steps: readonly Step[]; readonly some: readonly [number, number] }
  | { readonly type: "choose"; readonly among: readonly (readonly Step[])[]; readonly maybe: boolean };

export interface Script {
  readonly name: string;
  readonly weight: number;
  readonly tense: NonNullable<Scope["tense"]>;
  readonly steps: readonly Step[];
}

/**
 * A kind whose texts are planned in `data/world/kinds/NAME.yaml`.
 * @param roles further roles, besides the lists of the file and the roles that every kind has
 * @throws {UserError} naming file and line
 */
export async function readScripts(
  files: WorldFiles,
  name: string,
  roles: Roles = {},
): Promise<Kind> {
  const { folder, lexicon } = files;
  const file = root(await readYaml(join(folder, `kinds/${name}.yaml`)));
  file.entries(["lists", "parts", "texts"]);
  const all = { ...commonRoles(lexicon), ...roles, ...listRoles(file, lexicon) };
  const scripts = new Reader(file, all).scripts();
  const asking = await Asking.load(files);
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
  /** What `with` gives to the part that is being read. */
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

  /** Reads the script once for each voice, if its wordings have voiced slots. */
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
    const plain = { type: "say", line: false, maybe: false } as const;
    if (typeof node.value === "string") return [{ ...plain, say: [this.#wording(node, [])] }];
    if (Array.isArray(node.value)) {
      return [{ ...plain, say: node.items().map((item) => this.#wording(item, [])) }];
    }
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
    const ask = node.child("ask").items().map((item) => this.#question(item));
    const say = wordings.items().map((item) => this.#wording(item, ask));
    if (say.length === 0) node.fail("a step needs say, line, mix, choose or use");
    return [{ type: "say", say, line, maybe }];
  }

  /** A template, or a list of a template and the questions that only it answers, besides those of its step. */
  #wording(node: Node, ask: readonly Question[]): Wording {
    const [told, ...questions] = Array.isArray(node.value) ? node.items() : [node];
    if (!told) node.fail("expected a wording and its questions");
    const template = this.#template(told);
    return {
      template,
      young: [...template.names].some((name) => roleOf(name) === "edad"),
      ask: [...ask, ...questions.map((item) => this.#question(item))],
    };
  }

  #question(node: Node): Question {
    const [question, answer, family] = node.items();
    if (!question || !answer) node.fail("expected a question and its answer: [question, answer]");
    const [asks, answers] = [this.#template(question), this.#template(answer)];
    const names = [...asks.names.union(answers.names)].filter((name) => name !== "_");
    return { question: asks, answer: answers, family: family?.text() ?? FAMILY, names };
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

/** The fewest and most steps of a mix that are told: `some: 2`, `some: [2, 3]`, or all. */
function someOf(node: Node, all: number): [number, number] {
  if (!node.has("some")) return [all, all];
  const { value } = node.child("some");
  const [low, high] = Array.isArray(value) ? value : [value, value];
  if (!(Number.isInteger(low) && Number.isInteger(high) && 0 <= low && low <= high && high <= all)) {
    node.child("some").fail(`expected a number of steps from 0 to ${all}, or two such numbers`);
  }
  return [low, high];
}
