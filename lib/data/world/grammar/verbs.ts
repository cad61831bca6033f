/**
 * Conjugation. A form is a stem and an ending with an acute on its stressed vowel, which `spelled` then keeps or
 * drops; changes in spelling (busqué, sigo, leyó) follow from the sounds that meet.
 */
import { accented, spelled, stressed, withoutAcute } from "./accents.ts";
import { attach } from "./pronouns.ts";
import { COMPOUNDS, IRREGULAR, PARTICIPLES, REGULAR_PARTICIPLES } from "./irregular.ts";
import { memoised } from "./memo.ts";
import { insertsY, join, type Kind, stemStressed, strongStem, type Verb, weakStem } from "./stems.ts";

export type Tense =
  | "present"
  | "preterite"
  | "imperfect"
  | "future"
  | "conditional"
  | "subjunctive"
  | "past-subjunctive"
  | "imperative";
/** yo, tú, él (ella, usted), nosotros, vosotros, ellos (ustedes). */
export type Person = 1 | 2 | 3 | 4 | 5 | 6;
type Six = readonly string[];

export const TENSES: readonly Tense[] = [
  "present",
  "preterite",
  "imperfect",
  "future",
  "conditional",
  "subjunctive",
  "past-subjunctive",
  "imperative",
];

/** Where an ending has no accent, the stem is stressed. */
const ENDINGS = {
  present: {
    ar: ["o", "as", "a", "ámos", "áis", "an"],
    er: ["o", "es", "e", "émos", "éis", "en"],
    ir: ["o", "es", "e", "ímos", "ís", "en"],
  },
  subjunctive: {
    ar: ["e", "es", "e", "émos", "éis", "en"],
    er: ["a", "as", "a", "ámos", "áis", "an"],
    ir: ["a", "as", "a", "ámos", "áis", "an"],
  },
  preterite: {
    ar: ["é", "áste", "ó", "ámos", "ásteis", "áron"],
    er: ["í", "íste", "ió", "ímos", "ísteis", "iéron"],
    ir: ["í", "íste", "ió", "ímos", "ísteis", "iéron"],
  },
  imperfect: {
    ar: ["ába", "ábas", "ába", "ábamos", "ábais", "ában"],
    er: ["ía", "ías", "ía", "íamos", "íais", "ían"],
    ir: ["ía", "ías", "ía", "íamos", "íais", "ían"],
  },
} as const;
const FUTURE: Six = ["é", "ás", "á", "émos", "éis", "án"];
const CONDITIONAL: Six = ["ía", "ías", "ía", "íamos", "íais", "ían"];
/** Endings of preterites with an irregular stem: puse, dijeron. */
const STRONG: Six = ["e", "íste", "o", "ímos", "ísteis", "iéron"];

function withEndings(verb: Verb, endings: Six, strong: string, weak: string): string[] {
  return endings.map((ending) =>
    ending !== withoutAcute(ending) ? spelled(join(weak, ending, verb)) : stemStressed(strong, ending, verb)
  );
}

function present(verb: Verb): Six {
  if (verb.irregular.present) return verb.irregular.present;
  const strong = strongStem(verb);
  const forms = withEndings(verb, ENDINGS.present[verb.kind], strong, verb.stem);
  if (verb.irregular.yo) forms[0] = verb.irregular.yo;
  return forms;
}

function subjunctive(verb: Verb): Six {
  const { irregular, kind } = verb;
  if (irregular.subjunctive) return irregular.subjunctive;
  const endings = ENDINGS.subjunctive[kind];
  if (irregular.yo) return endings.map((ending) => spelled(irregular.yo!.slice(0, -1) + ending));
  const weak = insertsY(verb.infinitive) ? strongStem(verb) : weakStem(verb);
  return withEndings(verb, endings, strongStem(verb), weak);
}

