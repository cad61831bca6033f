import { UserError } from "../../errors.ts";
import { Discourse } from "./discourse.ts";
import { agreement, agreementOf, type Entity, isEntity, isNoun, type Value } from "./entity.ts";
import { agree, beforeNoun } from "./grammar/adjectives.ts";
import { and } from "./grammar/conjunctions.ts";
import { definite, indefinite, inflect, type Noun, plural, takesEl } from "./grammar/nouns.ts";
import { numberWord, ordinal } from "./grammar/numbers.ts";
import { attach } from "./grammar/pronouns.ts";
import { gerund, participle, type Person } from "./grammar/verbs.ts";
import type { Random } from "./random.ts";
import { saidBy } from "./saying.ts";
import type { Adjective, Counted, Determined, Mention, Property, Verb } from "./slots.ts";
import type { Part, Template } from "./template.ts";
import { finite } from "./tenses.ts";

/** What happened, as a part of a sentence: "Inés había perdido su llave". */
export interface Clause {
  readonly template: Template;
  readonly bindings: Scope["bindings"];
}

/** What a template is told with. */
export interface Scope {
  readonly bindings: Readonly<Record<string, Value>>;
  /** The tense of the foreground; "past" (preterite) if none is given. */
  readonly tense?: "past" | "present";
  /** Who tells it in the first person. */
  readonly narrator?: Entity;
  /** How direct speech is set. */
  readonly quotes?: "dash" | "guillemets";
  /** Carries from one template of a text to the next who was spoken of. */
  readonly discourse?: Discourse;
  /** What a slot without a binding stands for: {c} in "porque {c}". */
  readonly clauses?: Readonly<Record<string, Clause>>;
  /** What had happened is told as what happened: "Inés perdió" for {perder^ a}. */
  readonly simple?: boolean;
  /** Every owner is known, so that "su" is told of nobody else's and of nothing that is nobody's. */
  readonly ownersKnown?: boolean;
  /** Receives whom and what the text speaks of. */
  readonly mentioned?: Set<Value>;
}

