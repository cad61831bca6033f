import type { Discourse } from "./discourse.ts";
import type { Entity, Value } from "./entity.ts";
import type { Template } from "./template.ts";

/** What happened, as a part of a sentence: "Inés había perdido su llave". */
export interface Clause {
  readonly template: Template;
  readonly bindings: Scope["bindings"];
}

/** What a template is told with. */
export interface Scope {
  readonly bindings: Readonly<Record<string, Value>>;
  /** Binds a name that is not bound yet; gives none for a name that nothing is known of. */
  readonly bind?: ((name: string) => Value | undefined) | undefined;
  /** The tense of the foreground; "past" (preterite) if none is given. */
  readonly tense?: "past" | "present" | undefined;
  /** Who tells it in the first person. */
  readonly narrator?: Entity | undefined;
  /** How direct speech is set. */
  readonly quotes?: "dash" | "guillemets" | undefined;
  /** Carries from one template of a text to the next who was spoken of. */
  readonly discourse?: Discourse | undefined;
  /** What a slot without a binding stands for: {c} in "porque {c}". */
  readonly clauses?: Readonly<Record<string, Clause>> | undefined;
  /** What had happened is told as what happened: "Inés perdió" for {perder^ a}. */
  readonly simple?: boolean | undefined;
  /** Every owner is known, so that "su" is told of nobody else's and of nothing that is nobody's. */
  readonly ownersKnown?: boolean | undefined;
  /** Receives whom and what the text speaks of. */
  readonly mentioned?: Value[] | undefined;
}

/**
 * The same with every property in its place, whether it is there or not: scopes that are told with most often have one
 * shape, and are read faster.
 */
export function scopeOf(
  { bindings, bind, tense, narrator, quotes, discourse, clauses, simple, ownersKnown, mentioned }: Scope,
): Scope {
  return { bindings, bind, tense, narrator, quotes, discourse, clauses, simple, ownersKnown, mentioned };
}