function preterite(verb: Verb): Six {
  const { irregular, infinitive, stem } = verb;
  if (typeof irregular.preterite === "object") return irregular.preterite;
  const strong = irregular.preterite ?? (infinitive.endsWith("ducir") ? `${stem.slice(0, -1)}j` : undefined);
  if (strong) {
    return STRONG.map((ending) =>
      spelled(strong + (strong.endsWith("j") ? ending.replace(/^ié/, "é") : ending))
    );
  }
  const weak = weakStem(verb);
  return ENDINGS.preterite[verb.kind].map((ending, i) =>
    spelled(join(i === 2 || i === 5 ? weak : stem, ending, verb))
  );
}

/** Derived from the third person plural of the preterite, in every verb: dijeron, dijera. */
function pastSubjunctive(verb: Verb): Six {
  const base = forms(verb.infinitive, "preterite")[5].slice(0, -3);
  const at = base.length - 1;
  return ["ra", "ras", "ra", "ramos", "rais", "ran"].map((ending) => accented(base + ending, at));
}

function imperative(verb: Verb): Six {
  const { irregular, infinitive } = verb;
  const [, , third] = forms(infinitive, "present");
  const wish = forms(infinitive, "subjunctive");
  const together = infinitive === "ir" ? "vamos" : wish[3];
  return ["", irregular.imperative ?? third, wish[2], together, `${infinitive.slice(0, -1)}d`, wish[5]];
}

const BUILD: Readonly<Record<Tense, (verb: Verb) => Six>> = {
  present,
  preterite,
  imperfect: (verb) =>
    verb.irregular.imperfect ?? ENDINGS.imperfect[verb.kind].map((ending) => spelled(verb.stem + ending)),
  future: (verb) => FUTURE.map((ending) => spelled(futureStem(verb) + ending)),
  conditional: (verb) => CONDITIONAL.map((ending) => futureStem(verb) + ending),
  subjunctive,
  "past-subjunctive": pastSubjunctive,
  imperative,
};

function futureStem({ irregular, infinitive }: Verb): string {
  return irregular.future ?? withoutAcute(infinitive);
}

function verbOf(infinitive: string): Verb {
  if (!isInfinitive(infinitive)) throw new RangeError(`"${infinitive}" is not the infinitive of a verb`);
  return {
    infinitive,
    kind: withoutAcute(infinitive.slice(-2)) as Kind,
    stem: infinitive.slice(0, -2),
    irregular: IRREGULAR.get(infinitive) ?? {},
  };
}

/** The form of a compound from that of its base verb: pon, compón; ve, prevé. */
function prefixed(infinitive: string, form: string): string {
  const { prefix, drop } = COMPOUNDS.get(infinitive)!;
  if (form === "") return "";
  return accented(prefix + withoutAcute(form).slice(drop), stressed(form) + prefix.length - drop);
}

/** The six forms of a simple verb in a tense. */
const simple = memoised((key): Six => {
  const [infinitive, tense] = key.split(" ") as [string, Tense];
  const verb = verbOf(infinitive);
  const compound = COMPOUNDS.get(infinitive);
  const future = tense === "future" || tense === "conditional";
  if (!compound || (future && verb.irregular.future)) return BUILD[tense](verb);
  const made = forms(compound.base, tense).map((form) => prefixed(infinitive, form));
  if (tense !== "imperative") return made;
  const [, second, third, fourth, , sixth] = made;
  return ["", verb.irregular.imperative ?? second, third, fourth, `${infinitive.slice(0, -1)}d`, sixth];
});

function forms(infinitive: string, tense: Tense): Six {
  return simple(`${infinitive} ${tense}`);
}

/** The parts of a phrase such as "lavarse las manos". */
interface Phrase {
  readonly verb: string;
  readonly reflexive: boolean;
  /** What follows the verb, with the space before it. */
  readonly rest: string;
}

const phraseOf = memoised((infinitive): Phrase => {
  const [, verb, se, rest] = /^(\p{Ll}*[aeií]r)(se)?( .*)?$/u.exec(infinitive) ?? [];
  if (verb === undefined) throw new RangeError(`"${infinitive}" is not the infinitive of a verb`);
  return { verb, reflexive: se !== undefined, rest: rest ?? "" };
});

/** Whether a text is an infinitive, perhaps with "se" and words that belong to it ("darse cuenta"). */
export function isInfinitive(text: string): boolean {
  return /^\p{Ll}*[aeií]r(?:se)?(?: .*)?$/u.test(text);
}

