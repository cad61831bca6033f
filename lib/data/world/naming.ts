/** Chooses how someone or something is named: "Rosa", "su abuela", "la llave roja", "ella". */
import { UserError } from "../../errors.ts";
import { Discourse } from "./discourse.ts";
import { agreement, agreementOf, type Entity, isEntity, isNoun, type Value } from "./entity.ts";
import { pronoun, withDeterminer } from "./forms.ts";
import { agree } from "./grammar/adjectives.ts";
import { inflect, type Noun } from "./grammar/nouns.ts";
import { numberWord, ordinal } from "./grammar/numbers.ts";
import type { Person } from "./grammar/verbs.ts";
import { Line } from "./line.ts";
import type { Random } from "./random.ts";
import type { Scope } from "./scope.ts";
import type { Property } from "./slots.ts";
import type { Template } from "./template.ts";

/** Determiners after which an entity's adjective may be told. */
const KNOWN = new Set(["el", "un", "este", "ese", "aquel", "su", "mi", "tu", "nuestro"]);
/** Determiners after which a new person's or animal's name is told: "su abuela Rosa", "el perro Canelo". */
const POSSESSIVE = new Set(["su", "mi", "tu"]);
const NAMED_ANIMAL = new Set([...POSSESSIVE, "el"]);
/** Text after which direct speech addresses someone: "Gracias, abuela". */
const CALLED = /(?:^|[¡¿—«]|, |[.?!] )$/;
/** Relatives who are addressed by kinship instead of name; parents are "mamá" and "papá". */
const ELDER = /^(abuel[oa]|madre|padre|tí[oa]|padrino|madrina)$/;
const HOME_NAMES = new Map([["madre", "mamá"], ["padre", "papá"]]);

export class Naming extends Line {
  readonly discourse: Discourse;
  /** Whether the current slot is in direct speech. */
  protected speech = false;
  /** The speakers, inside {say …}. */
  protected speakers: readonly Value[] = [];
  /** Whether the current mention is the subject of the verb after it. */
  protected subjectSlot = false;

  /** Copied once from the scope: scopes have many hidden classes, so reading them is slow. */
  protected bindings: Scope["bindings"];
  protected readonly narrator: Entity | undefined;
  protected readonly tense: "past" | "present";
  protected readonly clauses: Scope["clauses"];
  protected readonly quotes: Scope["quotes"];
  /** Whether the past perfect is told as the simple past. */
  protected readonly simple: boolean;
  readonly #bind: Scope["bind"];
  readonly #mentioned: Value[] | undefined;
  readonly #ownersKnown: boolean;

  constructor(
    protected readonly scope: Scope,
    protected readonly random: Random,
    protected readonly template: Pick<Template, "names" | "where">,
  ) {
    super();
    const { bindings, bind, tense, narrator, quotes, discourse, clauses, simple, ownersKnown, mentioned } =
      scope;
    this.discourse = discourse ?? new Discourse();
    this.bindings = bindings;
    this.narrator = narrator;
    this.tense = tense ?? "past";
    this.clauses = clauses;
    this.quotes = quotes;
    this.simple = simple === true;
    this.#bind = bind;
    this.#mentioned = mentioned;
    this.#ownersKnown = ownersKnown === true;
  }

  /** What a name stands for, if anything. */
  protected bound(name: string): Value | undefined {
    return this.bindings[name] ?? this.#bind?.(name);
  }

  value(name: string): Value {
    const value = this.bound(name);
    if (value === undefined) throw new UserError(`${this.template.where}: nothing is bound to "${name}"`);
    const mentioned = this.#mentioned;
    if (mentioned && !mentioned.includes(value)) mentioned.push(value);
    return value;
  }

  values(names: readonly string[]): Value[] {
    if (names.length === 1) return [this.value(names[0])]; // by far the most common case
    return names.map((name) => this.value(name));
  }

  narrates(value: Value): boolean {
    return !this.speech && value === this.narrator;
  }

  /** The grammatical person of a verb with these subjects. */
  person(subjects: readonly Value[]): Person {
    if (subjects.length === 0) return 3;
    if (subjects.length === 1) {
      const [subject] = subjects;
      return this.narrates(subject) ? 1 : agreement(subject).number === 2 ? 6 : 3;
    }
    return subjects.some((subject) => this.narrates(subject)) ? 4 : 6;
  }

