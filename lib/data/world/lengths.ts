/** How long a story is likely to become, by its plan alone. */
import type { Frame, Step } from "./frames.ts";
import type { Plan } from "./plan.ts";
import type { Slot } from "./slots.ts";
import type { Part, Template } from "./template.ts";

/** Characters that a verb, a name or pronoun, and a noun with its article come to; and "—", "dijo Ana", "—." around speech. */
const VERB = 6.5, NAME = 5.5, PRONOUN = 3, NOUN = 9, SAYING = 16;

const ofSlot = (slot: Slot) =>
  slot.type === "verb" ? VERB : slot.type !== "mention" ? NOUN : slot.property ? PRONOUN : NAME;

const mean = (lengths: readonly number[]) => lengths.reduce((sum, n) => sum + n, 0) / lengths.length;

/** Characters that parts of a template come to on average. */
function ofParts(parts: readonly Part[]): number {
  let length = 0;
  for (const part of parts) {
    if (part.type === "text") length += part.text.length;
    else if (part.type === "slot") length += ofSlot(part.slot);
    else if (part.type === "say") length += SAYING + ofParts(part.parts);
    else length += (part.optional ? 0.5 : 1) * mean(part.options.map(ofParts));
  }
  return length;
}

const known = new WeakMap<readonly Template[], number>();

/** Characters that one of some wordings comes to on average. */
function ofWordings(templates: readonly Template[]): number {
  let length = known.get(templates);
  if (length === undefined) {
    known.set(templates, length = mean(templates.map(({ parts }) => ofParts(parts))));
  }
  return length;
}

/** Characters that what happens in a story comes to on average, without its opening and its ending. */
export function expectedLength({ items }: Plan): number {
  let length = 0;
  for (const { templates } of items) length += ofWordings(templates);
  return length;
}

/** The same of the shortest that a frame can become where mere colour is left out. */
export function leastLength(frame: Frame, frames: ReadonlyMap<string, Frame>): number {
  const ofStep = (step: Step): number => {
    switch (step.type) {
      case "maybe":
      case "any": // what can be done, if anything can
        return 0;
      case "choose":
        return Math.min(...step.options.map(({ steps }) => ofSteps(steps)));
      case "use":
        return leastLength(frames.get(step.frame)!, frames);
      case "do":
        return step.colour ? 0 : ofWordings(step.say.length > 0 ? step.say : step.action.say);
      case "feel": // one of many wordings for all frames, which are short
        return step.colour || step.say.length === 0 ? 0 : ofWordings(step.say);
      case "say":
        return step.colour ? 0 : ofWordings(step.say);
    }
  };
  const ofSteps = (steps: readonly Step[]) => steps.reduce((sum, step) => sum + ofStep(step), 0);
  return ofSteps(frame.steps);
}
