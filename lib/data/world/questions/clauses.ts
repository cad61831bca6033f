/** Simple sentences in parts, to be told in any tense, person and form. */
import { Casting } from "../casting.ts";
import { contract, definite, type Gender, indefinite, type Noun, personalA } from "../grammar/nouns.ts";
import { conjugate, gerund, type Person, type Tense } from "../grammar/verbs.ts";
import { withDeterminer } from "../forms.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import type { Word } from "../words.ts";
import { nouns } from "./scene.ts";

export interface Subject {
  /** In lower case except for names: "Ana", "la niña", "yo". */
  readonly text: string;
  readonly person: Person;
  readonly gender: Gender;
}

export interface ClauseObject {
  readonly text: string;
  /** Its direct object pronoun. */
  readonly pronoun: string;
}

export interface Clause {
  readonly subject: Subject;
  readonly verb: string;
  readonly object?: ClauseObject;
  /** Comes last: "en el parque". */
  readonly after?: string;
}

export interface Telling {
  readonly tense?: Tense;
  readonly subject?: Subject;
  readonly withoutSubject?: boolean;
  readonly negated?: boolean;
  readonly pronoun?: boolean;
  readonly progressive?: boolean;
}

const PRONOUNS: Readonly<Record<string, Subject>> = {
  yo: { text: "yo", person: 1, gender: "m" },
  tú: { text: "tú", person: 2, gender: "m" },
  él: { text: "él", person: 3, gender: "m" },
  ella: { text: "ella", person: 3, gender: "f" },
  usted: { text: "usted", person: 3, gender: "m" },
  nosotros: { text: "nosotros", person: 4, gender: "m" },
  ellos: { text: "ellos", person: 6, gender: "m" },
  ellas: { text: "ellas", person: 6, gender: "f" },
  ustedes: { text: "ustedes", person: 6, gender: "m" },
};
export const pronouns = Object.values(PRONOUNS);

/** The subject pronoun for a third-person subject. */
export function pronounFor({ person, gender }: Subject): Subject {
  if (person === 6) return gender === "m" ? PRONOUNS.ellos : PRONOUNS.ellas;
  return gender === "m" ? PRONOUNS.él : PRONOUNS.ella;
}

/** The sentence without capital and full stop. */
export function tell(clause: Clause, telling: Telling = {}): string {
  const subject = telling.subject ?? clause.subject;
  const { object, after } = clause;
  const words = telling.withoutSubject ? [] : [subject.text];
  if (telling.negated) words.push("no");
  const form = verbForm(clause, telling, subject.person);
  words.push(telling.pronoun && object ? withPronoun(form, object.pronoun) : form);
  if (object && !telling.pronoun) words.push(object.text);
  if (after) words.push(after);
  return words.join(" ");
}

function verbForm({ verb }: Clause, { tense = "present", progressive }: Telling, person: Person): string {
  if (!progressive) return conjugate(verb, tense, person);
  return `${conjugate("estar", tense, person)} ${gerund(verb, person)}`;
}

/** Adds a pronoun: "lava" and "lo" give "lo lava"; "se pone" gives "se lo pone". */
function withPronoun(form: string, pronoun: string): string {
  const reflexive = /^(?:me|te|se|nos) /.exec(form)?.[0] ?? "";
  return `${reflexive}${pronoun} ${form.slice(reflexive.length)}`;
}

/** Verbs that need no complement and suit people. */
const ALONE =
  ("cantar bailar correr saltar dormir nadar reír llorar caminar trabajar estudiar jugar descansar viajar " +
    "soñar gritar silbar madrugar cocinar leer escribir dibujar pintar pescar barrer comer cenar desayunar almorzar " +
    "esperar sonreír pensar conversar practicar entrenar remar patinar pasear ayudar escuchar aprender enseñar " +
    "bañarse levantarse acostarse divertirse peinarse vestirse sentarse esconderse despertarse lavarse")
    .split(" ");
/** Adverbials that suit any verb and tense. */
const MANNERS =
  ("con cuidado, despacio, muy bien, por la tarde, por la mañana, temprano, en silencio, con calma, " +
    "de noche, después de comer, con mucho gusto, sin prisa, antes de salir, con alegría, otra vez, en casa, " +
    "en el patio, en la escuela, en el jardín, en el parque, en la plaza, cerca del río").split(", ");
/** People who are told with "mi": "mi hermana". */
const MINE: readonly Noun[] = [
  ...nouns("m", "hermano abuelo tío primo padre vecino amigo maestro hijo"),
  ...nouns("f", "hermana abuela tía prima madre vecina amiga maestra hija"),
];

/** Verbs with a person as their object. */
const TO_PERSONS =
  ("saludar ver buscar esperar cuidar escuchar abrazar visitar acompañar llamar invitar felicitar ayudar mirar " +
    "encontrar").split(" ");