  /** The name, or article and noun; with the adjective at first mention and sometimes later. */
  protected named(value: Value, full: boolean): string {
    if (typeof value === "number") return numberWord(value);
    if (typeof value === "string") return value;
    if (isNoun(value)) return this.phrase("el", 1, value, full);
    if (this.speech && (value.kind === "person" || value.kind === "animal")) {
      return this.#spokenOf(value, full);
    }
    const { name, owner } = value;
    const known = this.discourse.knows(value);
    const related = value.kind === "animal" || (value.kind === "person" && owner !== undefined);
    if (
      name === undefined || (related && !known && !full) || (related && !full && this.random.chance(0.15))
    ) {
      if (!related || !owner) return this.phrase("el", value.number ?? 1, value, full);
      // At first mention the name is told too: "su abuela Ana". "La abuela de Rosa" leaves no place for it.
      const introduced = value.kind === "person" && name !== undefined && !known &&
        this.discourse.knows(owner);
      const whose = introduced && !this.narrates(owner) ? "su" : this.#belonging(owner);
      const phrase = this.phrase(whose, value.number ?? 1, value, full);
      return whose === "el" && !known && value.kind === "person"
        ? `${phrase} de ${this.named(owner, false)}`
        : phrase;
    }
    this.discourse.name(value);
    return name;
  }

  /** The determiner of "su abuela", or of "la abuela" if "su" would point to somebody else. */
  #belonging(owner: Entity): string {
    if (this.narrates(owner)) return "mi";
    if (!this.#ownersKnown || this.#clear(owner)) return "su";
    return this.discourse.begins && this.discourse.knows(owner) ? "su" : "el";
  }

  /** Whether "su" can mean this owner: the subject, or somebody in the same template. */
  #clear(owner: Entity): boolean {
    if (this.discourse.isSubject(owner)) return true;
    for (const name of this.template.names) if (this.bindings[name] === owner) return true;
    return false;
  }

  /** Someone in direct speech: "Gracias, abuela", "mi abuela", "Rosa". */
  #spokenOf(value: Entity, full: boolean): string {
    const { name, owner, noun } = value;
    const called = this.subjectSlot ? false : CALLED.test(this.text.slice(-2));
    if (owner !== undefined && name === undefined) {
      if (called) return HOME_NAMES.get(noun.singular) ?? noun.singular;
      return this.phrase(this.speakers.includes(owner) ? "mi" : "el", value.number ?? 1, value, full);
    }
    if (called && owner !== undefined && this.speakers.includes(owner) && ELDER.test(noun.singular)) {
      return HOME_NAMES.get(noun.singular) ?? noun.singular;
    }
    if (name !== undefined) {
      if (owner === undefined && value.kind === "person") this.discourse.name(value);
      return name;
    }
    if (called && value.kind === "person") return noun.gender === "f" ? "señora" : "señor";
    return this.phrase("el", value.number ?? 1, value, full);
  }

  /** "mi" for the narrator's things, else "su"; "el" where "su" would point to somebody else or to nobody. */
  protected possessive({ kind, owner }: Entity): string {
    if (owner && this.narrates(owner)) return "mi";
    if (kind === "person" || kind === "place" || this.speech || !this.#ownersKnown) return "su";
    if (!owner) return "el";
    return this.#clear(owner) ? "su" : "el";
  }

  protected phrase(determiner: string, number: 1 | 2, value: Noun | Entity, full: boolean): string {
    const noun = isNoun(value) ? value : value.noun;
    let text = withDeterminer(determiner, noun, number);
    if (determiner === "el" && text.startsWith("el ")) text = this.contracted(text);
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

  /** Pronouns, the article alone ("la que", "del que") and bare forms. */
  protected property(values: readonly Value[], property: Property): string {
    const { gender, number } = agreementOf(values);
    const [value] = values;
    switch (property) {
      case "he":
      case "lo":
      case "le":
      case "se":
        return pronoun(property, { person: this.person(values), gender, number });
      case "el":
        if (number === 2) return gender === "f" ? "las" : "los";
        return gender === "f" ? "la" : this.contracted("el");
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
}
