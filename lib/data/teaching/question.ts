/** Parses a question far enough to reword it: "¿Quién es Rufo?" is "quién es" and "Rufo". */
import { INTERROGATIVE } from "../world/questions/asking.ts";
import { lowerFirst, withoutAccents } from "../instructions.ts";

/**
 * How it is asked: with an interrogative, as a choice of two, or for yes or no. A command, and anything else that is
 * used unchanged, is "command".
 */
export type Manner = "which" | "alternative" | "whether" | "command";

export interface ParsedQuestion {
  readonly manner: Manner;
  /** A question without question marks ("quién es Rufo"), or a command; without the initial capital. */
  readonly core: string;
}

/** Whether a capitalised word is a name; "perhaps" if it is not a known word. */
export type IsName = (word: string) => "surely" | "perhaps" | "no";

/** Longer questions, and those of several lines, are texts with a question; they are used unchanged. */
const LONGEST = 120;

/** Interrogatives, to be recognised when someone leaves out their accents. */
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

/** Openings that may precede a question and are not part of it. */
const OPENING =
  /^(?:(?:hola|oye|mira|perdona|disculpa|disculpe|bueno|por favor|a ver),? )?(?:(?:por favor,? )?(?:dime|dígame|di|diga|cuéntame|sabes|sabe usted|me puedes decir|puedes decirme|quiero saber|quisiera saber|me gustaría saber) )?/i;

/** @param response the answer, which shows whether it is a yes-or-no question */
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

/** Restores the accent of the interrogative. */
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

/** Compiles a form of questions, such as "quién {es} {s}". */
export function compileForm(form: string): RegExp {
  const slots = form.replace(/\{(\p{L}+)\}/gu, (_, name: string) => `(?<${name}>${SLOTS[name]})`);
  // Case matters only in names; a command begins with a capital.
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

/** Divides a question into what is asked and its subject; null if it does not end with its subject. */
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
