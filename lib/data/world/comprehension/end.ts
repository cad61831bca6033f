/** Questions about the end of a story: where things are, who has or owns them, how many, how someone feels. */
import { isEntity } from "../entity.ts";
import { HOME } from "../sorts.ts";
import type { Fact } from "../state.ts";
import type { Bindings } from "../plan.ts";
import type { Asked, StoryAsker } from "./asker.ts";
import { tellsFeeling } from "./deeds.ts";

/** A question about a final fact that an event of the text brought about, if nothing later could have changed it. */
export function final(asker: StoryAsker, { predicate, args }: Fact): Asked | undefined {
  const { story } = asker;
  const [one, other, third] = args;
  if (predicate === "owns") return owner(asker, args);
  const cause = story.state.causeOf(predicate, args, false);
  if (cause === undefined) return undefined;
  const event = story.events[cause];
  const ask = (kind: string, bindings: Bindings): Asked | undefined => {
    if (!asker.known(event.item, Object.values(bindings))) return undefined;
    if (event.action && predicate !== "feels" && !asker.tells(event, [])) return undefined;
    asker.atEnd();
    return asker.ask(kind, bindings);
  };
  const moved = (who: Fact["args"][0]) => other !== HOME && asker.toldAfter(event.item, who);
  switch (predicate) {
    case "at":
      if (moved(one)) return undefined;
      return isEntity(one) && one.kind === "thing"
        ? ask("where", { x: one, m: other })
        : ask("where is someone", { a: one, m: other });
    case "in":
      return moved(one) ? undefined : ask("where", { x: one, m: other });
    case "has":
      return asker.toldAfter(event.item, other) ? undefined : ask("holder", { a: one, x: other });
    case "count":
      return ask("count", { a: one, x: other, n: third });
    case "feels":
      return tellsFeeling(asker, one, String(other), event.item) && !goesOn(asker, one, event.item)
        ? ask("feels", { a: one, f: other })
        : undefined;
  }
  return undefined;
}

/** Whether the text says more about someone after an item, which may have changed their feeling. */
function goesOn({ story }: StoryAsker, who: Fact["args"][0], item: number): boolean {
  const { passages, ending, events, frames } = story;
  return events.some((event) => event.item > item && event.args.includes(who)) ||
    passages.some(({ mentioned }, i) => i > item && mentioned.includes(who)) ||
    // A general ending is chosen by what the protagonist feels.
    (ending !== undefined && frames[0].end.includes(ending.template) && ending.mentioned.includes(who));
}

/** Asks for an owner, if the text says "su llave" or tells how it was bought or given. */
function owner(asker: StoryAsker, [one, other]: Fact["args"]): Asked | undefined {
  const { story } = asker;
  if (!isEntity(other) || !asker.known(story.items.length, [one, other])) return undefined;
  const possessives = story.narrator === one ? ["mi", "mis"] : ["su", "sus"];
  const cause = story.state.causeOf("owns", [one, other], false);
  const told = cause !== undefined
    ? asker.tells(story.events[cause], [other])
    : possessives.some((word) => asker.begins(`${word} ${other.noun.singular}`));
  if (!told) return undefined;
  asker.atEnd();
  return asker.ask("owner", { a: one, x: other });
}
