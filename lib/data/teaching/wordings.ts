/**
 * A question in many wordings, in three parts: wordings for training, wordings that decide when to stop, and wordings
 * for the report. The parts differ in form and not only in case and accents: each template belongs to one part.
 */
import type { WorldFiles } from "../world/document.ts";
import { contract } from "../world/grammar/nouns.ts";
import { plain } from "../world/questions/asking.ts";
import type { Random } from "../world/random.ts";
import { capitalised } from "../world/grammar/capitals.ts";
import { fragment, type Template } from "../world/template.ts";
import { Wordings } from "../world/wordings.ts";
import { plainText } from "../plain_words.ts";
import {
  compileForm,
  divided,
  type IsName,
  type Manner,
  type ParsedQuestion,
  parseQuestion,
} from "./question.ts";

export type Part = "learned" | "stopping" | "reported";

export interface Wording {
  readonly text: string;
  /** Whether the question's own words were changed, and not only what stands around them. */
  readonly reworded: boolean;
}

/** Names in teaching.yaml that are not forms of questions. */
const SUBJECT = "sujeto", OTHER_MATTER = "otra cosa";

/** In training: share of wordings with the question's own words, and share of them with nothing around them. */
const OWN = 0.5, BARE = 0.35;
/** Share with nothing around them, of other words that are whole sentences already. */
const BARE_SENTENCE = 0.75;
/** Share of wordings with a remark after them, of those with something around them. */
const REMARKED = 0.2;
/** Share of the templates that belongs to the part for stopping, and to the part for the report. */
const STOPPING = 0.2, REPORTED = 0.25;
const TRIES = 200;
/** The parts to which questions about another matter are dealt, in turn. */
const MATTERS: readonly Part[] = ["learned", "stopping", "learned", "reported", "learned"];

interface Asked {
  readonly instruction: string;
  readonly response: string;
}

/** A question's words, and the manner in which it is asked. */
interface Core {
  readonly manner: Manner;
  text(random: Random): string;
}

/** Templates by part. */
type Parts<T> = Readonly<Record<Part, readonly T[]>>;

export class Rewording {
  private constructor(
    private readonly asking: Wordings,
    private readonly manners: Wordings,
    private readonly teaching: Wordings,
    private readonly forms: readonly (readonly [form: RegExp, name: string])[],
    /** Whether a word is a name, by the lexicon. */
    readonly isName: IsName,
  ) {}

  /** @throws {UserError} naming file and line */
  static async load({ folder, lexicon }: WorldFiles): Promise<Rewording> {
    const read = (name: string) => Wordings.read(`${folder}/questions/${name}.yaml`);
    const [asking, manners, teaching] = await Promise.all([
      read("asking"),
      read("manners"),
      read("teaching"),
    ]);
    const forms = teaching.names.filter((name) => name !== SUBJECT && name !== OTHER_MATTER);
    const names = new Set(
      [...lexicon.people(), ...lexicon.pets("m"), ...lexicon.pets("f"), ...lexicon.towns].map(({ name }) =>
        name
      ),
    );
    const isName: IsName = (word) =>
      !/^\p{Lu}/u.test(word)
        ? "no"
        : names.has(word)
        ? "surely"
        : lexicon.has(word.toLowerCase())
        ? "no"
        : "perhaps";
    return new Rewording(asking, manners, teaching, forms.map((name) => [compileForm(name), name]), isName);
  }

  /** Names of the question forms that there are other words for. */
  get formNames(): string[] {
    return this.forms.map(([, name]) => name);
  }

  /** Different questions about a name, without question marks; each part has its own. */
  otherMatters(name: string, part: Part, random: Random): string[] {
    const templates = this.teaching.of(OTHER_MATTER).filter((_, i) => MATTERS[i % MATTERS.length] === part);
    return templates.map((template) => told(template, { n: name }, random));
  }

  /** How a question is built. */
  parse({ instruction, response }: Asked): ParsedQuestion {
    return parseQuestion(instruction, response, this.isName);
  }

