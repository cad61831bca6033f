/** Writes a played story down: narrator, tense and voice, opening and ending, paragraphs. */
import { Discourse } from "./discourse.ts";
import type { Entity, Value } from "./entity.ts";
import { type Character, relative } from "./characters.ts";
import type { Frame } from "./frames.ts";
import type { Random } from "./random.ts";
import type { Bindings, Item, Plan } from "./plan.ts";
import { scopeOf } from "./scope.ts";
import { render, type Template } from "./template.ts";
import type { Wordings } from "./wordings.ts";

export type Voice = "plain" | "diary" | "letter" | "notice";

/** How a story is told. */
export interface Manner {
  readonly tense: "past" | "present";
  readonly quotes: "dash" | "guillemets";
  readonly voice: Voice;
  /** The protagonist, who tells it in the first person. */
  readonly narrator?: Entity | undefined;
}

/** In the third person, without a particular voice. */
export const PLAIN: Manner = { tense: "past", quotes: "dash", voice: "plain" };

/** A part of a story's text, and whom and what it mentions. */
export interface Passage {
  readonly text: string;
  readonly template: Template;
  readonly mentioned: readonly Value[];
}

export interface Telling {
  readonly text: string;
  readonly opening: readonly Passage[];
  /** What the opening mentions besides the cast, by its names in openings.yaml: t for the town, n for the age. */
  readonly general: Bindings;
  /** One passage per item of the plan. */
  readonly passages: readonly Passage[];
  /** Undefined for a scene. */
  readonly ending?: Passage | undefined;
}

/** Matches wordings that say when something happens: an opening that also does could contradict them. */
const TIMED =
  /mañana|tarde|noche|d[ií]a|\{d\}|lunes|martes|miércoles|jueves|viernes|sábado|domingo|ayer|hoy|una vez|semana|cuando|mientras/iu;
const WEATHER = /llu[ev]|llov|nieve|nev[óa]|viento|\bsol\b|frío|calor|tormenta|niebla|invierno|verano/iu;
const SAD = new Set(
  "triste enojado furioso asustado preocupado avergonzado desilusionado solo aburrido nervioso cansado celoso arrepentido descontento infeliz inquieto"
    .split(" "),
);

/** Cache: the wordings of an item that a narrator can tell, by wordings and by the narrator's roles. */
class Fitting extends WeakMap<readonly Template[], Map<string, readonly Template[]>> {}

export class Teller {
  readonly #fitting = { dash: new Fitting(), guillemets: new Fitting() };
  readonly #timed = new WeakMap<Template, boolean>();
  readonly #weathered = new WeakMap<Frame, boolean>();

  constructor(private readonly openings: Wordings, private readonly endings: Wordings) {}

  /** Draws a manner that the plan's wordings allow. */
  manner(plan: Plan, random: Random): Manner {
    const protagonist = plan.bindings[plan.frames[0].cast[0].name] as Character;
    const tense = random.chance(0.15) ? "present" : "past";
    const may = (manner: Partial<Manner>) =>
      plan.items.every((item) => this.#wordings(item, manner).length > 0);
    const first = random.chance(0.35) && protagonist.kind === "person" && may({ narrator: protagonist });
    const narrator = first ? { narrator: protagonist } : {};
    const quotes = random.chance(0.2) && may({ ...narrator, quotes: "guillemets" }) ? "guillemets" : "dash";
    const voice = tense === "present" ? "plain" : random.weighted<Voice>(
      first
        ? [["plain", 4], ["letter", 2], ["diary", protagonist.age === "child" ? 3 : 0]]
        : [["plain", 15], ["notice", protagonist.kind === "person" ? 1 : 0]],
    );
    return { tense, quotes, voice, ...narrator };
  }

  /** Tells only what happens, without opening and ending. */
  tellScene(plan: Plan, manner: Manner, random: Random): Telling {
    const chosen = this.#chosen(plan, manner, random);
    const text = new Text(random, manner);
    const passages = this.#items(plan, chosen, text);
    return { text: text.text, opening: [], passages, general: {} };
  }

  tell(plan: Plan, manner: Manner, random: Random): Telling {
    const chosen = this.#chosen(plan, manner, random);
    const text = new Text(random, manner);
    const general = new General(plan, random);
    const own = this.#ownOpening(plan, manner, random);
    const open = this.#opening(plan, own ?? chosen[0], manner, random);
    const opening = [text.add(open, general.bindings(open), true)];
    if (own) opening.push(text.add(own, plan.bindings, random.chance(0.3)));
    const passages = this.#items(plan, chosen, text);
    const [end, ownEnd] = this.#ending(plan, manner, random);
    const ending = text.add(end, ownEnd ? plan.bindings : general.bindings(end), random.chance(0.5));
    return { text: text.text, opening, passages, ending, general: general.known };
  }

  /** Chooses a wording for each item; sets all things back to their first owners. */
  #chosen(plan: Plan, manner: Manner, random: Random): Template[] {
    for (const [thing, owner] of plan.owners) setOwner(thing, owner);
    const chosen: Template[] = [];
    for (const item of plan.items) chosen.push(unlike(chosen.at(-1), this.#wordings(item, manner), random));
    return chosen;
  }

  /** Adds each item to the text; things change owners as they are told. */
  #items(plan: Plan, chosen: readonly Template[], text: Text): Passage[] {
    return plan.items.map((item, i) => {
      const passage = text.add(chosen[i], item.bindings, item.apart === true, item);
      for (const [thing, owner] of item.owners) setOwner(thing, owner);
      return passage;
    });
  }

  /** The frame's own opening. It follows a general one, so that few stories begin alike. */
  #ownOpening({ frames: [frame], bindings }: Plan, manner: Manner, random: Random): Template | undefined {
    const own = this.#fit(frame.open, bindings, manner);
    return own.length > 0 && random.chance(0.5) ? random.pick(own) : undefined;
  }

