/** Plays a frame: casts its roles, runs its steps on a state, and records what happened. telling.ts writes it down. */
import { UserError } from "../../errors.ts";
import type { Action, Checked } from "./actions.ts";
import { Casting } from "./casting.ts";
import type { Character, Draw } from "./characters.ts";
import { type Entity, isEntity, type Value } from "./entity.ts";
import type { Any, Do, Feel, Frame, Step, Use } from "./frames.ts";
import type { Lexicon } from "./lexicon.ts";
import type { Random } from "./random.ts";
import type { Bindings, Cause, Event, Item, Plan } from "./plan.ts";
import { type Argument, HOME } from "./sorts.ts";
import { State } from "./state.ts";
import type { Template } from "./template.ts";

/** What stories are made of. */
export interface StoryWorld {
  readonly lexicon: Lexicon;
  readonly frames: ReadonlyMap<string, Frame>;
  /** Wordings of feelings, by adjective or "any", with and without a cause. */
  readonly feelings: ReadonlyMap<string, readonly Template[]>;
  /** How someone's feeling is told after "porque": "{a} {estar~ a} {f/a}". */
  readonly feelingClause: Template;
  /** Wordings that begin the next day. */
  readonly next: readonly Template[];
}

/** No change of owners. */
const NOBODYS: Item["owners"] = [];
/** Deepest nesting of frames; beyond it, a frame must be using itself. */
const DEPTH = 8;

export class Play {
  readonly #items: Item[] = [];
  readonly #events: Event[] = [];
  readonly #state: State;
  readonly #cast: Character[] = [];
  readonly #owners: [Character, Entity | undefined][] = [];
  readonly #frames: Frame[] = [];
  readonly #draw: Draw;
  #bindings: Record<string, Value> = {};
  #depth = 0;
  #town: Value | undefined;

