/** Estimates the length of a story from its plan. */
import type { Frame, Step } from "./frames.ts";
import type { Plan } from "./plan.ts";
import type { Slot } from "./slots.ts";
import type { Part, Template } from "./template.ts";

/** Mean characters of a verb, a name, a pronoun, a noun with article, and of "—", "dijo Ana", "—." around speech. */
const VERB = 6.5, NAME = 5.5, PRONOUN = 3, NOUN = 9, SAYING = 16;

const ofSlot = (slot: Slot) =>
  slot.type === "verb" ? VERB : slot.type !== "mention" ? NOUN : slot.property ? PRONOUN : NAME;

const mean = (lengths: readonly number[]) => lengths.reduce((sum, n) => sum + n, 0) / lengths.length;

/** Mean characters of the parts of a template. */
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

/** Mean characters of some wordings. */
function ofWordings(templates: readonly Template[]): number {
  let length = known.get(templates);
  if (length === undefined) {
    known.set(templates, length = mean(templates.map(({ parts }) => ofParts(parts))));
  }
  return length;
}

/** Mean characters of a story without its opening and ending. */
export function expectedLength({ items }: Plan): number {
  let length = 0;
  for (const { templates } of items) length += ofWordings(templates);
  return length;
}

/** The same for the shortest way to play a frame, with optional colour left out. */
export function leastLength(frame: Frame, frames: ReadonlyMap<string, Frame>): number {
  const ofStep = (step: Step): number => {
    switch (step.type) {
      case "maybe":
      case "any": // possibly nothing can be done
        return 0;
      case "choose":
        return Math.min(...step.options.map(({ steps }) => ofSteps(steps)));
      case "use":
        return leastLength(frames.get(step.frame)!, frames);
      case "do":
        return step.colour ? 0 : ofWordings(step.say.length > 0 ? step.say : step.action.say);
      case "feel": // told by the general wordings, which are short
        return step.colour || step.say.length === 0 ? 0 : ofWordings(step.say);
      case "say":
        return step.colour ? 0 : ofWordings(step.say);
    }
  };
  const ofSteps = (steps: readonly Step[]) => steps.reduce((sum, step) => sum + ofStep(step), 0);
  return ofSteps(frame.steps);
}