  /** @param first the wording that comes after the opening */
  #opening({ frames, bindings }: Plan, first: Template, manner: Manner, random: Random): Template {
    const [frame] = frames;
    const a = { a: bindings[frame.cast[0].name] };
    if (manner.voice !== "plain") {
      return random.pick(this.#fit(this.openings.of(manner.voice), a, manner));
    }
    if (manner.narrator) return random.pick(this.openings.of("first"));
    const timed = this.#saysWhen(first);
    const kinds: [string, number][] = [["person", 5], ["habit", 4], ["place", 4], ["speech", 2]];
    if (!timed) kinds.push(["day", 4]);
    if (!timed && frame.cast.some(({ sort }) => sort === "weather")) kinds.push(["weather", 4]);
    if (!timed && !this.#speaksOfWeather(frame)) kinds.push(["mild", 3]);
    const fitting = kinds.map(([kind, weight]) =>
      [this.#fit(this.openings.of(kind), a, manner), weight] as const
    ).filter(([templates]) => templates.length > 0);
    return random.pick(random.weighted(fitting));
  }

  #ending(
    { frames, bindings, state }: Plan,
    manner: Manner,
    random: Random,
  ): [template: Template, own: boolean] {
    const a = bindings[frames[0].cast[0].name];
    const general = (
      kind: string,
    ): [Template, boolean] => [random.pick(this.#fit(this.endings.of(kind), { a }, manner)), false];
    if (manner.voice !== "plain") return general(manner.voice);
    const last = frames.length === 1 ? this.#fit(frames[0].end, bindings, manner) : [];
    if (last.length > 0 && random.chance(0.6)) return [random.pick(last), true];
    const feels = state.facts.find(({ predicate, args }) => predicate === "feels" && args[0] === a)?.args[1];
    return general(
      feels === undefined ? "any" : SAD.has(feels as string) ? "sad" : random.pick(["happy", "any"]),
    );
  }

  #saysWhen(template: Template): boolean {
    let known = this.#timed.get(template);
    if (known === undefined) this.#timed.set(template, known = TIMED.test(template.source));
    return known;
  }

  #speaksOfWeather(frame: Frame): boolean {
    let known = this.#weathered.get(frame);
    if (known === undefined) {
      known = [...templatesOf(frame)].some(({ source }) => WEATHER.test(source));
      this.#weathered.set(frame, known);
    }
    return known;
  }

  #wordings(item: Item, manner: Partial<Manner>): readonly Template[] {
    if (item.cause && manner.narrator) {
      const { template, bindings } = item.cause;
      if (this.#fit([template], bindings, manner).length === 0) {
        return this.#fit(item.templates, item.bindings, manner).filter(({ names }) => !names.has("c"));
      }
    }
    return this.#fit(item.templates, item.bindings, manner);
  }

  /** The templates that suit the narrator and the quotes. */
  #fit(templates: readonly Template[], bindings: Bindings, manner: Partial<Manner>): readonly Template[] {
    const { narrator, quotes = "dash" } = manner;
    if (!narrator && quotes === "dash") return templates;
    const roles: string[] = [];
    if (narrator) { for (const name in bindings) if (bindings[name] === narrator) roles.push(name); }
    // A single role is the key itself, as joining and hashing a new string is the slowest part here.
    const key = !narrator ? "nobody narrates" : roles.length === 1 ? roles[0] : roles.join();
    let byKey = this.#fitting[quotes].get(templates);
    if (!byKey) this.#fitting[quotes].set(templates, byKey = new Map());
    let fitting = byKey.get(key);
    if (!fitting) {
      const names = roles.length === 0 ? [""] : roles;
      fitting = templates.filter((template) =>
        (quotes === "dash" || !template.source.includes("—")) &&
        (!narrator || names.every((name) => template.narratedBy(name)))
      );
      byKey.set(key, fitting);
    }
    return fitting;
  }
}

