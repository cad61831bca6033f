/** Questions about events: who did what, where and to whom; why; in what order; whether it happened. */
import { agree } from "../grammar/adjectives.ts";
import { isEntity, type Value } from "../entity.ts";
import type { Bindings, Event } from "../plan.ts";
import type { Story } from "../stories.ts";
import type { Template } from "../template.ts";
import type { Asked, StoryAsker, Try } from "./asker.ts";

/** An action's own questions about an event. */
export function ofEvent(asker: StoryAsker, event: Event): Try[] {
  const { action, bindings, item } = event;
  return (action?.asks ?? []).map(({ question, answer }) => () => {
    if (ambiguous(asker.story, event, question, answer)) return undefined;
    const given = [...answer.names].map((name) => bindings[name]);
    // A place may have been told earlier; the rest of the answer must be in the passage of the event.
    const places = given.filter((value) => isEntity(value) && value.kind === "place");
    const others = given.filter((value) => !places.includes(value));
    const asked = [...question.names].map((name) => bindings[name]);
    if (!asker.tells(event, others) || !asker.known(item, [...asked, ...places])) return undefined;
    asker.at(item);
    if (!asker.bearsOut(given)) return undefined;
    const [told, phrase] = asker.tell([question, answer], bindings);
    const bare = told.replace(/^¿/, "").replace(/\?$/, "");
    return { family: "comprensión", kind: action!.name, question: uncapitalised(bare), answer: phrase };
  });
}

function uncapitalised(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Whether another event gives a different answer to the same question. */
function ambiguous({ events }: Story, event: Event, question: Template, answer: Template): boolean {
  const asked = [...question.names].filter((name) => !answer.names.has(name));
  const moved = placeAfter(event);
  return events.some((other) => {
    if (other === event) return false;
    if (other.action === event.action) {
      return asked.every((name) => other.bindings[name] === event.bindings[name]) &&
        [...answer.names].some((name) => other.bindings[name] !== event.bindings[name]);
    }
    const place = moved && placeAfter(other);
    return place !== undefined && asked.every((name) => {
      const value = event.bindings[name];
      return (value !== moved!.who || place.who === value) &&
        (value !== moved!.place || place.place === value);
    });
  });
}

/** Who is where after an event, if it moves someone. */
function placeAfter({ action, bindings }: Event): { who: Value; place: Value } | undefined {
  const effect = action?.then.find(({ predicate, denied }) => predicate === "at" && !denied);
  if (!effect) return undefined;
  const [who, place] = effect.arguments.map(({ name, value }) => value ?? bindings[name]);
  return { who, place };
}

export function why(asker: StoryAsker, event: Event): Asked | undefined {
  const { cause, feeling, clause, bindings, item } = event;
  if (cause?.event !== undefined && !asker.tells(asker.story.events[cause.event], [])) return undefined;
  if (!cause || !asker.known(item, [...valuesIn(cause), ...valuesIn(clause)])) return undefined;
  if (feeling) {
    if (!tellsFeeling(asker, event.args[0], feeling, item)) return undefined;
    asker.at(item);
    return asker.ask("why feels", bindings, { clauses: { c: cause } });
  }
  const e = deed(asker, event);
  return e === undefined ? undefined : asker.ask("why deed", { e }, { clauses: { c: cause } });
}

/** Whether the passage of an item contains the word for someone's feeling. */
export function tellsFeeling({ story }: StoryAsker, who: Value, feeling: string, item: number): boolean {
  if (!isEntity(who)) return false;
  const told = agree(feeling, who.noun.gender, who.number ?? 1);
  return story.passages[item].mentioned.includes(who) &&
    story.passages[item].text.toLowerCase().includes(told);
}

/** Asks which of two events came first. */
export function first(asker: StoryAsker, i: number): Asked | undefined {
  const { events } = asker.story;
  const j = i + 1 + asker.random.below(Math.max(1, events.length - i - 1));
  const [one, other] = [deed(asker, events[i]), deed(asker, events[j])];
  if (!one || !other || one === other) return undefined;
  const [e, g] = asker.random.shuffle([one, other]);
  return asker.ask("first", { e, g, c: one });
}

/** Asks what was done next. */
export function after(asker: StoryAsker, i: number): Asked | undefined {
  const { events } = asker.story;
  const [one, other] = [deed(asker, events[i]), deed(asker, events[i + 1])];
  if (!one || !other || events.some((event, k) => k !== i && deed(asker, event) === one)) return undefined;
  return asker.ask("after", { e: one, c: other });
}

/** An event as a sentence; undefined for a feeling, or if the text does not say who did it. */
function deed(asker: StoryAsker, event: Event | undefined): string | undefined {
  if (!event?.action || !asker.tells(event, [event.args[0]])) return undefined;
  if (!asker.known(event.item, valuesIn(event.clause))) return undefined;
  asker.at(event.item);
  return asker.clause(event.clause);
}

export function yes(asker: StoryAsker, event: Event): Asked | undefined {
  const e = deed(asker, event);
  return e === undefined ? undefined : { ...asker.ask("yes", { e, c: e }), whether: true };
}

/** A question whose answer is no: the event with one person, place or thing replaced. */
export function no(asker: StoryAsker, event: Event): Asked | undefined {
  const { story, random } = asker;
  const c = deed(asker, event);
  if (!c) return undefined;
  const { template } = event.clause;
  const role = random.pick(event.action!.roles.filter(({ name }) => template.names.has(name)));
  const others = alike(asker, event, event.bindings[role.name]);
  if (others.length === 0) return undefined;
  const bindings = { ...event.bindings, [role.name]: random.pick(others) };
  if (mayBeSo(story, event, bindings)) return undefined;
  asker.at(event.item);
  const e = asker.clause({ template, bindings });
  if (e === c) return undefined;
  return { ...asker.ask("yes", { e, c }, { answers: "no answer" }), kind: "no", whether: true };
}

/** Others in the story that could take this one's place in the event. */
function alike({ story }: StoryAsker, { bindings }: Event, value: Value): Value[] {
  if (!isEntity(value)) return [];
  const all = new Set([...story.cast, ...story.events.flatMap(({ args }) => args)]);
  return [...all].filter((other) =>
    isEntity(other) && other.kind === value.kind && (other.number ?? 1) === (value.number ?? 1) &&
    other.name !== "casa" && !Object.values(bindings).includes(other)
  );
}

/**
 * Whether the changed event happened too, or one of its effects was true at any time. Another action may have had the
 * same effect: to go and to return, to give and to give back.
 */
export function mayBeSo(
  { events, state }: Pick<Story, "events" | "state">,
  { action, clause }: Pick<Event, "action" | "clause">,
  bindings: Bindings,
): boolean {
  const roles = [...clause.template.names];
  return events.some((event) =>
    event.action === action && roles.every((role) => event.bindings[role] === bindings[role])
  ) || action!.then.some(({ predicate, arguments: args }) =>
    state.was(
      predicate,
      args.map(({ name, value }) => value ?? bindings[name]),
    )
  );
}

const valuesIn = ({ template, bindings }: Event["clause"]): Value[] =>
  [...template.names].map((name) => bindings[name]).filter((value) => value !== undefined);