/** The reflexive pronoun of each person. */
export const REFLEXIVE: Readonly<Record<Person, string>> = {
  1: "me",
  2: "te",
  3: "se",
  4: "nos",
  5: "os",
  6: "se",
};

/** By tense, the six forms of a phrase. */
const PHRASE_FORMS = Object.fromEntries(
  TENSES.map((tense) => [tense, memoised((infinitive) => phraseForms(infinitive, tense))]),
) as Readonly<Record<Tense, (infinitive: string) => Six>>;

function phraseForms(infinitive: string, tense: Tense): Six {
  const { verb, reflexive, rest } = phraseOf(infinitive);
  return forms(verb, tense).map((form, i) => {
    if (form === "") return "";
    if (!reflexive) return form + rest;
    const pronoun = REFLEXIVE[i + 1 as Person];
    return (tense === "imperative" ? attach(form, [pronoun]) : `${pronoun} ${form}`) + rest;
  });
}

/**
 * A form of a verb: conjugate("dormir", "preterite", 3) is "durmió". A reflexive verb comes with its pronoun
 * ("lavarse": "se lavó", "lávate"), a phrase with the rest of it ("darse cuenta": "me di cuenta"). The negative
 * imperative is "no" and the subjunctive.
 * @throws RangeError if it is not an infinitive, and for the imperative of the first person singular
 */
export function conjugate(infinitive: string, tense: Tense, person: Person): string {
  const form = PHRASE_FORMS[tense](infinitive)[person - 1];
  if (form === "") {
    throw new RangeError(`"${infinitive}": nobody commands himself; the imperative has no "yo"`);
  }
  return form;
}

const simpleGerund: (infinitive: string) => string = memoised((infinitive) => {
  const verb = verbOf(infinitive);
  const compound = COMPOUNDS.get(infinitive);
  if (verb.irregular.gerund) return verb.irregular.gerund;
  if (compound) return prefixed(infinitive, simpleGerund(compound.base));
  return spelled(verb.kind === "ar" ? `${verb.stem}ándo` : join(weakStem(verb), "iéndo", verb));
});

/** The gerund: "leyendo"; a reflexive verb has the pronoun of the person: "lavándose", "lavándome". */
export function gerund(infinitive: string, person: Person = 3): string {
  const { verb, reflexive, rest } = phraseOf(infinitive);
  const form = simpleGerund(verb);
  return (reflexive ? attach(form, [REFLEXIVE[person]]) : form) + rest;
}

const simpleParticiple: (infinitive: string) => string = memoised((infinitive) => {
  const verb = verbOf(infinitive);
  if (verb.irregular.participle) return verb.irregular.participle;
  const compound = COMPOUNDS.get(infinitive);
  if (compound) return prefixed(infinitive, simpleParticiple(compound.base));
  const ending = PARTICIPLES.find(([end]) => infinitive.endsWith(end));
  if (ending && !REGULAR_PARTICIPLES.has(infinitive)) {
    return infinitive.slice(0, -ending[0].length) + ending[1];
  }
  return spelled(verb.stem + (verb.kind === "ar" ? "ádo" : "ído"));
});

/** The participle in the masculine singular, without pronoun: "escrito", "lavado". */
export function participle(infinitive: string): string {
  const { verb, rest } = phraseOf(infinitive);
  return simpleParticiple(verb) + rest;
}

/** haber and the participle: "había perdido", "se ha lavado". */
export function compound(infinitive: string, tense: Tense, person: Person): string {
  const had = `${conjugate("haber", tense, person)} ${participle(infinitive)}`;
  return phraseOf(infinitive).reflexive ? `${REFLEXIVE[person]} ${had}` : had;
}

/** The infinitive with the pronoun of the person: "lavarse" with yo is "lavarme". */
export function infinitiveFor(infinitive: string, person: Person): string {
  const { verb, reflexive, rest } = phraseOf(infinitive);
  return (reflexive ? attach(verb, [REFLEXIVE[person]]) : verb) + rest;
}