/** Picks a template that does not begin like the one before it, if possible. */
function unlike(before: Template | undefined, templates: readonly Template[], random: Random): Template {
  let chosen = random.pick(templates);
  for (let tries = 0; tries < 3 && chosen.begins === before?.begins; tries++) {
    chosen = random.pick(templates);
  }
  return chosen;
}

export function setOwner(thing: Character, owner: Entity | undefined): void {
  thing.owner = owner;
}

function* templatesOf(frame: Frame): Generator<Template> {
  const walk = function* (steps: Frame["steps"]): Generator<Template> {
    for (const step of steps) {
      if (step.type === "maybe") yield* walk(step.steps);
      else if (step.type === "any") yield* walk(step.options);
      else if (step.type === "choose") { for (const option of step.options) yield* walk(option.steps); }
      else if (step.type === "use") continue;
      else {
        yield* step.say;
        if (step.type === "do" && step.say.length === 0) yield* step.action.say;
      }
    }
  };
  yield* walk(frame.steps);
}

/** A text that grows passage by passage. */
class Text {
  text = "";
  /** Sentences since the last paragraph began. */
  #sentences = 0;
  /** Whether the last line is direct speech. */
  #spoken = false;
  readonly #discourse = new Discourse();

  constructor(private readonly random: Random, private readonly manner: Manner) {}

  add(
    template: Template,
    bindings: Bindings,
    apart: boolean,
    { cause }: { cause?: Item["cause"] } = {},
  ): Passage {
    const mentioned: Value[] = [];
    const { tense, quotes, narrator } = this.manner;
    const breaks = this.text !== "" &&
      (apart || this.#spoken ||
        (this.#sentences >= 3 && this.random.chance(0.35)));
    if (breaks) this.#discourse.endParagraph();
    const clauses = cause && { c: cause };
    const discourse = this.#discourse;
    const scope = { bindings, tense, quotes, discourse, mentioned, ownersKnown: true, narrator, clauses };
    const text = render(template, scopeOf(scope), this.random);
    const speaks = /[—«]/.test(text);
    if (!speaks) this.#discourse.asked = undefined;
    const spoken = speaks && text.startsWith("—") && this.text !== "";
    if (breaks || spoken) this.#sentences = 0;
    this.text += this.text === "" ? text : (breaks || spoken ? "\n" : " ") + text;
    this.#sentences++;
    this.#spoken = speaks && text.startsWith("—", text.lastIndexOf("\n") + 1);
    return { text, template, mentioned };
  }
}

/** Years of age. */
const AGES = { child: [6, 11], adult: [24, 59], old: [66, 88] } as const;

/** Bindings for general openings and endings, drawn when a wording asks for them. */
class General {
  readonly #known: Record<string, Value> = {};

  constructor(private readonly plan: Plan, private readonly random: Random) {}

  get known(): Bindings {
    return this.#known;
  }

  bindings({ names }: Template): Bindings {
    for (const name of names) this.#known[name] ??= this.#draw(name);
    return this.#known;
  }

  #draw(name: string): Value {
    const { random, plan: { draw, frames, bindings, town } } = this;
    const { lexicon, casting } = draw;
    const [{ cast }] = frames;
    const a = bindings[cast[0].name] as Character;
    const bound = (sort: string) => {
      const role = cast.find((role) => role.sort === sort);
      return role && bindings[role.name];
    };
    switch (name) {
      case "a":
        return a;
      case "g": // a thing that can be counted
        return random.pick(lexicon.category("juguete"));
      case "d": // day of the week
        return bound("day") ?? random.pick(lexicon.calendar("día")).singular;
      case "w": // weather
        return bound("weather") ?? random.pick(lexicon.weather);
      case "n": { // years of age
        const [low, high] = AGES[a.age ?? "child"];
        return random.between(low, high);
      }
      case "k": // day of the month
        return random.between(2, 28);
      case "mes":
        return random.pick(lexicon.calendar("mes")).singular;
      case "q": // the addressee of a letter
        return relative(draw, a);
      case "i": { // what the writer is to the addressee
        const q = this.#known.q as Character;
        const kin = lexicon.family.find(({ masculine, feminine }) =>
          [masculine, feminine].includes(q.noun.singular)
        )!;
        const inverse = lexicon.family.find(({ masculine }) => masculine === kin.inverse)!;
        return a.noun.gender === "m" ? inverse.masculine : inverse.feminine;
      }
    }
    return name === "t" && town !== undefined ? town : casting.town();
  }
}