/** Draws sentences from the words of the lexicon. */
export class Clauses {
  readonly #actions: readonly { verb: string; noun: Word }[];
  readonly #alone: readonly string[];
  readonly #people: readonly Word[];

  constructor(readonly lexicon: Lexicon) {
    const things = lexicon.nouns.filter(({ categories, flags, plural }) =>
      !flags.has("pair") &&
      plural !== "-" && !flags.has("part") && !categories.has("animal") && !categories.has("persona")
    );
    this.#actions = things.flatMap((noun) =>
      noun.uses.filter((verb) => /^\p{Ll}+$/u.test(verb)).map((verb) => ({ verb, noun }))
    );
    this.#alone = ALONE.filter((verb) => lexicon.verb(verb));
    this.#people = lexicon.category("persona");
  }

  /** A subject: a name, any third person, or anyone including pronouns. */
  subject(random: Random, kind: "name" | "third" | "any" = "any"): Subject {
    const casting = new Casting(this.lexicon, random);
    const gender = random.pick(["m", "f"] as const);
    const chosen = kind === "name" ? "name" : random.weighted([
      ["name", 4] as const,
      ["noun", 2] as const,
      ["mine", 2] as const,
      ["nouns", 1] as const,
      ["owned", 2] as const,
      ["two", 1] as const,
      ["pronoun", kind === "any" ? 5 : 0] as const,
    ]);
    if (chosen === "name") return { text: casting.name(gender), person: 3, gender };
    if (chosen === "two") {
      return { text: `${casting.name(gender)} y ${this.#notI(casting)}`, person: 6, gender: "m" };
    }
    if (chosen === "pronoun") return random.pick(pronouns);
    if (chosen === "mine") {
      const noun = random.pick(MINE);
      return {
        text: withDeterminer(random.pick(["mi", "mi", "tu"]), noun, 1),
        person: 3,
        gender: noun.gender,
      };
    }
    if (chosen === "owned") return this.#owned(random);
    const noun = random.pick(this.#people);
    if (chosen === "nouns") return { text: definite(noun, 2), person: 6, gender: noun.gender };
    return { text: definite(noun, 1), person: 3, gender: noun.gender };
  }

  /** "el hermano de las niñas": the verb agrees with the first noun, although the other is nearer. */
  #owned(random: Random): Subject {
    const [noun, owner] = [random.pick(MINE), random.pick(this.#people)];
    const number = random.pick([1, 2] as const);
    const owners = owner.plural === "-" ? 1 : (3 - number) as 1 | 2;
    return {
      text: contract(`${definite(noun, number)} de ${definite(owner, owners)}`),
      person: number === 1 ? 3 : 6,
      gender: noun.gender,
    };
  }

  /** A man's name that can follow "y" unchanged (not "e"). */
  #notI(casting: Casting): string {
    for (;;) {
      const name = casting.name("m");
      if (!/^H?[IÍ]/.test(name)) return name;
    }
  }

  /** Someone does something to a thing. */
  withObject(random: Random, subject = this.subject(random)): Clause {
    const { verb, noun } = random.pick(this.#actions);
    return { subject, verb, object: object(random, noun), ...maybe(random, 0.15) };
  }

  /** Someone does something, sometimes with a place or manner. */
  withoutObject(random: Random, subject = this.subject(random)): Clause {
    return { subject, verb: random.pick(this.#alone), ...maybe(random, 0.6) };
  }

  /** Someone does something to someone else. */
  withPerson(random: Random, subject = this.subject(random)): Clause {
    const noun = random.pick(this.#people);
    const number = noun.plural === "-" ? 1 : random.pick([1, 1, 2] as const);
    const pronoun = `${noun.gender === "m" ? "lo" : "la"}${number === 2 ? "s" : ""}`;
    const object = { text: personalA(definite(noun, number)), pronoun };
    return { subject, verb: random.pick(TO_PERSONS), object, ...maybe(random, 0.15) };
  }

  any(random: Random, subject = this.subject(random)): Clause {
    if (random.chance(0.15)) return this.withPerson(random, subject);
    return random.chance(0.65) ? this.withObject(random, subject) : this.withoutObject(random, subject);
  }
}

const maybe = (random: Random, probability: number) =>
  random.chance(probability) ? { after: random.pick(MANNERS) } : {};

function object(random: Random, noun: Word): ClauseObject {
  const countable = noun.flags.has("countable");
  const number = countable && random.chance(0.25) ? 2 : 1;
  const pronoun = `${noun.gender === "m" ? "lo" : "la"}${number === 2 ? "s" : ""}`;
  const text = countable && number === 1 && random.chance(0.3) ? indefinite(noun, 1) : definite(noun, number);
  return { text, pronoun };
}

/** Whether the object is definite, so that a pronoun can replace it. */
export const isDefinite = ({ object }: Clause): boolean =>
  object !== undefined && /^(?:el|la|los|las) /.test(object.text);
