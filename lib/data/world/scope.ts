import type { Discourse } from "./discourse.ts";
import type { Entity, Value } from "./entity.ts";
import type { Template } from "./template.ts";

/** An event as a part of a sentence: "Inés había perdido su llave". */
export interface Clause {
  readonly template: Template;
  readonly bindings: Scope["bindings"];
}

/** What a template is rendered with. */
export interface Scope {
  readonly bindings: Readonly<Record<string, Value>>;
  /** Binds a name that is not bound yet; undefined for an unknown name. */
  readonly bind?: ((name: string) => Value | undefined) | undefined;
  /** The tense of the foreground; "past" (preterite) if none is given. */
  readonly tense?: "past" | "present" | undefined;
  /** Who tells it in the first person. */
  readonly narrator?: Entity | undefined;
  /** How direct speech is set. */
  readonly quotes?: "dash" | "guillemets" | undefined;
  /** Carries over who was mentioned, from one template of a text to the next. */
  readonly discourse?: Discourse | undefined;
  /** What a slot without a binding stands for: {c} in "porque {c}". */
  readonly clauses?: Readonly<Record<string, Clause>> | undefined;
  /** Tell the past perfect as the simple past: "Inés perdió" for {perder^ a}. */
  readonly simple?: boolean | undefined;
  /** All owners are known, so "su" must not be used for things of somebody else or of nobody. */
  readonly ownersKnown?: boolean | undefined;
  /** Receives everyone and everything that the text mentions. */
  readonly mentioned?: Value[] | undefined;
}

/**
 * The same scope with every property present, even if undefined: then the scopes used most often have one hidden class
 * (shape), and are read faster.
 */
export function scopeOf(
  { bindings, bind, tense, narrator, quotes, discourse, clauses, simple, ownersKnown, mentioned }: Scope,
): Scope {
  return { bindings, bind, tense, narrator, quotes, discourse, clauses, simple, ownersKnown, mentioned };
}
