/** Slots, the parts of a template between braces: parsed once here, rendered by rendering.ts. */

/** Verb forms that a slot may name explicitly. */
export const FORMS = [
  ...[
    "present",
    "preterite",
    "imperfect",
    "future",
    "conditional",
    "subjunctive",
    "past-subjunctive",
  ] as const,
  ...["imperative", "perfect", "pluperfect", "conditional-perfect"] as const,
  ...["perfect-subjunctive", "pluperfect-subjunctive"] as const,
  ...["infinitive", "gerund", "participle"] as const,
] as const;
export type Form = typeof FORMS[number];

/** Forms that depend on the tense in which a text is told. */
export type Marker = "" | "~" | "^" | ">" | "?";

export const PROPERTIES = [
  "he",
  "el",
  "lo",
  "le",
  "se",
  "bare",
  "plural",
  "digits",
  "ordinal",
  "a",
  "name",
] as const;
export type Property = typeof PROPERTIES[number];

/** Determiners with their lemma, and their number if they imply one (else 0). */
export const DETERMINERS: Readonly<Record<string, readonly [lemma: string, number: 0 | 1 | 2]>> = {
  ...{ el: ["el", 0], los: ["el", 2], un: ["un", 0], unos: ["un", 2], del: ["del", 0], al: ["al", 0] },
  ...{ este: ["este", 0], estos: ["este", 2], ese: ["ese", 0], esos: ["ese", 2] },
  ...{ aquel: ["aquel", 0], aquellos: ["aquel", 2], su: ["su", 0], sus: ["su", 2] },
  ...{ mi: ["mi", 0], mis: ["mi", 2], tu: ["tu", 0], tus: ["tu", 2] },
  ...{ nuestro: ["nuestro", 0], nuestros: ["nuestro", 2], otro: ["otro", 0], otros: ["otro", 2] },
  ...{ mucho: ["mucho", 1], muchos: ["mucho", 2], poco: ["poco", 1], pocos: ["poco", 2] },
  ...{ algún: ["algún", 1], algunos: ["alguno", 2], ningún: ["ningún", 1], cada: ["cada", 1] },
  ...{ cuánto: ["cuánto", 1], cuántos: ["cuánto", 2], todos: ["todos", 2], qué: ["qué", 0] },
};

interface Common {
  readonly source: string;
  readonly capital: boolean;
}

/** {a} {a!} {a+b} {a.le} */
export interface Mention extends Common {
  readonly type: "mention";
  readonly names: readonly string[];
  readonly property?: Property;
  readonly full: boolean;
  /** Whether it comes right before its verb as the subject, so that it may be left out. */
  subject?: boolean;
  /** Whether its verb has the same form for "yo" and for the third person in a text told in the past. */
  unclear?: boolean;
  /** Whether `le` before the verb already stands for it, so that "a mí" may be left out. */
  doubled?: boolean;
}

/** {el x} {sus x!} */
export interface Determined extends Common {
  readonly type: "determined";
  readonly determiner: string;
  readonly number: 0 | 1 | 2;
  readonly name: string;
  readonly full: boolean;
}

/** {n x} */
export interface Counted extends Common {
  readonly type: "counted";
  readonly count: string;
  readonly name: string;
}

/** {perder a} {ver.preterite.2} {buscar+x.lo} {perder.participle/x} {*plan a} */
export interface Verb extends Common {
  readonly type: "verb";
  readonly infinitive: string;
  /** The name bound to an infinitive phrase: {*plan a} tells the phrase bound to "plan", such as "lavar los platos". */
  readonly phrase?: string;
  readonly marker: Marker;
  readonly form?: Form;
  readonly person?: number;
  /** The subjects; none for a verb without one. */
  readonly names: readonly string[];
  readonly attached: readonly (readonly [name: string, property: Property])[];
  /** Whom a participle agrees with. */
  readonly agrees?: readonly string[];
  /** `se` or `le` taken from the literal text before it, as it depends on the narrator. */
  clitic?: readonly [names: readonly string[], property: "se" | "le"];
  /** Cache of finite forms, by tense and person. */
  readonly told: string[];
}

/** {contento/a} */
export interface Adjective extends Common {
  readonly type: "adjective";
  readonly word: string;
  readonly names: readonly string[];
}

export type Slot = Mention | Determined | Counted | Verb | Adjective;

const NAME = String.raw`[\p{L}_][\p{L}\d_-]*`;
const MENTION = new RegExp(`^(${NAME}(?:\\+${NAME})*)(?:\\.([a-z]+))?(!?)$`, "u");
const OPERAND = new RegExp(`^(${NAME}(?:\\+${NAME})*)(!?)$`, "u");
const VERB = new RegExp(
  `^(\\p{L}+|\\*${NAME})([~^>?]?)(?:\\.([a-z-]+))?(?:\\.([1-6]))?((?:\\+${NAME}\\.[a-z]+)*)(?:/(${NAME}(?:\\+${NAME})*))?$`,
  "u",
);
const ADJECTIVE = new RegExp(`^(${NAME})/(${NAME}(?:\\+${NAME})*)$`, "u");
/** An infinitive, or a name bound to one. */
const INFINITIVE = /^(?:\p{L}*[aeií]r(se)?|\*.+)$/u;
const CAPITAL = /^\p{Lu}/u;

const isProperty = (word: string): word is Property => (PROPERTIES as readonly string[]).includes(word);
const isForm = (word: string): word is Form => (FORMS as readonly string[]).includes(word);

