/** Renders templates: fills each slot as tense, person and discourse require. */
import { UserError } from "../../errors.ts";
import { agreement, agreementOf, type Entity, isEntity, isNoun, type Value } from "./entity.ts";
import { nonFinite, withDeterminer } from "./forms.ts";
import { agree } from "./grammar/adjectives.ts";
import { and } from "./grammar/conjunctions.ts";
import { type Gender, genderOfPlural, indefinite, plural } from "./grammar/nouns.ts";
import { numberWord } from "./grammar/numbers.ts";
import { attach } from "./grammar/pronouns.ts";
import { gerund, infinitiveFor, isInfinitive, participle, type Person } from "./grammar/verbs.ts";
import { Naming } from "./naming.ts";
import { capital } from "./grammar/capitals.ts";
import { saidBy } from "./saying.ts";
import type { Clause } from "./scope.ts";
import type { Adjective, Counted, Determined, Mention, Verb } from "./slots.ts";
import type { Literal, Part } from "./template.ts";
import { finite } from "./tenses.ts";

/** After these "yo" is "mí". */
const BEFORE_ME = new Set("a de en por para sin sobre hacia contra ante tras".split(" "));
const FIRST_WORD = /^ ?(\p{Ll}+)/u;

/** The rendering of one template: appends text, and keeps spaces, contractions and the discourse right. */
export class Rendering extends Naming {
  /** Whether all of it is direct speech, inside {say …}. */
  #inSay = false;
  /** The subjects of the verb that was told last, if nothing came after it. */
  #verbOf: readonly Value[] | undefined;
  /** Where the last verb begins in the text, if it has no pronoun; -1 if something else was told since. */
  #verbAt = -1;
  /** Whether the sentence has "me" for a dative, which "a mí" would double. */
  #doubled = false;
  #inClause = false;
  /** The last number told in words, and its place; a noun after it may change it ("treinta y uno", "treinta y un"). */
  #number: { readonly n: number; readonly begin: number; readonly end: number } | undefined;

  parts(parts: readonly Part[]): void {
    for (const part of parts) {
      if (part.type === "text") this.#literal(part);
      else if (part.type === "say") this.#say(part.names, part.parts);
      else if (part.type === "choice") {
        if (part.optional && this.random.chance(0.5)) continue;
        this.parts(part.options.length === 1 ? part.options[0] : this.random.pick(part.options));
      } else {
        this.speech = part.speech || this.#inSay;
        const { slot } = part;
        if (slot.type === "mention") this.#mention(slot);
        else if (slot.type === "determined") this.#determined(slot);
        else if (slot.type === "verb") this.#verb(slot);
        else if (slot.type === "counted") this.#counted(slot);
        else this.#adjective(slot);
      }
    }
  }

