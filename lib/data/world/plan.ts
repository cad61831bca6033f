/** The plan of a story: what happened, and what is to be told. */
import type { Action } from "./actions.ts";
import type { Character, Draw } from "./characters.ts";
import type { Entity, Value } from "./entity.ts";
import type { Frame } from "./frames.ts";
import type { Clause, Scope } from "./scope.ts";
import type { State } from "./state.ts";
import type { Template } from "./template.ts";

export type Bindings = Scope["bindings"];

/** An action that was done, or a feeling that began. */
export interface Event {
  readonly action?: Action | undefined;
  readonly feeling?: string | undefined;
  readonly args: readonly Value[];
  /** The action's roles by name; for a feeling, `a` and `f`. */
  readonly bindings: Bindings;
  /** The event as a clause, for "porque …". */
  readonly clause: Clause;
  readonly cause?: Cause | undefined;
  /** Number of the item that tells it. */
  readonly item: number;
}

/** The reason of an action or feeling: an event, or a clause of the frame. */
export interface Cause extends Clause {
  /** Number of the event. */
  readonly event?: number;
}

/** A unit of telling: one wording. */
export interface Item {
  /** One of these is told. */
  readonly templates: readonly Template[];
  readonly bindings: Bindings;
  /** The clause for {c}. */
  readonly cause?: Clause | undefined;
  /** Changes of ownership: the new owners after this item. */
  readonly owners: readonly (readonly [Character, Entity | undefined])[];
  /** Whether it begins a paragraph. */
  readonly apart?: boolean;
}

export interface Plan {
  readonly items: readonly Item[];
  readonly events: readonly Event[];
  readonly state: State;
  readonly cast: readonly Value[];
  /** The roles of the first frame. */
  readonly bindings: Bindings;
  readonly frames: readonly Frame[];
  /** The town where it happens, if a frame names one. */
  readonly town?: Value | undefined;
  /** Who owned what at the beginning. */
  readonly owners: readonly (readonly [Character, Entity | undefined])[];
  readonly draw: Draw;
}