  constructor(
    private readonly world: StoryWorld,
    private readonly random: Random,
    private readonly short: boolean,
  ) {
    const { lexicon } = world;
    this.#state = new State((adjective) => lexicon.adjective(adjective)?.opposite);
    this.#draw = {
      ...{ random, lexicon, kin: new Set(), casting: new Casting(lexicon, random) },
      role: (name) => this.#bindings[name],
    };
  }

  /** Plays frames in a row, all with the protagonist of the first. @throws {UserError} if a frame has a fault */
  play(frames: readonly Frame[]): Plan {
    const [first, ...others] = frames;
    const bindings = this.#perform(first, {});
    const protagonist = bindings[first.cast[0].name];
    for (const frame of others) {
      this.#nextDay();
      const bindings = { a: protagonist };
      this.#say({ templates: this.world.next, bindings, owners: NOBODYS, cause: undefined, apart: true });
      this.#perform(frame, { [frame.cast[0].name]: protagonist });
    }
    return {
      ...{ items: this.#items, events: this.#events, state: this.#state, cast: this.#cast, bindings },
      ...{ frames: this.#frames, town: this.#town, owners: this.#owners, draw: this.#draw },
    };
  }

  /** Casts the roles of a frame that are not given, and runs it. */
  #perform(frame: Frame, given: Bindings): Bindings {
    this.#frames.push(frame);
    const outer = this.#bindings;
    this.#bindings = {};
    const fresh: Value[] = [];
    for (const role of frame.cast) {
      const value = given[role.name] ??
        (role.name === "t" ? this.#town ??= role.draw(this.#draw) : role.draw(this.#draw));
      this.#bindings[role.name] = value;
      if (given[role.name] === undefined && isEntity(value)) fresh.push(value);
    }
    this.#start(frame, fresh);
    this.#run(frame.steps);
    const bindings = this.#bindings;
    this.#bindings = outer;
    return bindings;
  }

  /** Sets a frame's starting facts. In a frame used by another, only those about new values; the rest must hold. */
  #start(frame: Frame, fresh: readonly Value[]): void {
    for (const condition of frame.start) {
      const { predicate, denied, where, source } = condition;
      const args = this.#values(condition.arguments);
      if (this.#state.holds(predicate, args) !== denied) continue;
      if (!args.some((arg) => fresh.includes(arg)) && this.#depth > 0) {
        throw new UserError(
          `${where}: "${frame.name}" begins with "${source}", which is not so where it is used; ${
            this.#whereabouts(args[0])
          }`,
        );
      }
      if (denied) this.#state.deny(predicate, args);
      else this.#state.set(predicate, args);
    }
    for (const value of fresh) this.#settle(value as Character);
  }

  /** Default facts: people and owned animals are at home unless the frame says otherwise; friends are friends. */
  #settle(value: Character): void {
    this.#cast.push(value);
    const state = this.#state;
    if (value.kind === "person") {
      if (!state.locationOf(value)) state.set("at", [value, HOME]);
      if (value.owner && /^amig[oa]$/.test(value.noun.singular)) state.set("friends", [value, value.owner]);
      return;
    }
    if (value.kind === "place") return;
    const owner = state.ownerOf(value) as Entity | undefined;
    if (value.kind === "animal" && owner && !state.locationOf(value)) state.set("at", [value, HOME]);
    if (owner) value.owner = owner;
    this.#owners.push([value, owner]);
  }

  #run(steps: readonly Step[]): void {
    for (const step of steps) {
      if ("colour" in step && step.colour && this.short) continue;
      if (step.type === "say") {
        const bindings = this.#bindings;
        this.#say({ templates: step.say, bindings, owners: NOBODYS, cause: undefined, apart: false });
      } else if (step.type === "do") this.#do(step);
      else if (step.type === "feel") this.#feel(step);
      else if (step.type === "maybe") {
        if (this.random.chance(0.5)) this.#run(step.steps);
      } else if (step.type === "choose") {
        this.#run(this.random.weighted(step.options.map(({ weight, steps }) => [steps, weight])));
      } else if (step.type === "any") this.#any(step);
      else this.#use(step);
    }
  }

  #use({ frame, roles, where }: Use): void {
    if (++this.#depth > DEPTH) {
      throw new UserError(`${where}: "${frame}" uses itself in a circle; take one use out`);
    }
    const given = Object.fromEntries([...roles].map(([inner, outer]) => [inner, this.#bindings[outer]]));
    this.#perform(this.world.frames.get(frame)!, given);
    this.#depth--;
  }

  /** Performs possible actions: an action is drawn first, then its arguments. */
  #any({ options, times }: Any): void {
    const done = new Set<Do>();
    for (let n = this.random.between(...times); n > 0; n--) {
      const possible = Map.groupBy(
        options.filter((option) => !done.has(option) && this.#possible(option)),
        ({ action }) => action,
      );
      if (possible.size === 0) return;
      const step = this.random.pick(this.random.pick([...possible.values()]));
      done.add(step);
      this.#do(step);
    }
  }

  #possible({ action, args }: Do): boolean {
    const bindings = bindingsOf(action, this.#values(args));
    return action.needs.every((need) =>
      this.#state.holds(need.predicate, valuesOf(need.arguments, bindings)) !== need.denied
    ) && action.then.every((effect) =>
      effect.change === undefined || this.#changed(valuesOf(effect.arguments, bindings), effect.change) >= 0
    );
  }

  /** The count after a change; NaN if the count before is unknown. */
  #changed([who, what, n]: readonly Value[], change: 1 | -1): number {
    return (this.#state.count(who, what) ?? NaN) + change * (n as number);
  }

  #do(step: Do): void {
    const { action } = step;
    const args = this.#values(step.args);
    const bindings = bindingsOf(action, args);
    for (const need of action.needs) this.#require(need, bindings, step);
    const cause = this.#because(step.because) ?? this.#causeOf(action, bindings);
    const number = this.#events.length;
    const clause = { template: action.clause, bindings };
    this.#events.push({
      action,
      feeling: undefined,
      args,
      bindings,
      item: this.#items.length,
      clause,
      cause,
    });
    const owners: [Character, Entity | undefined][] = [];
    for (const effect of action.then) {
      const owned = this.#effect(effect, bindings, number, step);
      if (owned) owners.push(owned);
    }
    const own = step.say.length > 0;
    this.#say({
      ...{ templates: own ? step.say : action.say, bindings: own ? this.#bindings : bindings },
      ...{ owners, cause, apart: false },
    });
  }

  #feel(step: Feel): void {
    const [who] = this.#values([step.who]);
    const { feeling } = step;
    const cause = this.#because(step.because) ??
      this.#caused(this.#lastDeed());
    const bindings = { a: who, f: feeling };
    const number = this.#events.length;
    const clause = { template: this.world.feelingClause, bindings };
    this.#events.push({
      ...{ action: undefined, feeling, args: [who], bindings, item: this.#items.length, clause, cause },
    });
    this.#state.set("feels", [who, feeling], number);
    const own = step.say.length > 0;
    this.#say({
      templates: own ? step.say : this.#wordingsOf(feeling, cause !== undefined),
      ...{ bindings: own ? this.#bindings : bindings, owners: NOBODYS, cause, apart: false },
    });
  }

  /** The wordings of a feeling; half of the feelings with a cause are told with it. */
  #wordingsOf(feeling: string, caused: boolean): readonly Template[] {
    const { feelings } = this.world;
    const kind = caused && this.random.chance(0.5) ? " because" : "";
    const own = feelings.get(feeling + kind);
    return own && this.random.chance(0.6) ? own : feelings.get(`any${kind}`)!;
  }

  #because(templates: readonly Template[]): Cause | undefined {
    if (templates.length === 0) return undefined;
    return { template: this.random.pick(templates), bindings: this.#bindings };
  }

  /** The last event that made one of the action's reasons true. */
  #causeOf(action: Action, bindings: Bindings): Cause | undefined {
    for (const { predicate, denied, ...reason } of action.because) {
      const args = valuesOf(reason.arguments, bindings);
      if (this.#state.holds(predicate, args) === denied) continue;
      const event = this.#state.causeOf(predicate, args, denied);
      if (event !== undefined) return this.#caused(event);
    }
    return undefined;
  }

  /** Number of the action just before; -1 if something else was told since. */
  #lastDeed(): number {
    const last = this.#events.findLastIndex(({ action }) => action);
    const told = this.#items.length - 1;
    const feelings = this.#events.length - 1 - last;
    const { action, item } = this.#events[last] ?? {};
    return action?.causes && item === told - feelings ? last : -1;
  }

  #caused(event: number): Cause | undefined {
    return event < 0 ? undefined : { ...this.#events[event].clause, event };
  }

  #require(need: Checked, bindings: Bindings, { where, action }: Do): void {
    const args = valuesOf(need.arguments, bindings);
    if (this.#state.holds(need.predicate, args) !== need.denied) return;
    throw new UserError(
      `${where}: "${action.name}" needs "${need.source}", which is not so here: ${
        args.map((arg) => this.#whereabouts(arg)).filter(Boolean).join(", ")
      }; put it under start, or first do what makes it so`,
    );
  }

  /** Changes the state; returns things with new owners. */
  #effect(
    { predicate, denied, change, source, ...effect }: Checked,
    bindings: Bindings,
    event: number,
    { where, action }: Do,
  ): [Character, Entity | undefined] | undefined {
    const state = this.#state;
    let args = valuesOf(effect.arguments, bindings);
    if (change) {
      const now = this.#changed(args, change);
      if (!(now >= 0)) {
        throw new UserError(
          `${where}: "${action.name}" makes "${source}", but there are not so many; put count under start`,
        );
      }
      args = [args[0], args[1], now];
    }
    if (denied) state.deny(predicate, args, event);
    else state.set(predicate, args, event);
    return predicate === "owns" ? [args[1] as Character, denied ? undefined : args[0] as Entity] : undefined;
  }

  /** A night passes: everyone is at home, and feelings and states are gone. */
  #nextDay(): void {
    const state = this.#state;
    for (const one of this.#cast) if (one.kind === "person") state.set("at", [one, HOME]);
    for (const { predicate, args } of [...state.facts]) {
      if (predicate === "feels" || predicate === "is") state.deny(predicate, args);
    }
  }

  #values(args: readonly Argument[]): Value[] {
    return valuesOf(args, this.#bindings);
  }

  #say(item: Item): void {
    this.#items.push(item);
  }

  /** Says where something is, for messages. */
  #whereabouts(value: Value): string {
    const nameOf = (one: Value) => isEntity(one) ? one.name ?? one.noun.singular : String(one);
    const found = isEntity(value) ? this.#state.locationOf(value) : undefined;
    return found ? `it is "${found.predicate} ${found.args.map(nameOf).join(" ")}"` : "";
  }
}

/** An action's arguments by the names of its roles. */
function bindingsOf({ roles }: Action, args: readonly Value[]): Record<string, Value> {
  const bindings: Record<string, Value> = {};
  for (let i = 0; i < args.length; i++) bindings[roles[i].name] = args[i];
  return bindings;
}

function valuesOf(args: readonly Argument[], bindings: Bindings): Value[] {
  const values: Value[] = [];
  for (const { name, value } of args) values.push(value ?? bindings[name]);
  return values;
}
