/** Puts names of a story into questions and answers, as the reader of its text knows them. */
import type { Character } from "../characters.ts";
import { Discourse } from "../discourse.ts";
import { type Entity, isEntity, type Value } from "../entity.ts";
import type { Random } from "../random.ts";
import type { Clause } from "../rendering.ts";
import type { Bindings, Event } from "../story.ts";
import type { Story } from "../stories.ts";
import { setOwner } from "../telling.ts";
import { fragment, type Scope, type Template } from "../template.ts";
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

/** Who tells a story and does not say their name. */
const NARRATOR = "quien cuenta la historia";

export class StoryAsker {
  #stands = new Map<Value, Value>();

  constructor(readonly story: Story, readonly random: Random, private readonly wordings: Wordings) {}

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
    const scope: Scope = {
      ...{ tense: this.story.tense, discourse: new Discourse(), ownersKnown: true, simple },
      bindings: this.#bindings(bindings),
      clauses: Object.fromEntries(
        Object.entries(clauses).map(([name, { template, bindings }]) =>
          [name, { template, bindings: this.#bindings(bindings) }] as const
        ),
      ),
    };
    return templates.map((template) => {
      const text = fragment(template, scope, this.random);
      scope.discourse!.endSentence();
      return text;
    });
  }

  /** What happened, in one tense: "Inés perdió su llave". */
  clause({ template, bindings }: Clause): string {
    return this.tell([template], bindings, { simple: true })[0];
  }

  /** Whether the text has a word: as it is, or at the beginning of a sentence. */
  says(words: string): boolean {
    return this.story.text.toLowerCase().includes(words.toLowerCase());
  }

  /** Whether the passage that tells an event speaks of all these. */
  tells({ item }: Event, values: readonly Value[]): boolean {
    const { mentioned } = this.story.passages[item];
    return values.every((value) => !isEntity(value) || mentioned.has(value));
  }

  /** Whether all these were spoken of up to an item. */
  known(item: number, values: readonly Value[]): boolean {
    const { passages, opening } = this.story;
    return values.every((value) =>
      !isEntity(value) || passages.some(({ mentioned }, i) => i <= item && mentioned.has(value)) ||
      opening.some(({ mentioned }) => mentioned.has(value))
    );
  }

  /** Whether the text has the nouns and names of all these. */
  bearsOut(values: readonly Value[]): boolean {
    return values.every((value) => {
      const stand = this.stand(value);
      if (!isEntity(stand) || stand.name === NARRATOR) return true;
      return this.says(stand.name ?? stand.noun.singular.slice(0, -1));
    });
  }

  /** Whether something that no event says is told of someone or something after an item, such as where they sleep. */
  toldAfter(item: number, value: Value): boolean {
    const { passages, ending, events } = this.story;
    const silent = new Set(events.map(({ item }) => item));
    return ending.mentioned.has(value) ||
      passages.some(({ mentioned }, i) => i > item && !silent.has(i) && mentioned.has(value));
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
        const { complement: _, ...rest } = stand;
        return [name, { ...rest, owner: this.stand(value.owner!) as Entity }];
      }),
    );
  }

  #called(value: Character): Entity {
    const { name, adjective, owner, ...rest } = value;
    const named = name !== undefined && this.says(name);
    if (value === this.story.narrator && !named) return { ...rest, name: NARRATOR };
    if (named) return { ...rest, name };
    if (value.kind === "thing") {
      const stem = adjective?.slice(0, -1);
      const known = stem !== undefined && this.says(`${value.noun.singular} ${stem}`);
      return {
        ...rest,
        ...(known && { adjective: adjective! }),
        ...(owner && { owner: this.stand(owner) as Entity }),
      };
    }
    if (!owner) return rest;
    const whose = this.stand(owner) as Entity;
    return { ...rest, complement: `de ${whose.name ?? NARRATOR}` };
  }
}
