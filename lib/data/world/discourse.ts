import type { Entity } from "./entity.ts";

/** Tracks who was mentioned last, to decide where a name may become a pronoun or be left out. */
export class Discourse {
  /** Subjects of the current sentence and of the one before. */
  #subject: Entity | undefined;
  #before: Entity | undefined;
  /** Persons and animals named in the current sentence and in the one before. */
  #named: Entity[] = [];
  #namedBefore: Entity[] = [];
  /** Everything mentioned. A list, as there are few: looking one up in a set would take longer. */
  readonly #known: object[] = [];
  #left = 0;
  /** Who asked the open question in direct speech. */
  asked: Entity | undefined;
  /** Whose name was repeated although it was clear; it is not repeated a third time in a row. */
  repeated: Entity | undefined;
  /** Who spoke, if direct speech was the last thing told. */
  spoke: Entity | undefined;

  /** Whether it has been mentioned. */
  knows(mentioned: object): boolean {
    return this.#known.includes(mentioned);
  }

  name(mentioned: Entity): void {
    if (!this.#known.includes(mentioned)) this.#known.push(mentioned);
    if ((mentioned.kind === "person" || mentioned.kind === "animal") && !this.#named.includes(mentioned)) {
      this.#named.push(mentioned);
    }
  }

  /** Records the subject of a verb. */
  act(subject: Entity): void {
    this.#subject ??= subject;
  }

  /** Whether it is the subject of the current sentence or, if that has none yet, of the one before. */
  isSubject(entity: Entity): boolean {
    return (this.#subject ?? this.#before) === entity;
  }

  /** Whether nobody has been the subject yet, in the text or the paragraph. */
  get begins(): boolean {
    return this.#before === undefined && this.#subject === undefined;
  }

  /** Whether another person or animal was named in this sentence or, if it has no subject yet, in the one before. */
  hasRivals(entity: Entity): boolean {
    return hasOthers(this.#named, entity) ||
      (this.#subject === undefined && hasOthers(this.#namedBefore, entity));
  }

  /** Whether it is the subject of the current sentence. */
  isCurrentSubject(entity: Entity): boolean {
    return this.#subject === entity;
  }

  /** Whether a pronoun can only mean it: it was the subject of the sentence before, and nobody else was named. */
  clearly(entity: Entity): boolean {
    const subject = this.#subject;
    return this.#before === entity && subject !== undefined && subject !== entity &&
      !hasOthers(this.#named, entity, subject) && !hasOthers(this.#namedBefore, entity, subject);
  }

  endSentence(): void {
    this.spoke = undefined;
    if (this.#subject === undefined && this.#named.length === 0) return;
    this.#before = this.#subject;
    this.#subject = undefined;
    this.#namedBefore = this.#named;
    this.#named = [];
  }

  /** Starts a paragraph: pronouns no longer refer to what was said before. */
  endParagraph(): void {
    this.#before = this.#subject = undefined;
    this.#named = [];
    this.#namedBefore = [];
  }

  /** How the subject of the next verb may be told: left out, as a pronoun, or only by name. */
  subjectOf(entity: Entity): "left out" | "pronoun" | "name" {
    if (entity.kind !== "person" && entity.kind !== "animal") return "name";
    const rivals = hasOthers(this.#named, entity);
    if (this.#subject === entity && !rivals) return "left out";
    if (this.#subject !== undefined) return "name";
    if (this.#before === entity && !rivals && !hasOthers(this.#namedBefore, entity)) return "left out";
    const spoken = this.#before === entity || this.#namedBefore.includes(entity);
    return spoken && entity.kind === "person" && !mistakable(entity, this.#named) &&
        !mistakable(entity, this.#namedBefore)
      ? "pronoun"
      : "name";
  }

  /** Whether a subject may be left out again; after two times the name is repeated. */
  mayLeaveOut(): boolean {
    if (this.#left >= 2) {
      this.#left = 0;
      return false;
    }
    this.#left++;
    return true;
  }
}

/** Whether a list has members other than these two. */
function hasOthers(list: readonly Entity[], one: Entity, two = one): boolean {
  for (const named of list) if (named !== one && named !== two) return true;
  return false;
}

/** Whether "él" or "ella" could also mean another person in the list. */
function mistakable(entity: Entity, list: readonly Entity[]): boolean {
  for (const rival of list) {
    if (rival !== entity && rival.noun.gender === entity.noun.gender && rival.kind === "person") return true;
  }
  return false;
}
