/** Words questions and answers about a story, with the names by which a reader of its text knows everyone. */
import type { Character } from "../characters.ts";
import { Discourse } from "../discourse.ts";
import { type Entity, entity, isEntity, type Value } from "../entity.ts";
import { agree } from "../grammar/adjectives.ts";
import { inflect } from "../grammar/nouns.ts";
import type { Random } from "../random.ts";
import { type Clause, scopeOf } from "../scope.ts";
import type { Bindings, Event } from "../plan.ts";
import type { Story } from "../stories.ts";
import { setOwner } from "../telling.ts";
import { fragment, type Template } from "../template.ts";
import type { Wordings } from "../wordings.ts";

/** A question without question marks, and its answer as a phrase. */
export interface Asked {
  readonly family: "comprensión" | "extraer" | "no-lo-sé";
  /** What is asked: "where", "why feels", or the name of an action. */
  readonly kind: string;
  readonly question: string;
  readonly answer: string;
  /** Whether it is answered by sí or no. */
  readonly whether?: boolean;
}

/** Tries to make a question; undefined if the text does not support the answer. */
export type Try = () => Asked | undefined;

const LETTER = /\p{L}/u;
/** What a first-person narrator without a name is called. */
const NARRATOR = "quien cuenta la historia";

/** Whether some words occur in a text, as whole words. */
export function standsIn(text: string, words: string): boolean {
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    if (!LETTER.test(text.charAt(at - 1)) && !LETTER.test(text.charAt(at + words.length))) return true;
  }
  return false;
}

export class StoryAsker {
  #stands = new Map<Value, Value>();
  #text: string | undefined;

  constructor(readonly story: Story, readonly random: Random, private readonly wordings: Wordings) {}