/** What a slot of any type may have. */
type Anything = Partial<
  & Omit<Mention, "type">
  & Omit<Determined, "type">
  & Omit<Counted, "type">
  & Omit<Verb, "type">
  & Omit<Adjective, "type">
>;

/** Parses the text between braces; throws Error that says what is wrong with it. */
export function parseSlot(source: string): Slot {
  const slot = parse(source);
  const { capital, names, property, full, subject, unclear, doubled, determiner, number, name }: Anything =
    slot;
  const { count, infinitive, marker, form, person, attached, agrees, clitic, told, word, phrase }: Anything =
    slot;
  // Every property is present, even if undefined: then all slots have one hidden class, and are read faster.
  const everything: Record<"type" | keyof Anything, unknown> = {
    type: slot.type,
    source,
    capital,
    names,
    property,
    full,
    subject,
    unclear,
    doubled,
    determiner,
    number,
    name,
    count,
    infinitive,
    marker,
    form,
    person,
    attached,
    agrees,
    clitic,
    told,
    word,
    phrase,
  };
  return everything as unknown as Slot;
}

function parse(source: string): Slot {
  const capital = CAPITAL.test(source);
  const text = capital ? source[0].toLowerCase() + source.slice(1) : source;
  const [head, operand, ...rest] = text.trim().split(/\s+/);
  if (!head) throw new Error("a slot is empty: name a binding, such as {a}");
  if (rest.length > 0) throw new Error(`{${source}} has more than two parts, such as {el x} or {perder a}`);
  const common = { source, capital };
  if (operand === undefined) return parseSingle(common, head);
  const match = OPERAND.exec(operand);
  if (!match) {
    throw new Error(`{${source}}: "${operand}" is no name of a binding, such as {el x} or {perder a}`);
  }
  const [, joined, full] = match;
  const names = joined.split("+");
  if (Object.hasOwn(DETERMINERS, head)) {
    if (names.length > 1) throw new Error(`{${source}}: a determiner takes one binding, such as {el x}`);
    const [determiner, number] = DETERMINERS[head];
    return { ...common, type: "determined", determiner, number, name: names[0], full: full === "!" };
  }
  const verb = VERB.exec(head);
  if (verb && (INFINITIVE.test(verb[1]) || verb[1] === "hay")) {
    return parseVerb(common, verb, joined === "_" ? [] : names);
  }
  if (!new RegExp(`^${NAME}$`, "u").test(head) || names.length > 1) {
    throw new Error(`{${source}}: "${head}" is no infinitive, determiner or number`);
  }
  return { ...common, type: "counted", count: head, name: names[0] };
}

function parseSingle(common: Common, head: string): Slot {
  const verb = VERB.exec(head);
  if (verb && INFINITIVE.test(verb[1]) && (verb[2] || (verb[3] && isForm(verb[3])) || verb[5])) {
    return parseVerb(common, verb, []);
  }
  if (verb?.[1] === "hay") return parseVerb(common, verb, []);
  const adjective = ADJECTIVE.exec(head);
  if (adjective) return { ...common, type: "adjective", word: adjective[1], names: adjective[2].split("+") };
  const mention = MENTION.exec(head);
  if (!mention) {
    throw new Error(`{${common.source}} is no slot; see docs/world.md for what may stand in braces`);
  }
  const [, joined, property, full] = mention;
  if (property !== undefined && !isProperty(property)) {
    throw new Error(
      `{${common.source}}: ".${property}" is none of ${PROPERTIES.join(", ")} (of a binding) or ${
        FORMS.join(", ")
      } (of a verb)`,
    );
  }
  return {
    ...{ ...common, type: "mention", names: joined.split("+"), full: full === "!" },
    ...(property === undefined ? {} : { property }),
  };
}

function parseVerb(common: Common, match: RegExpExecArray, names: string[]): Verb {
  const [, infinitive, marker, form, person, attached, agrees] = match;
  if (form !== undefined && !isForm(form)) {
    throw new Error(`{${common.source}}: ".${form}" is none of ${FORMS.join(", ")}`);
  }
  if (form && marker) throw new Error(`{${common.source}}: give "${marker}" or ".${form}", not both`);
  const phrase = infinitive.startsWith("*") ? infinitive.slice(1) : undefined;
  if (phrase && (attached || agrees)) {
    throw new Error(
      `{${common.source}}: what is bound to "${phrase}" takes no pronouns and agrees with nothing`,
    );
  }
  const clitics = attached.split("+").slice(1).map((clitic) => {
    const [name, property] = clitic.split(".");
    if (property !== "lo" && property !== "le" && property !== "se") {
      throw new Error(`{${common.source}}: only .le, .lo and .se can be attached to a verb`);
    }
    return [name, property] as const;
  });
  if (clitics.length > 0 && form && !["infinitive", "gerund", "imperative"].includes(form)) {
    throw new Error(`{${common.source}}: pronouns are attached to an infinitive, a gerund or an imperative`);
  }
  if (form === "imperative" && !person) throw new Error(`{${common.source}}: an imperative needs a person`);
  return {
    ...{ ...common, type: "verb", infinitive, marker: marker as Marker, names, attached: clitics, told: [] },
    ...(phrase ? { phrase } : {}),
    ...(form ? { form } : clitics.length > 0 ? { form: "infinitive" } : {}),
    ...(person ? { person: Number(person) } : {}),
    ...(agrees ? { agrees: agrees.split("+") } : {}),
  };
}
