/** The state of a story at a moment: where everyone and everything is, who has what, who feels how. */
import type { Predicate } from "./conditions.ts";
import type { Value } from "./entity.ts";

export interface Fact {
  readonly predicate: Predicate;
  readonly args: readonly Value[];
}

/** A fact that became true or false. */
export interface Change extends Fact {
  readonly denied: boolean;
  /** Number of the event that caused it; undefined for what was true from the start. */
  readonly event?: number | undefined;
}

/** The predicates that say where something is, with its index among their arguments. */
const LOCATION: Partial<Record<Predicate, number>> = { at: 0, has: 1, in: 0 };
/** Predicates that hold only once for the same first arguments, with the number of these arguments. */
const SINGLE: Partial<Record<Predicate, number>> = { feels: 1, count: 2 };
const SYMMETRIC: ReadonlySet<Predicate> = new Set(["friends"]);

const same = (a: readonly Value[], b: readonly Value[], n = a.length) => {
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return false;
  return true;
};

export class State {
  readonly #facts: Fact[] = [];
  readonly #changes: Change[] = [];

  /** @param opposite gives the opposite of an adjective: what is open is not closed */
  constructor(private readonly opposite: (adjective: string) => string | undefined) {}

  get facts(): readonly Fact[] {
    return this.#facts;
  }

  holds(predicate: Predicate, args: readonly Value[]): boolean {
    if (predicate === "near") {
      const place = this.placeOf(args[0]);
      return place !== undefined && place === this.placeOf(args[1]);
    }
    if (predicate === "at") return this.placeOf(args[0]) === args[1];
    return this.#find(predicate, args) >= 0;
  }

  /** Makes a fact true, and ends facts that contradict it. */
  set(predicate: Predicate, args: readonly Value[], event?: number): void {
    if (this.#find(predicate, args) >= 0) return;
    const located = LOCATION[predicate];
    if (located !== undefined) this.#endLocation(args[located], event);
    const single = SINGLE[predicate];
    if (single !== undefined) {
      this.#end((fact) => fact.predicate === predicate && same(args, fact.args, single), event);
    } else if (predicate === "owns") {
      this.#end((fact) => fact.predicate === "owns" && fact.args[1] === args[1], event);
    } else if (predicate === "is") {
      const opposite = this.opposite(args[1] as string);
      this.#end(
        (fact) => fact.predicate === "is" && fact.args[0] === args[0] && fact.args[1] === opposite,
        event,
      );
    }
    this.#facts.push({ predicate, args });
    this.#changes.push({ predicate, args, denied: false, event });
  }

  /** Makes a fact false. */
  deny(predicate: Predicate, args: readonly Value[], event?: number): void {
    const at = this.#find(predicate, args);
    if (at >= 0) this.#facts.splice(at, 1);
    this.#changes.push({ predicate, args, denied: true, event });
  }

  /** Whether it was true at any time, including the start. */
  was(predicate: Predicate, args: readonly Value[]): boolean {
    return this.#changes.some((change) =>
      change.predicate === predicate && !change.denied && same(args, change.args)
    );
  }

  /** How many someone has; undefined if unknown. */
  count(who: Value, noun: Value): number | undefined {
    return this.#facts.find(({ predicate, args }) =>
      predicate === "count" && args[0] === who && args[1] === noun
    )?.args[2] as number | undefined;
  }

  /** The place where someone or something is; carried or kept things are where their holder is. */
  placeOf(what: Value): Value | undefined {
    for (let depth = 0; depth < 5; depth++) {
      const found = this.locationOf(what);
      if (!found) return undefined;
      if (found.predicate === "at") return found.args[1];
      what = found.args[found.predicate === "has" ? 0 : 1];
    }
    return undefined;
  }

  /** The fact that says where something is: at a place, had by someone, or in something. */
  locationOf(what: Value): Fact | undefined {
    for (const fact of this.#facts) {
      const at = LOCATION[fact.predicate];
      if (at !== undefined && fact.args[at] === what) return fact;
    }
    return undefined;
  }

  ownerOf(what: Value): Value | undefined {
    for (const { predicate, args } of this.#facts) {
      if (predicate === "owns" && args[1] === what) return args[0];
    }
    return undefined;
  }

  /** The last event that made it true, or false if `denied`. */
  causeOf(predicate: Predicate, args: readonly Value[], denied: boolean): number | undefined {
    return this.#changes.findLast((change) =>
      change.predicate === predicate && change.denied === denied && same(args, change.args)
    )?.event;
  }

  #find(predicate: Predicate, args: readonly Value[]): number {
    for (let i = 0; i < this.#facts.length; i++) {
      const fact = this.#facts[i];
      if (fact.predicate !== predicate) continue;
      if (same(args, fact.args)) return i;
      if (SYMMETRIC.has(predicate) && args[0] === fact.args[1] && args[1] === fact.args[0]) return i;
    }
    return -1;
  }

  #endLocation(what: Value, event: number | undefined): void {
    this.#end(({ predicate, args }) => {
      const at = LOCATION[predicate];
      return at !== undefined && args[at] === what;
    }, event);
  }

  #end(which: (fact: Fact) => boolean, event: number | undefined): void {
    for (let i = this.#facts.length - 1; i >= 0; i--) {
      if (!which(this.#facts[i])) continue;
      const [{ predicate, args }] = this.#facts.splice(i, 1);
      this.#changes.push({ predicate, args, denied: true, event });
    }
  }
}
