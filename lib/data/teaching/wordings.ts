/**
 * A question in many wordings: those that a model learns, those that decide when it has learned enough, and those that
 * tell how well. The three differ in form, not only in case and accents: each template belongs to one of them.
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
  /** The question's own words are others, and not only what stands around them. */
  readonly reworded: boolean;
}

/** Names of teaching.yaml that are no forms of questions. */
const SUBJECT = "sujeto", OTHER_MATTER = "otra cosa";

/** How often what is learned has the question's own words, and how often nothing stands around them. */
const OWN = 0.5, BARE = 0.35;
/** The same of other words that are whole sentences already. */
const BARE_SENTENCE = 0.75;
/** Of what has something around it, how often that is a remark after it. */
const REMARKED = 0.2;
/** The share of wordings, of what stands around them and of other words, for stopping and for the report. */
const STOPPING = 0.2, REPORTED = 0.25;
const TRIES = 200;
/** Whose each question about another matter is, in turn. */
const MATTERS: readonly Part[] = ["learned", "stopping", "learned", "reported", "learned"];

interface Asked {
  readonly instruction: string;
  readonly response: string;
}

/** What a question's words are told with, and how. */
interface Core {
  readonly manner: Manner;
  text(random: Random): string;
}

/** Which of some templates each part has. */
type Parts<T> = Readonly<Record<Part, readonly T[]>>;

export class Rewording {
  private constructor(
    private readonly asking: Wordings,
    private readonly manners: Wordings,
    private readonly teaching: Wordings,
    private readonly forms: readonly (readonly [form: RegExp, name: string])[],
    /** Whether a word is a name; the lexicon has words and names. */
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

  /** The forms of questions that it has other words for. */
  get formNames(): string[] {
    return this.forms.map(([, name]) => name);
  }

  /** Questions about a name that are no wordings of one another, without marks; other ones for each part. */
  otherMatters(name: string, part: Part, random: Random): string[] {
    const templates = this.teaching.of(OTHER_MATTER).filter((_, i) => MATTERS[i % MATTERS.length] === part);
    return templates.map((template) => told(template, { n: name }, random));
  }

  /** How a question is built. */
  parse({ instruction, response }: Asked): ParsedQuestion {
    return parseQuestion(instruction, response, this.isName);
  }

  /** @param random decides which templates are whose */
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
    /** As it was given. */
    readonly instruction: string,
    private readonly own: Core,
    private readonly templates: {
      readonly cores: Parts<Core>;
      readonly frames: Readonly<Record<Manner, Parts<Template>>>;
      readonly remarks: Parts<Template>;
    },
  ) {}

  /** A wording to learn from. */
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

  /** Up to n different wordings for one of the other parts; from then on none of them is learned. */
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

/** Deals templates out to the parts; what is learned has most, and each other part one at least. */
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

/** The same, where there may be few or none to deal out. */
function partedCores(cores: readonly Core[], random: Random): Parts<Core> {
  if (cores.length >= 4) return parted(cores, random);
  const order = random.shuffle(cores);
  const reported = cores.length >= 2 ? 1 : 0;
  return { stopping: [], reported: order.slice(0, reported), learned: order.slice(reported) };
}
