/** How a question is built, as far as it takes to word it otherwise: "¿Quién es Rufo?" is "quién es" and "Rufo". */
import { INTERROGATIVE } from "../world/questions/asking.ts";
import { lowerFirst, withoutAccents } from "../instructions.ts";

/**
 * What is asked for: with an interrogative, for one of two, for yes or no; or a command, or anything else that is said
 * as it is.
 */
export type Manner = "which" | "alternative" | "whether" | "command";

export interface ParsedQuestion {
  readonly manner: Manner;
  /** A question without its marks ("quién es Rufo"), or a command; without the capital of a beginning. */
  readonly core: string;
}

/** Whether a word with a capital is a name: surely, or perhaps, because it is no word that is known. */
export type IsName = (word: string) => "surely" | "perhaps" | "no";

/** Longer questions, and those of several lines, are texts with a question: they are asked as they are. */
const LONGEST = 120;

/** How interrogatives are spelled by someone who leaves out accents. */
const ACCENTED = "qué quién quiénes cuál cuáles dónde adónde cómo cuándo cuánto cuánta cuántos cuántas".split(
  " ",
);
const PLAIN: readonly (readonly [RegExp, string])[] = [
  [/^por que (?=\p{L})/u, "por qué "],
  ...ACCENTED.map((word) =>
    [
      new RegExp(`^((?:(?:a|de|en|con|por|para|desde|hasta) )?)${withoutAccents(word)} `),
      `$1${word} `,
    ] as const
  ),
];

/** Endings of verbs in forms that the lexicon does not list. */
const VERBAL = /(?:ía|ías|rás|rá|ste|me|te|nos)$/;

/** What may stand before a question and is none of its own. */
const OPENING =
  /^(?:(?:hola|oye|mira|perdona|disculpa|disculpe|bueno|por favor|a ver),? )?(?:(?:por favor,? )?(?:dime|dígame|di|diga|cuéntame|sabes|sabe usted|me puedes decir|puedes decirme|quiero saber|quisiera saber|me gustaría saber) )?/i;

/** @param response its answer, by which questions of yes or no are known */
export function parseQuestion(instruction: string, response: string, isName: IsName): ParsedQuestion {
  const asked = /\?\s*$/.test(instruction);
  const small = (text: string) => {
    const [, first] = /^[¿¡]*([\p{L}\d'-]*)/u.exec(text)!;
    const lower = lowerFirst(text);
    if (first === "" || INTERROGATIVE.test(lower)) return lower;
    const name = isName(first);
    return name === "surely" || name === "perhaps" && asked && !VERBAL.test(first) ? text : lower;
  };
  const asItIs: ParsedQuestion = { manner: "command", core: small(instruction) };
  if (instruction.length > LONGEST || instruction.includes("\n")) return asItIs;
  const marked = /^(.*?)¿([^¿?]+)\?*$/.exec(instruction);
  const opened = marked && OPENING.exec(marked[1])![0].length === marked[1].length;
  if (marked && !opened) return asItIs;
  const bare = (marked?.[2] ?? instruction).replace(/[.?!\s]+$/, "");
  const inner = restored(small(bare.slice(OPENING.exec(bare)![0].length)));
  if (INTERROGATIVE.test(inner)) return { manner: "which", core: inner };
  if (!asked) return asItIs;
  const core = small(bare);
  const yesOrNo = /^(?:sí|si|no)(?!\p{L})/iu.test(response);
  return { manner: !yesOrNo && / o /.test(core) ? "alternative" : "whether", core };
}

/** With the accent of its interrogative. */
function restored(core: string): string {
  for (const [plain, accented] of PLAIN) if (plain.test(core)) return core.replace(plain, accented);
  return core;
}

export const DETERMINED =
  "(?:el|la|los|las|un|una|unos|unas|mi|mis|tu|tus|su|sus|este|esta|ese|esa|nuestr[oa]s?) .+";
export const NAME = "\\p{Lu}[\\p{L}\\d'-]*(?: (?:(?:de|del|la|las|los) ){0,2}\\p{Lu}[\\p{L}\\d'-]*)*";

/** What the slots of a form stand for. */
const SLOTS: Readonly<Record<string, string>> = {
  s: `(?:${DETERMINED}|\\p{Lu}.*|\\p{L}+)`,
  n: NAME,
  es: "(?:es|son|era|eran|fue|fueron|será|serán)",
  v: "(?:(?:se|me|te|le|nos|les|lo) )?\\p{Ll}+",
  r: ".+",
};

/** A form of questions, such as "quién {es} {s}". */
export function compileForm(form: string): RegExp {
  const slots = form.replace(/\{(\p{L}+)\}/gu, (_, name: string) => `(?<${name}>${SLOTS[name]})`);
  // Capitals matter in names alone; a command's first word has one.
  return new RegExp(`^${slots}$`, "u");
}

export interface Divided {
  /** "quién es" */
  readonly p: string;
  /** "Rufo" */
  readonly s: string;
}

const SUBJECT = new RegExp(`^(?<p>.+?) (?<s>${DETERMINED}|${NAME})$`, "u");
const NO_VERB =
  /(?:^| )(?:a|al|de|del|en|con|por|para|y|o|que|qué|quién|quiénes|cuál|cuáles|dónde|cómo|cuándo|cuánt[oa]s?)$/;
const NO_NOUN_PHRASE = / (?:a|en|con|por|para|que|cuando|es|son|está|están|y|o) /;

/** What is asked, and of whom, where the question ends with its subject; null where it does not. */
export function divided(core: string): Divided | null {
  const { p, s } = SUBJECT.exec(core)?.groups ?? {};
  if (p === undefined || NO_VERB.test(p) || NO_NOUN_PHRASE.test(s)) return null;
  // "quién escribió el Quijote" ends with its object.
  if (/^quién(?:es)? /.test(p) && !new RegExp(`^quién(?:es)? ${SLOTS.es}$`, "u").test(p)) return null;
  return { p, s };
}

const NAMES = new RegExp(NAME, "gu");

/** The proper names in a question without marks, from left to right. */
export const namesIn = (core: string): string[] => [...core.matchAll(NAMES)].map(([name]) => name);