  /** The story's text. */
  get #lower(): string {
    return this.#text ??= this.story.text.toLowerCase();
  }

  /** A question of a kind and its answer, in the wordings of comprensión.yaml. */
  ask(
    kind: string,
    bindings: Bindings,
    { family = "comprensión", clauses = {}, answers = `${kind} answer` }: {
      family?: Asked["family"];
      clauses?: Readonly<Record<string, Clause>>;
      /** Name of the wordings of the answer. */
      answers?: string;
    } = {},
  ): Asked {
    const templates = [kind, answers].map((name) => this.random.pick(this.wordings.of(name)));
    const [question, answer] = this.tell(templates, bindings, { clauses });
    return { family, kind, question, answer };
  }

  /** A statement of comprensión.yaml. */
  state(kind: string, bindings: Bindings, clauses: Readonly<Record<string, Clause>> = {}): string {
    return this.tell([this.random.pick(this.wordings.of(kind))], bindings, { clauses })[0];
  }

  /** Sets everything's owner to what it was when an item was told; after the last item, at the end. */
  at(item: number): void {
    this.#stands = new Map();
    const { owners, items } = this.story;
    for (const [thing, owner] of owners) setOwner(thing, owner);
    for (let i = 0; i < item; i++) for (const [thing, owner] of items[i].owners) setOwner(thing, owner);
  }

  atEnd(): void {
    this.at(this.story.items.length);
  }

  /** Renders parts of sentences about the same persons in order; slots such as {c} may stand for clauses. */
  tell(
    templates: readonly Template[],
    bindings: Bindings,
    { clauses = {}, simple = false }: { clauses?: Readonly<Record<string, Clause>>; simple?: boolean } = {},
  ): string[] {
    const discourse = new Discourse();
    const scope = scopeOf({
      ...{ tense: this.story.tense, discourse, ownersKnown: true, simple },
      bindings: this.#bindings(bindings),
      clauses: Object.fromEntries(
        Object.entries(clauses).map(([name, { template, bindings }]) =>
          [name, { template, bindings: this.#bindings(bindings) }] as const
        ),
      ),
    });
    return templates.map((template) => {
      const text = fragment(template, scope, this.random);
      discourse.endSentence();
      return text;
    });
  }

  /** A clause in the simple past or present: "Inés perdió su llave". */
  clause({ template, bindings }: Clause): string {
    return this.tell([template], bindings, { simple: true })[0];
  }

  /** Whether a name occurs in the text. */
  says(name: string): boolean {
    return standsIn(this.story.text, name);
  }

  /** Whether a noun occurs in the text, in singular or plural. */
  saysForm(word: string): boolean {
    const text = this.#lower;
    const stem = word.split(" ")[0].slice(0, -1);
    for (let at = text.indexOf(stem); at >= 0; at = text.indexOf(stem, at + 1)) {
      if (LETTER.test(text.charAt(at - 1))) continue;
      let end = at + stem.length;
      while (end <= at + stem.length + 3 && LETTER.test(text.charAt(end))) end++;
      if (end <= at + stem.length + 3) return true;
    }
    return false;
  }

  /** Whether some words occur in the text; the last may begin a longer one ("su llave" in "su llavero"). */
  begins(words: string): boolean {
    const text = this.#lower;
    for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
      if (!LETTER.test(text.charAt(at - 1))) return true;
    }
    return false;
  }

  /** Whether the text mentions a thing with its adjective: "la llave roja". */
  describes({ noun, number = 1, adjective }: Entity): boolean {
    if (adjective === undefined) return false;
    const phrase = `${inflect(noun, number)} ${agree(adjective, noun.gender, number)}`;
    return this.#lower.includes(phrase);
  }

  /** Whether the passage of an event really says what was done, and mentions all these. */
  tells({ action, item }: Event, values: readonly Value[]): boolean {
    const { mentioned, template } = this.story.passages[item];
    if (
      action && !action.say.includes(template) &&
      template.verbs.isDisjointFrom(action.verbs)
    ) {
      return false;
    }
    return values.every((value) => !isEntity(value) || mentioned.includes(value));
  }

  /** Whether all these were mentioned up to an item, and cannot be confused with others. */
  known(item: number, values: readonly Value[]): boolean {
    const { passages, opening } = this.story;
    return values.every((value) =>
      !isEntity(value) || (!this.#confusable(value) &&
        (passages.some(({ mentioned }, i) => i <= item && mentioned.includes(value)) ||
          opening.some(({ mentioned }) => mentioned.includes(value))))
    );
  }

  /** Whether another thing has the same noun: the paper boats of two persons are both "el barco de papel". */
  #confusable(value: Entity): boolean {
    return value.kind === "thing" &&
      this.story.cast.some((other) =>
        other !== value && isEntity(other) && other.noun.singular === value.noun.singular
      );
  }

  /** Whether the names of all these, or else their nouns, occur in the text. */
  bearsOut(values: readonly Value[]): boolean {
    return values.every((value) => {
      const stand = this.stand(value);
      if (!isEntity(stand) || stand.name === NARRATOR) return true;
      return stand.name === undefined ? this.saysForm(stand.noun.singular) : this.says(stand.name);
    });
  }

  /** Whether all nouns of the cast that an answer contains (such as "bicicleta") occur in the text. */
  tellsWordsOf(answer: string): boolean {
    return this.story.cast.every((one) => {
      if (!isEntity(one) || !answer.includes(one.noun.singular)) return true;
      return this.saysForm(one.noun.singular);
    });
  }

  /** Whether the text mentions someone or something after an item in a passage that tells no event of theirs. */
  toldAfter(item: number, value: Value): boolean {
    const { passages, ending, events } = this.story;
    const accounted = new Set(events.filter(({ args }) => args.includes(value)).map(({ item }) => item));
    return ending?.mentioned.includes(value) ||
      passages.some(({ mentioned }, i) => i > item && !accounted.has(i) && mentioned.includes(value));
  }

  /** The value as the text calls it. */
  stand(value: Value): Value {
    if (!isEntity(value) || value.kind === "place") return value;
    let stand = this.#stands.get(value);
    if (stand === undefined) this.#stands.set(value, stand = this.#called(value));
    return stand;
  }

  /** Relatives are "la prima de Inés", but "su prima" if Inés is among the bindings too. */
  #bindings(bindings: Bindings): Bindings {
    const values = Object.values(bindings);
    return Object.fromEntries(
      Object.entries(bindings).map(([name, value]) => {
        const stand = this.stand(value);
        if (!isEntity(value) || !isEntity(stand) || !stand.complement || !values.includes(value.owner!)) {
          return [name, stand];
        }
        const owner = this.stand(value.owner!) as Entity;
        return [name, entity({ ...stand, complement: undefined, owner })];
      }),
    );
  }

  #called(value: Character): Entity {
    const { name, owner } = value;
    const rest: Entity = { ...value, name: undefined, adjective: undefined, owner: undefined };
    const named = name !== undefined && this.says(name);
    if (value === this.story.narrator && !named) return { ...rest, name: NARRATOR };
    if (named) return { ...rest, kind: "person", name };
    if (value.kind === "thing") {
      return {
        ...rest,
        adjective: this.describes(value) ? value.adjective : undefined,
        owner: owner && this.stand(owner) as Entity,
      };
    }
    if (!owner) return rest;
    const whose = this.stand(owner) as Entity;
    return { ...rest, complement: `de ${whose.name ?? NARRATOR}` };
  }
}
