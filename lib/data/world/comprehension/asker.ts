/** Puts names of a story into questions and answers, as the reader of its text knows them. */
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

/** A question as it is asked, without marks, and its answer: a phrase. */
export interface Asked {
  readonly family: "comprensión" | "extraer" | "no-lo-sé";
  /** What is asked: "where", "why feels", or the name of an action. */
  readonly kind: string;
  readonly question: string;
  readonly answer: string;
  /** It is answered by sí or no. */
  readonly whether?: boolean;
}

/** Tries a question; gives none if the text does not bear the answer out. */
export type Try = () => Asked | undefined;

const LETTER = /\p{L}/u;
/** Who tells a story and does not say their name. */
const NARRATOR = "quien cuenta la historia";

/** Whether a text has some words, and not as parts of longer ones. */
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

  /** A line of comprensión.yaml that states something. */
  state(kind: string, bindings: Bindings, clauses: Readonly<Record<string, Clause>> = {}): string {
    return this.tell([this.random.pick(this.wordings.of(kind))], bindings, { clauses })[0];
  }

  /** Makes everything belong to whom it belonged when an item was told; after the last, at the end. */
  at(item: number): void {
    this.#stands = new Map();
    const { owners, items } = this.story;
    for (const [thing, owner] of owners) setOwner(thing, owner);
    for (let i = 0; i < item; i++) for (const [thing, owner] of items[i].owners) setOwner(thing, owner);
  }

  atEnd(): void {
    this.at(this.story.items.length);
  }

  /** Parts of sentences, told one after the other of the same persons; {c} and others may stand for clauses. */
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

  /** What happened, in one tense: "Inés perdió su llave". */
  clause({ template, bindings }: Clause): string {
    return this.tell([template], bindings, { simple: true })[0];
  }

  /** Whether the text has a name. */
  says(name: string): boolean {
    return standsIn(this.story.text, name);
  }

  /** Whether the text has a noun, in any number. */
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

  /** Whether the text has some words, the last of which may go on: "su llave", in "su llavero" too. */
  begins(words: string): boolean {
    const text = this.#lower;
    for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
      if (!LETTER.test(text.charAt(at - 1))) return true;
    }
    return false;
  }

  /** Whether the text tells a thing with its adjective: "la llave roja". */
  describes({ noun, number = 1, adjective }: Entity): boolean {
    if (adjective === undefined) return false;
    const phrase = `${inflect(noun, number)} ${agree(adjective, noun.gender, number)}`;
    return this.#lower.includes(phrase);
  }

  /** Whether the passage that tells an event says what was done, and speaks of all these. */
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

  /** Whether all these were spoken of up to an item, and cannot be taken for another of their kind. */
  known(item: number, values: readonly Value[]): boolean {
    const { passages, opening } = this.story;
    return values.every((value) =>
      !isEntity(value) || (!this.#confusable(value) &&
        (passages.some(({ mentioned }, i) => i <= item && mentioned.includes(value)) ||
          opening.some(({ mentioned }) => mentioned.includes(value))))
    );
  }

  /** Two paper boats of two persons are both "el barco de papel". */
  #confusable(value: Entity): boolean {
    return value.kind === "thing" &&
      this.story.cast.some((other) =>
        other !== value && isEntity(other) && other.noun.singular === value.noun.singular
      );
  }

  /** Whether the text has the nouns and names of all these. */
  bearsOut(values: readonly Value[]): boolean {
    return values.every((value) => {
      const stand = this.stand(value);
      if (!isEntity(stand) || stand.name === NARRATOR) return true;
      return stand.name === undefined ? this.saysForm(stand.noun.singular) : this.says(stand.name);
    });
  }

  /** Whether the text has those nouns of the cast that an answer has, such as "bicicleta" of an action's own words. */
  tellsWordsOf(answer: string): boolean {
    return this.story.cast.every((one) => {
      if (!isEntity(one) || !answer.includes(one.noun.singular)) return true;
      return this.saysForm(one.noun.singular);
    });
  }

  /** Whether something is told of someone or something after an event that no event accounts for. */
  toldAfter(item: number, value: Value): boolean {
    const { passages, ending, events } = this.story;
    const accounted = new Set(events.filter(({ args }) => args.includes(value)).map(({ item }) => item));
    return ending?.mentioned.includes(value) ||
      passages.some(({ mentioned }, i) => i > item && !accounted.has(i) && mentioned.includes(value));
  }

  /** Someone or something under the name by which the text calls it. */
  stand(value: Value): Value {
    if (!isEntity(value) || value.kind === "place") return value;
    let stand = this.#stands.get(value);
    if (stand === undefined) this.#stands.set(value, stand = this.#called(value));
    return stand;
  }

  /** Relatives are told by whose they are, unless that one is spoken of too: "su prima", "la prima de Inés". */
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
