/** What was played of a story: what happened, and what is to be told of it. */
import type { Action } from "./actions.ts";
import type { Character, Draw } from "./characters.ts";
import type { Entity, Value } from "./entity.ts";
import type { Frame } from "./frames.ts";
import type { Clause, Scope } from "./scope.ts";
import type { State } from "./state.ts";
import type { Template } from "./template.ts";

export type Bindings = Scope["bindings"];

/** Something that was done, or a feeling that someone came to have. */
export interface Event {
  readonly action?: Action | undefined;
  readonly feeling?: string | undefined;
  readonly args: readonly Value[];
  /** By the names of the action's roles; of a feeling, `a` and `f`. */
  readonly bindings: Bindings;
  /** What happened, for "porque …". */
  readonly clause: Clause;
  readonly cause?: Cause | undefined;
  /** Number of the item that tells it. */
  readonly item: number;
}

/** Why something was done or felt: an event, or what the frame says. */
export interface Cause extends Clause {
  /** Number of the event. */
  readonly event?: number;
}

/** What is told at a time. */
export interface Item {
  /** One of these is told. */
  readonly templates: readonly Template[];
  readonly bindings: Bindings;
  /** What {c} stands for. */
  readonly cause?: Clause | undefined;
  /** Who owns what after it, where that changes. */
  readonly owners: readonly (readonly [Character, Entity | undefined])[];
  /** It begins a paragraph. */
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
  /** Where it happens, if a frame says so. */
  readonly town?: Value | undefined;
  /** Who owned what at the beginning. */
  readonly owners: readonly (readonly [Character, Entity | undefined])[];
  readonly draw: Draw;
}