  /** @param random decides which templates belong to which part */
  of(asked: Asked, random: Random): QuestionWordings {
    const { instruction, response } = asked;
    const { manner, core } = this.parse(asked);
    const bareAnswer = /^(?:sí|no)[.!]?$/i.test(response);
    const around = {
      which: this.asking.of("which"),
      alternative: this.asking.of("alternative"),
      whether: [...this.asking.of("whether"), ...bareAnswer ? this.asking.of("yes or no") : []],
      command: this.manners.of("before"),
    };
    return new QuestionWordings(instruction, { manner, text: () => core }, {
      cores: partedCores(this.#otherWords(manner, core), random),
      frames: Object.fromEntries(
        Object.entries(around).map(([name, templates]) => [name, parted(templates, random)]),
      ) as Readonly<Record<Manner, Parts<Template>>>,
      remarks: parted(this.manners.of("remark"), random),
    });
  }

  /** The same question in other words. */
  #otherWords(manner: Manner, core: string): Core[] {
    const bare = core.replace(/[.!]+$/, "");
    const found = this.forms.flatMap(([form, name]) => {
      const bindings = form.exec(bare)?.groups;
      return bindings ? this.#cores(name, bindings) : [];
    });
    const parts = manner === "which" ? divided(core) : null;
    return [...found, ...parts ? this.#cores(SUBJECT, { ...parts }) : []];
  }

  #cores(name: string, bindings: Readonly<Record<string, string>>): Core[] {
    return this.teaching.of(name).map((template) => {
      const whole = template.source.startsWith("!");
      return {
        manner: whole ? "command" : "which",
        text: (random) => told(template, bindings, random).replace(/^!/, ""),
      };
    });
  }
}

/** The wordings of one question. */
export class QuestionWordings {
  readonly #held = new Set<string>();

  constructor(
    /** The question as it was given. */
    readonly instruction: string,
    private readonly own: Core,
    private readonly templates: {
      readonly cores: Parts<Core>;
      readonly frames: Readonly<Record<Manner, Parts<Template>>>;
      readonly remarks: Parts<Template>;
    },
  ) {}

  /** A wording for training. */
  learned(random: Random): string {
    for (let i = 0; i < TRIES; i++) {
      const others = this.templates.cores.learned;
      const core = others.length === 0 || random.chance(OWN) ? this.own : random.pick(others);
      const text = random.chance(this.#bareShare(core))
        ? this.#bare(core, random)
        : this.#framed(core, ["learned"], random);
      if (!this.#held.has(plainText(text))) return text;
    }
    return this.instruction;
  }

  /** Up to n different wordings for one of the other parts; from then on `learned` does not return them. */
  held(part: "stopping" | "reported", n: number, random: Random): Wording[] {
    const found = new Map<string, Wording>();
    const { cores } = this.templates;
    for (let i = 0; i < TRIES && found.size < n; i++) {
      const reworded = cores[part].length > 0 && random.chance(0.5);
      const core = reworded ? random.pick(cores[part]) : this.own;
      const text = reworded && random.chance(this.#bareShare(core))
        ? this.#bare(core, random)
        : this.#framed(core, reworded ? ["learned", part] : [part], random);
      const key = plainText(text);
      if (key !== plainText(this.instruction) && !this.#held.has(key)) found.set(key, { text, reworded });
    }
    for (const key of found.keys()) this.#held.add(key);
    return [...found.values()];
  }

  #bareShare(core: Core): number {
    return core !== this.own && core.manner === "command" ? BARE_SENTENCE : BARE;
  }

  #bare(core: Core, random: Random): string {
    if (core === this.own) return this.instruction;
    const text = core.text(random);
    return core.manner === "command" ? capitalised(text) : plain(text);
  }

  #framed(core: Core, parts: readonly Part[], random: Random): string {
    const pick = (from: Parts<Template>) => random.pick(parts.flatMap((part) => from[part]));
    const text = core.text(random);
    const command = core.manner === "command";
    if (random.chance(REMARKED) && (!command || /[.?!]$/.test(text))) {
      return `${command ? capitalised(text) : plain(text)} ${told(pick(this.templates.remarks), {}, random)}`;
    }
    const frame = pick(this.templates.frames[core.manner]);
    return capitalised(command ? `${told(frame, {}, random)} ${text}` : told(frame, { q: text }, random));
  }
}

const told = (template: Template, bindings: Readonly<Record<string, string>>, random: Random) =>
  contract(fragment(template, { bindings }, random));

/** Deals templates to the parts: most are for training, and each other part gets at least one. */
function parted<T>(templates: readonly T[], random: Random): Parts<T> {
  const order = random.shuffle(templates);
  const stopping = Math.max(1, Math.round(STOPPING * order.length));
  const reported = Math.max(1, Math.round(REPORTED * order.length));
  return {
    stopping: order.slice(0, stopping),
    reported: order.slice(stopping, stopping + reported),
    learned: order.slice(stopping + reported),
  };
}

/** The same for other words, of which there may be few or none. */
function partedCores(cores: readonly Core[], random: Random): Parts<Core> {
  if (cores.length >= 4) return parted(cores, random);
  const order = random.shuffle(cores);
  const reported = cores.length >= 2 ? 1 : 0;
  return { stopping: [], reported: order.slice(0, reported), learned: order.slice(reported) };
}