  #literal({ text, ends, breaks }: Literal): void {
    const counted = this.#number?.end === this.text.length ? this.#number : undefined;
    const gender = counted && genderOfPlural(FIRST_WORD.exec(text)?.[1] ?? "");
    if (gender) this.#agreeNumber(gender);
    this.append(text);
    if (counted && text === " ") this.#number = { ...counted, end: this.text.length };
    if (text !== " ") this.#verbOf = undefined;
    if (text !== " a ") this.#verbAt = -1;
    if (ends && !this.#inSay) {
      this.discourse.endSentence();
      this.#doubled = false;
      if (breaks) this.discourse.endParagraph();
    }
  }

  /** Changes the last number to its form before a noun of the gender. */
  #agreeNumber(gender: Gender): void {
    const { n, begin } = this.#number!;
    const before = this.text.slice(0, begin), after = this.text.slice(begin + numberWord(n).length);
    this.text = before + numberWord(n, gender) + after;
  }

  #slot(text: string, begins: boolean): void {
    this.#verbAt = -1;
    this.append(begins && text ? capital(text) : text);
  }

  #mention(slot: Mention): void {
    const clause = this.clauses?.[slot.names[0]];
    if (clause) return this.#clause(clause);
    if (slot.property) return this.#slot(this.property(this.values(slot.names), slot.property), slot.capital);
    if (slot.names.length > 1) {
      const values = this.values(slot.names);
      const parts = values.map((value) => this.narrates(value) ? "yo" : this.named(value, slot.full));
      // In Spanish "yo" comes last: "Luis y yo".
      parts.sort((a, b) => Number(a === "yo") - Number(b === "yo"));
      return this.#slot(and(...parts), slot.capital);
    }
    const value = this.value(slot.names[0]);
    if (this.narrates(value)) return this.#narrator(slot);
    if (slot.doubled && !slot.full && isEntity(value) && this.#clearDative(value)) {
      this.text = this.text.replace(/ ?a $/, "");
      return;
    }
    if (!slot.full && isEntity(value) && this.#pronounFor(value)) return;
    if (isEntity(value) && slot.subject && !slot.full && !this.speech) {
      const how = this.discourse.subjectOf(value);
      if (how === "left out" && this.discourse.isCurrentSubject(value)) return;
      if (how === "left out" && !this.#inClause) {
        const again = this.discourse.repeated === value;
        this.discourse.repeated = undefined;
        if ((again || this.random.chance(0.7)) && this.discourse.mayLeaveOut()) return;
        this.discourse.repeated = value;
      }
      if (how === "pronoun" && this.random.chance(0.35)) {
        return this.#slot(this.property([value], "he"), slot.capital);
      }
    }
    this.subjectSlot = slot.subject === true;
    this.#slot(this.named(value, slot.full), slot.capital);
    if (typeof value === "number" && !slot.capital) {
      const end = this.text.length;
      this.#number = { n: value, begin: end - numberWord(value).length, end };
    }
  }

  /** Whether "le" is enough: "Rogelio estaba contento porque Rosendo le había devuelto la pelota". */
  #clearDative(value: Entity): boolean {
    if (this.text !== "a " && !this.text.endsWith(" a ")) return false;
    return this.#inClause
      ? this.discourse.isCurrentSubject(value)
      : this.discourse.clearly(value) && this.random.chance(0.5);
  }

  /** Turns "Wendy cuidó a" into "Wendy lo cuidó" if it is clear who "lo" is; returns whether it did. */
  #pronounFor(value: Entity): boolean {
    const at = this.#verbAt;
    if (at < 0 || value.kind !== "person" || this.speech || !this.text.endsWith(" a ")) return false;
    const clear = this.#inClause
      ? this.discourse.isCurrentSubject(value)
      : this.discourse.clearly(value) && this.random.chance(0.4);
    if (!clear) return false;
    this.text = `${this.text.slice(0, at)}${this.property([value], "lo")} ${this.text.slice(at, -3)}`;
    return true;
  }

  #clause({ template, bindings }: Clause): void {
    const outer = this.bindings;
    this.bindings = bindings;
    this.#inClause = true;
    this.parts(template.parts);
    this.#inClause = false;
    this.bindings = outer;
  }

  #narrator(slot: Mention): void {
    const before = this.wordBefore();
    if (slot.doubled && this.#doubled && before === "a") {
      this.text = this.text.replace(/ ?a $/, "");
    } else if (before === "con") {
      this.text = this.text.slice(0, -1);
      this.append("migo");
    } else if (BEFORE_ME.has(before)) {
      this.append("mí");
    } else if (slot.subject || (this.#verbOf?.length === 1 && this.narrates(this.#verbOf[0]))) {
      const rivals = this.discourse.hasRivals(this.narrator!);
      const unclear = slot.unclear && this.tense !== "present" &&
        (rivals || !this.discourse.isSubject(this.narrator!));
      if (this.random.chance(unclear ? rivals || this.discourse.begins ? 1 : 0.7 : 0.04)) {
        this.#slot("yo", slot.capital);
      }
    } else this.#slot("yo", slot.capital);
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
    if (determiner === "su" && isEntity(value)) determiner = this.possessive(value);
    const text = determiner === "el" && isEntity(value) && value.kind === "place" && value.name
      ? this.named(value, slot.full)
      : this.phrase(determiner, number, value, slot.full);
    this.#slot(text, slot.capital);
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
    const bound = this.bound(slot.word);
    const word = typeof bound === "string" ? bound : slot.word;
    const { gender, number } = agreementOf(this.values(slot.names));
    // A word given in the plural stays plural: {los/a+b} dos.
    const agreed = word.endsWith("os")
      ? `${word.slice(0, -2)}${gender === "f" ? "as" : "os"}`
      : agree(word, gender, number);
    this.#slot(agreed, slot.capital);
  }

  #verb(slot: Verb): void {
    const subjects = this.values(slot.names);
    if (slot.form === "participle" && slot.phrase === undefined) {
      const { gender, number } = agreementOf(slot.agrees ? this.values(slot.agrees) : []);
      return this.#slot(
        slot.agrees ? agree(participle(slot.infinitive), gender, number) : participle(slot.infinitive),
        slot.capital,
      );
    }
    const person = (slot.person ?? this.person(subjects)) as Person;
    if (slot.phrase !== undefined) return this.#phrase(slot, slot.phrase, person, subjects);
    const clitics = slot.attached.map(([name, property]) => this.property([this.value(name)], property));
    let text: string;
    if (slot.form === "infinitive" || slot.form === "gerund") {
      text = nonFinite(slot, subjects.length > 0 || slot.person ? person : 3, clitics);
    } else {
      text = attach(this.#finite(slot, person), clitics);
      if (slot.clitic?.[1] === "le") {
        const pronoun = this.property(this.values(slot.clitic[0]), "le");
        if (pronoun === "me" || pronoun === "nos") this.#doubled = true;
        text = `${pronoun} ${text}`;
      }
      if (!this.speech) {
        this.#verbOf = subjects;
        if (subjects.length === 1 && isEntity(subjects[0])) this.discourse.act(subjects[0]);
      }
    }
    this.#slot(text, slot.capital);
    if (this.speech || slot.form === "infinitive" || slot.form === "gerund") return;
    this.#verbOf = subjects;
    const bare = subjects.length > 0 && !slot.clitic && !slot.capital && !slot.infinitive.endsWith("se");
    if (bare && clitics.length === 0) this.#verbAt = this.text.length - text.length;
  }

  /** A phrase that is bound to a name, its verb in the form of the slot: "lavó los platos". */
  #phrase(slot: Verb, name: string, person: Person, subjects: readonly Value[]): void {
    const phrase = this.value(name);
    if (typeof phrase !== "string" || !isInfinitive(phrase)) {
      throw new UserError(
        `${this.template.where}: {${slot.source}} needs an infinitive, and "${name}" is ${
          JSON.stringify(phrase)
        }`,
      );
    }
    const { form } = slot;
    if (form === "participle") return this.#slot(participle(phrase), slot.capital);
    if (form === "infinitive") return this.#slot(infinitiveFor(phrase, person), slot.capital);
    if (form === "gerund") return this.#slot(gerund(phrase, person), slot.capital);
    this.#slot(finite(phrase, form ?? slot.marker, this.tense, person, false), slot.capital);
    if (this.speech) return;
    this.#verbOf = subjects;
    if (subjects.length === 1 && isEntity(subjects[0])) this.discourse.act(subjects[0]);
  }

  /** The verb's form. The slot caches it, as conjugation is the slowest part of rendering a verb. */
  #finite(slot: Verb, person: Person): string {
    const simple = this.simple && slot.marker === "^" && slot.names.length > 0;
    const form = slot.form ?? (simple ? "" : slot.marker);
    const key = 4 * person + (this.tense === "past" ? 2 : 0) + (simple ? 1 : 0);
    return slot.told[key] ??= finite(slot.infinitive, form, this.tense, person, slot.clitic?.[1] === "se");
  }

  /** Renders direct speech as a separate sentence. */
  #say(names: readonly string[], parts: readonly Part[]): void {
    const speakers = this.values(names);
    const inner = new Rendering(this.scope, this.random, this.template);
    inner.#inSay = inner.speech = true;
    inner.speakers = speakers;
    inner.parts(parts);
    const mention = () => {
      if (speakers.length === 1 && this.narrates(speakers[0])) return "";
      return and(...speakers.map((speaker) => this.named(speaker, false)));
    };
    const verb = (infinitive: string) => finite(infinitive, "", this.tense, this.person(speakers), false);
    const speaker = isEntity(speakers[0]) ? speakers[0] : undefined;
    const dash = this.quotes !== "guillemets";
    const said = saidBy({
      text: inner.text,
      mention,
      verb,
      dash,
      speaker,
      discourse: this.discourse,
      random: this.random,
    });
    this.newline = false;
    if (dash && this.text.trim() !== "") this.text = `${this.text.trimEnd()}\n`;
    this.append(said);
    if (dash) {
      this.discourse.endParagraph();
      this.discourse.spoke = speaker;
      this.newline = true;
    } else this.discourse.endSentence();
  }
}