/** After these "yo" is "mí". */
const BEFORE_ME = new Set("a de en por para sin sobre hacia contra ante tras".split(" "));
/** Determiners that single out what is known, so that its adjective can follow. */
const KNOWN = new Set(["el", "un", "este", "ese", "aquel", "su", "mi", "tu", "nuestro"]);
/** Determiners after which the name of someone new is told: "su abuela Rosa", "el perro Canelo". */
const POSSESSIVE = new Set(["su", "mi", "tu"]);
const NAMED_ANIMAL = new Set([...POSSESSIVE, "el"]);
/** Where in direct speech someone is called: "Gracias, abuela". */
const CALLED = /(?:^|[¡¿—«]|, |[.?!] )$/;
/** What one calls one's parents. */
const HOME_NAMES = new Map([["madre", "mamá"], ["padre", "papá"]]);
const ENDS = /[.?!\n]/;
const Y_ALONE = /(^|[^\p{L}])y $/u;
const O_ALONE = /(^|[^\p{L}])o $/u;
const E_BEFORE = /^[«¿¡(]*(?:[iíIÍ](?![aeoáéó])|[hH](?:i(?![aeo])|í))/;
const U_BEFORE = /^[«¿¡(]*[hH]?[oóOÓ]/;

/** One template being told: appends text, and keeps spaces, contractions and the discourse right. */
export class Rendering {
  text = "";
  readonly discourse: Discourse;
  /** The slot that is told stands in direct speech; all of them do inside of {say …}. */
  #speech = false;
  #inSay = false;
  /** A verb of this subject was the last thing told. */
  #verbOf: readonly Value[] | undefined;
  /** Where in the text the verb begins that was told last and that has no pronoun; -1 if something else was told since. */
  #verbAt = -1;
  /** The sentence has "me" for a dative that "a mí" would double. */
  #doubled = false;
  #newline = false;
  /** The mention that is told is the subject of the verb after it. */
  #subjectSlot = false;
  #inClause = false;

  /** Who speaks, inside of {say …}. */
  #speakers: readonly Value[] = [];

  constructor(
    private scope: Scope,
    private readonly random: Random,
    private readonly template: Pick<Template, "names" | "where">,
  ) {
    this.discourse = scope.discourse ?? new Discourse();
  }

  parts(parts: readonly Part[]): void {
    for (const part of parts) {
      if (part.type === "text") this.#literal(part.text, part.speech);
      else if (part.type === "say") this.#say(part.names, part.parts);
      else if (part.type === "choice") {
        if (part.optional && this.random.chance(0.5)) continue;
        this.parts(part.options.length === 1 ? part.options[0] : this.random.pick(part.options));
      } else {
        this.#speech = part.speech || this.#inSay;
        const { slot } = part;
        if (slot.type === "mention") this.#mention(slot);
        else if (slot.type === "determined") this.#determined(slot);
        else if (slot.type === "verb") this.#verb(slot);
        else if (slot.type === "counted") this.#counted(slot);
        else this.#adjective(slot);
      }
    }
  }

  /** Appends; mends spaces, y before i and o before o at the seam. */
  append(chunk: string): void {
    if (chunk === "") return;
    if (this.#newline) {
      if (chunk.trim() === "") return;
      this.#newline = false;
      this.text += "\n";
      chunk = chunk.trimStart();
    }
    const { text } = this;
    const last = text.charAt(text.length - 1);
    const first = chunk.charAt(0);
    if (
      first === " " &&
      (last === "" || last === " " || last === "\n" || last === "¿" || last === "¡" || last === "«")
    ) {
      chunk = chunk.slice(1);
      if (chunk === "") return;
    } else if (last === " " && ".,;:?!»".includes(first)) {
      this.text = text.slice(0, -1);
    } else if (last === "," && ".,;:".includes(first)) {
      this.text = text.slice(0, -1);
    }
    if (last === " ") {
      const conjunction = text.charAt(text.length - 2);
      if (conjunction === "y" && E_BEFORE.test(chunk) && Y_ALONE.test(text)) {
        this.text = text.slice(0, -2) + "e ";
      } else if (conjunction === "o" && U_BEFORE.test(chunk) && O_ALONE.test(text)) {
        this.text = text.slice(0, -2) + "u ";
      }
    }
    this.text += chunk;
  }

  value(name: string): Value {
    const value = this.scope.bindings[name];
    if (value === undefined) throw new UserError(`${this.template.where}: nothing is bound to "${name}"`);
    this.scope.mentioned?.add(value);
    return value;
  }

  values(names: readonly string[]): Value[] {
    return names.map((name) => this.value(name));
  }

  narrates(value: Value): boolean {
    return !this.#speech && value === this.scope.narrator;
  }

  /** The grammatical person of a verb with these subjects. */
  person(subjects: readonly Value[]): Person {
    if (subjects.some((subject) => this.narrates(subject))) return subjects.length > 1 ? 4 : 1;
    return subjects.length > 0 && agreementOf(subjects).number === 2 ? 6 : 3;
  }

  #literal(text: string, speech: boolean): void {
    this.append(text);
    if (text !== " ") this.#verbOf = undefined;
    if (text !== " a ") this.#verbAt = -1;
    if (ENDS.test(text) && !speech && !this.#inSay) {
      this.discourse.endSentence();
      this.#doubled = false;
      if (text.includes("\n")) this.discourse.endParagraph();
    }
  }

  #slot(text: string, capital: boolean): void {
    this.#verbAt = -1;
    this.append(capital && text ? text[0].toUpperCase() + text.slice(1) : text);
  }

  #mention(slot: Mention): void {
    const clause = this.scope.clauses?.[slot.names[0]];
    if (clause) return this.#clause(clause);
    const values = this.values(slot.names);
    if (slot.property) return this.#slot(this.#property(values, slot.property), slot.capital);
    if (values.length > 1) {
      const parts = values.map((value) => this.narrates(value) ? "yo" : this.#named(value, slot.full));
      // Spanish names oneself last: "Luis y yo".
      parts.sort((a, b) => Number(a === "yo") - Number(b === "yo"));
      return this.#slot(and(...parts), slot.capital);
    }
    const [value] = values;
    if (this.narrates(value)) return this.#narrator(slot);
    if (slot.doubled && !slot.full && isEntity(value) && this.#clearDative(value)) {
      this.text = this.text.replace(/ ?a $/, "");
      return;
    }
    if (!slot.full && isEntity(value) && this.#pronounFor(value)) return;
    if (isEntity(value) && slot.subject && !slot.full && !this.#speech) {
      const how = this.discourse.subjectOf(value);
      if (how === "left out" && this.discourse.isCurrentSubject(value)) return;
      if (how === "left out" && !this.#inClause && this.random.chance(0.7) && this.discourse.mayLeaveOut()) {
        return;
      }
      if (how === "pronoun" && this.random.chance(0.35)) {
        return this.#slot(this.#property([value], "he"), slot.capital);
      }
    }
    this.#subjectSlot = slot.subject === true;
    this.#slot(this.#named(value, slot.full), slot.capital);
  }

  /** "le" says enough: "Rogelio estaba contento porque Rosendo le había devuelto la pelota". */
  #clearDative(value: Entity): boolean {
    if (!/(^| )a $/.test(this.text)) return false;
    return this.#inClause
      ? this.discourse.isCurrentSubject(value)
      : this.discourse.clearly(value) && this.random.chance(0.5);
  }

  /** Turns "Wendy cuidó a" into "Wendy lo cuidó" where the one who comes next is clear. */
  #pronounFor(value: Entity): boolean {
    const at = this.#verbAt;
    if (at < 0 || value.kind !== "person" || this.#speech || !this.text.endsWith(" a ")) return false;
    const clear = this.#inClause
      ? this.discourse.isCurrentSubject(value)
      : this.discourse.clearly(value) && this.random.chance(0.4);
    if (!clear) return false;
    this.text = `${this.text.slice(0, at)}${this.#property([value], "lo")} ${this.text.slice(at, -3)}`;
    return true;
  }

  #clause({ template, bindings }: Clause): void {
    const outer = this.scope;
    this.scope = { ...outer, bindings };
    this.#inClause = true;
    this.parts(template.parts);
    this.#inClause = false;
    this.scope = outer;
  }

  /** The word before the text's last space, in lower case. */
  #wordBefore(): string {
    return /(\p{L}+) $/u.exec(this.text)?.[1].toLowerCase() ?? "";
  }

  #narrator(slot: Mention): void {
    const before = this.#wordBefore();
    if (slot.doubled && this.#doubled && before === "a") {
      this.text = this.text.replace(/ ?a $/, "");
    } else if (before === "con") {
      this.text = this.text.slice(0, -1);
      this.append("migo");
    } else if (BEFORE_ME.has(before)) {
      this.append("mí");
    } else if (slot.subject || (this.#verbOf?.length === 1 && this.narrates(this.#verbOf[0]))) {
      if (slot.unclear && this.discourse.begins) return this.#slot("yo", slot.capital);
      const unclear = slot.unclear && this.scope.tense !== "present" &&
        !this.discourse.isSubject(this.scope.narrator!);
      if (this.random.chance(unclear ? 0.8 : 0.1)) this.#slot("yo", slot.capital);
    } else this.#slot("yo", slot.capital);
  }

  /** Name, or article and noun; the adjective at first mention and now and then. */
  #named(value: Value, full: boolean): string {
    if (typeof value === "number") return numberWord(value);
    if (typeof value === "string") return value;
    if (isNoun(value)) return this.#phrase("el", 1, value, full);
    if (this.#speech && (value.kind === "person" || value.kind === "animal")) {
      return this.#spokenOf(value, full);
    }
    const { name, owner } = value;
    const known = this.discourse.knows(value);
    const related = value.kind === "animal" || (value.kind === "person" && owner !== undefined);
    if (
      name === undefined || (related && !known && !full) || (related && !full && this.random.chance(0.15))
    ) {
      if (!related || !owner) return this.#phrase("el", value.number ?? 1, value, full);
      const whose = this.#belonging(owner);
      const phrase = this.#phrase(whose, value.number ?? 1, value, full);
      return whose === "el" && !known && value.kind === "person"
        ? `${phrase} de ${this.#named(owner, false)}`
        : phrase;
    }
    this.discourse.name(value);
    return name;
  }

  /** "su abuela" where it is clear whose, "la abuela" where it would be another's. */
  #belonging(owner: Entity): string {
    if (this.narrates(owner)) return "mi";
    if (!this.scope.ownersKnown || this.#clear(owner)) return "su";
    return this.discourse.begins && this.discourse.knows(owner) ? "su" : "el";
  }

  /** Whether "su" stands for someone: the subject, or another of whom the same template speaks. */
  #clear(owner: Entity): boolean {
    if (this.discourse.isSubject(owner)) return true;
    for (const name of this.template.names) if (this.scope.bindings[name] === owner) return true;
    return false;
  }

  /** Someone in direct speech: "Gracias, abuela", "mi abuela", "Rosa". */
  #spokenOf(value: Entity, full: boolean): string {
    const { name, owner, noun } = value;
    const called = this.#subjectSlot ? false : CALLED.test(this.text);
    if (owner !== undefined && name === undefined) {
      if (called) return HOME_NAMES.get(noun.singular) ?? noun.singular;
      return this.#phrase(this.#speakers.includes(owner) ? "mi" : "el", value.number ?? 1, value, full);
    }
    if (name !== undefined) {
      if (owner === undefined && value.kind === "person") this.discourse.name(value);
      return name;
    }
    if (called && value.kind === "person") return noun.gender === "f" ? "señora" : "señor";
    return this.#phrase("el", value.number ?? 1, value, full);
  }

  #determined(slot: Determined): void {
    const value = this.value(slot.name);
    if (typeof value === "number" || typeof value === "string") {
      throw new UserError(
        `${this.template.where}: {${slot.source}} needs a noun, and "${slot.name}" is ${
          JSON.stringify(value)
        }`,
      );
    }
    const number = slot.number || agreement(value).number;
    let { determiner } = slot;
    if (determiner === "del" || determiner === "al") {
      this.append(determiner === "del" ? "de " : "a ");
      determiner = "el";
    }
    if (determiner === "su" && isEntity(value)) determiner = this.#possessive(value);
    const text = determiner === "el" && isEntity(value) && value.kind === "place" && value.name
      ? this.#named(value, slot.full)
      : this.#phrase(determiner, number, value, slot.full);
    this.#slot(text, slot.capital);
  }

  /** "mi llave" of who narrates; "la llave" where "su" would be another's or nobody's. */
  #possessive({ kind, owner }: Entity): string {
    if (owner && this.narrates(owner)) return "mi";
    if (kind === "person" || kind === "place" || this.#speech || !this.scope.ownersKnown) return "su";
    if (!owner) return "el";
    return this.#clear(owner) ? "su" : "el";
  }

  #phrase(determiner: string, number: 1 | 2, value: Noun | Entity, full: boolean): string {
    const noun = isNoun(value) ? value : value.noun;
    let text = withDeterminer(determiner, noun, number);
    if (determiner === "el" && text.startsWith("el ")) text = this.#contracted(text);
    if (isNoun(value)) return text;
    const adjective = value.adjective !== undefined && KNOWN.has(determiner) &&
      (full || !this.discourse.knows(value) || this.random.chance(0.2));
    const named = value.name !== undefined && !this.discourse.knows(value) &&
      (value.kind === "animal" ? NAMED_ANIMAL : POSSESSIVE).has(determiner);
    this.discourse.name(value);
    if (named) text += ` ${value.name}`;
    if (adjective) text += ` ${agree(value.adjective!, noun.gender, number)}`;
    return value.complement && (full || adjective || value.adjective === undefined)
      ? `${text} ${value.complement}`
      : text;
  }

  /** "el mercado" after "a" or "de": takes the space away and gives "l mercado". */
  #contracted(text: string): string {
    if (!/(^|[^\p{L}])(a|de|A|De) $/u.test(this.text)) return text;
    this.text = this.text.slice(0, -1);
    return text.slice(1);
  }

  #counted(slot: Counted): void {
    const [count, value] = [this.value(slot.count), this.value(slot.name)];
    if (typeof count !== "number" || typeof value === "number" || typeof value === "string") {
      throw new UserError(`${this.template.where}: {${slot.source}} needs a number and a noun`);
    }
    const noun = isNoun(value) ? value : value.noun;
    const adjective = isEntity(value) && value.adjective && !this.discourse.knows(value)
      ? ` ${agree(value.adjective, noun.gender, count === 1 ? 1 : 2)}`
      : "";
    if (isEntity(value)) this.discourse.name(value);
    const text = count === 0
      ? withDeterminer("ningún", noun, 1)
      : count === 1
      ? indefinite(noun, 1)
      : `${numberWord(count, noun.gender)} ${plural(noun)}`;
    this.#slot(text + adjective, slot.capital);
  }

  #adjective(slot: Adjective): void {
    const bound = this.scope.bindings[slot.word];
    const word = typeof bound === "string" ? bound : slot.word;
    const { gender, number } = agreementOf(this.values(slot.names));
    // A word in the plural stays in it: {los/a+b} dos.
    const agreed = word.endsWith("os")
      ? `${word.slice(0, -2)}${gender === "f" ? "as" : "os"}`
      : agree(word, gender, number);
    this.#slot(agreed, slot.capital);
  }

  /** Pronouns and bare forms. */
  #property(values: readonly Value[], property: Property): string {
    const { gender, number } = agreementOf(values);
    const [value] = values;
    const person = this.person(values);
    const i = 2 * (number - 1) + (gender === "f" ? 1 : 0);
    switch (property) {
      case "he":
        return person === 1 ? "yo" : person === 4 ? "nosotros" : ["él", "ella", "ellos", "ellas"][i];
      case "lo":
        return person === 1 ? "me" : person === 4 ? "nos" : ["lo", "la", "los", "las"][i];
      case "le":
        return person === 1 ? "me" : person === 4 ? "nos" : number === 1 ? "le" : "les";
      case "se":
        return person === 1 ? "me" : person === 4 ? "nos" : "se";
      case "a":
        return gender === "f" ? "a" : "o";
      case "digits":
        return String(value);
      case "ordinal":
        if (typeof value !== "number") throw new UserError(`${this.template.where}: .ordinal needs a number`);
        return ordinal(value, "m");
      case "name":
        return isEntity(value) && value.name ? value.name : this.#bare(value, 1);
      case "bare":
        return this.#bare(value, agreement(value).number);
      case "plural":
        return this.#bare(value, 2);
    }
  }

  #bare(value: Value, number: 1 | 2): string {
    if (typeof value === "number") return numberWord(value);
    if (typeof value === "string") return value;
    return inflect(isNoun(value) ? value : value.noun, number);
  }

  #verb(slot: Verb): void {
    const subjects = this.values(slot.names);
    if (slot.form === "participle") {
      const { gender, number } = agreementOf(slot.agrees ? this.values(slot.agrees) : []);
      return this.#slot(
        slot.agrees ? agree(participle(slot.infinitive), gender, number) : participle(slot.infinitive),
        slot.capital,
      );
    }
    const person = (slot.person ?? this.person(subjects)) as Person;
    const clitics = slot.attached.map(([name, property]) => this.#property([this.value(name)], property));
    let text: string;
    if (slot.form === "infinitive" || slot.form === "gerund") {
      text = nonFinite(slot, subjects.length > 0 || slot.person ? person : 3, clitics);
    } else {
      const tense = this.scope.tense ?? "past";
      const marker = this.scope.simple && slot.marker === "^" && slot.names.length > 0 ? "" : slot.marker;
      text = finite(slot.infinitive, slot.form ?? marker, tense, person, slot.clitic?.[1] === "se");
      text = attach(text, clitics);
      if (slot.clitic?.[1] === "le") {
        const whom = this.values(slot.clitic[0].split("+"));
        const pronoun = this.#property(whom, "le");
        if (pronoun === "me" || pronoun === "nos") this.#doubled = true;
        text = `${pronoun} ${text}`;
      }
      if (!this.#speech) {
        this.#verbOf = subjects;
        if (subjects.length === 1 && isEntity(subjects[0])) this.discourse.act(subjects[0]);
      }
    }
    this.#slot(text, slot.capital);
    if (this.#speech || slot.form === "infinitive" || slot.form === "gerund") return;
    this.#verbOf = subjects;
    const bare = subjects.length > 0 && !slot.clitic && !slot.capital && !slot.infinitive.endsWith("se");
    if (bare && clitics.length === 0) this.#verbAt = this.text.length - text.length;
  }

  /** Direct speech as a sentence of its own. */
  #say(names: readonly string[], parts: readonly Part[]): void {
    const speakers = this.values(names);
    const inner = new Rendering(this.scope, this.random, this.template);
    inner.#inSay = inner.#speech = true;
    inner.#speakers = speakers;
    inner.parts(parts);
    const mention = () => {
      if (speakers.length === 1 && this.narrates(speakers[0])) return "";
      return and(...speakers.map((speaker) => this.#named(speaker, false)));
    };
    const verb = (infinitive: string) =>
      finite(infinitive, "", this.scope.tense ?? "past", this.person(speakers), false);
    const speaker = isEntity(speakers[0]) ? speakers[0] : undefined;
    const dash = this.scope.quotes !== "guillemets";
    const said = saidBy({
      text: inner.text,
      mention,
      verb,
      dash,
      speaker,
      discourse: this.discourse,
      random: this.random,
    });
    this.#newline = false;
    if (dash && this.text.trim() !== "") this.text = `${this.text.trimEnd()}\n`;
    this.append(said);
    if (dash) {
      this.discourse.endParagraph();
      this.#newline = true;
    } else this.discourse.endSentence();
  }
}

/** "la llave", "unas llaves", "esta llave", "cuántas llaves". */
export function withDeterminer(determiner: string, noun: Noun, number: 1 | 2): string {
  if (determiner === "el") return definite(noun, number);
  if (determiner === "un") return indefinite(noun, number);
  const bare = inflect(noun, number);
  switch (determiner) {
    case "su":
    case "mi":
    case "tu":
      return `${determiner}${number === 2 ? "s" : ""} ${bare}`;
    case "cada":
      return `cada ${bare}`;
    case "qué":
      return `qué ${bare}`;
    case "todos":
      return `${noun.gender === "f" ? "todas las" : "todos los"} ${bare}`;
    case "algún":
    case "ningún":
      return `${number === 1 && takesEl(noun) ? determiner : agree(determiner, noun.gender, number)} ${bare}`;
    default:
      return `${beforeNoun(determiner, noun, number)} ${bare}`;
  }
}

const REFLEXIVES: readonly string[] = ["", "me", "te", "se", "nos", "os", "se"];

/** Infinitive or gerund with its pronouns; that of a reflexive verb follows the person. */
function nonFinite(slot: Verb, person: Person, clitics: readonly string[]): string {
  const reflexive = slot.infinitive.endsWith("se");
  const infinitive = reflexive ? slot.infinitive.slice(0, -2) : slot.infinitive;
  const form = slot.form === "gerund" ? gerund(infinitive) : infinitive;
  return attach(form, reflexive ? [REFLEXIVES[person], ...clitics] : clitics);
}
