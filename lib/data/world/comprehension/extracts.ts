/** Questions whose answers can be copied from the text, and questions that it does not answer. */
import { isEntity } from "../entity.ts";
import { and } from "../grammar/conjunctions.ts";
import { numberWord } from "../grammar/numbers.ts";
import type { Bindings } from "../plan.ts";
import { standsIn, type StoryAsker, type Try } from "./asker.ts";

export function extractions(asker: StoryAsker): Try[] {
  const { story } = asker;
  const { general: { t, u, n }, protagonist: a, opening } = story;
  const text = opening[0]?.text ?? "";
  const tries: Try[] = [];
  const add = (kind: string, bindings: Bindings) =>
    tries.push(() => asker.ask(kind, bindings, { family: "extraer" }));
  if (a.name && asker.says(a.name)) {
    add("name", { a });
    add("about", { a });
  }
  const towns = [t, u].filter((town) => town !== undefined && asker.says(town as string));
  if (towns.length === 1 && !casts(asker, "town")) {
    const [town] = towns as string[];
    add("town", { t: town });
    if (happensIn(town, text)) {
      tries.push(() => asker.ask("setting", { t: town }, { family: "extraer", answers: "town answer" }));
    }
  }
  if (n !== undefined && text.includes(`${numberWord(n as number, "m")} años`) && !text.includes("cumpl")) {
    add("age", { a, n });
  }
  for (const [x, colour] of coloured(asker)) add("colour", { x, f: colour });
  const people = names(asker);
  if (people.length > 1) add("people", { l: and(...people) });
  return tries;
}

/** "En Lima, …", "vive en Lima"; not "lejos de Lima", and not direct speech, which may be about another place. */
const happensIn = (town: string, opening: string) =>
  !/—|«/.test(opening) && standsIn(opening.toLowerCase(), `en ${town.toLowerCase()}`);

const casts = ({ story }: StoryAsker, sort: string) =>
  story.frames.some(({ cast }) => cast.some((role) => role.sort === sort));

/** Things whose colour the text mentions. */
function coloured(asker: StoryAsker) {
  const { lexicon } = asker.story.draw;
  return asker.story.cast.flatMap((thing) => {
    if (!isEntity(thing) || thing.kind !== "thing" || !thing.adjective || !asker.describes(thing)) return [];
    const { adjective, ...rest } = thing;
    return lexicon.adjective(adjective)?.category === "colour" ? [[rest, adjective] as const] : [];
  });
}

/** The names of all persons of the story, in the order of the text; none if one of them is not called by name. */
function names(asker: StoryAsker): string[] {
  const { story } = asker;
  if (story.general.q !== undefined) return [];
  const persons = story.cast.filter((one) => isEntity(one) && one.kind === "person");
  const named = persons.map((one) => isEntity(one) ? one.name ?? "" : "");
  if (named.some((name) => name === "" || !asker.says(name))) return [];
  return named.sort((a, b) => story.text.indexOf(a) - story.text.indexOf(b));
}

/** Words that show that a text might answer the question after all. */
const MIGHT_TELL: Readonly<Record<string, RegExp>> = {
  "hour unknown": /hora|minuto|año|grado|siglo/i,
  "name unknown": /apellid|cumpl|maestr|profesor|favorit|talla|calz/i,
  "age unknown": /año|cumpl|nació/i,
  "price unknown": /moneda|peso|cost|pag|preci|dinero|cobr|vend|compr|fabric|kilo|gramo/i,
  "colour unknown":
    /color|roj|azul|verde|amarill|blanc|negr|gris|marr|naranja|rosad|morad|celeste|dorad|platead|pint/i,
};

export function unknown(asker: StoryAsker): Try[] {
  const { story } = asker;
  const ask = (kind: string, bindings: Bindings): Try => () => {
    if (MIGHT_TELL[kind].test(story.text)) return undefined;
    if (!asker.known(story.items.length, Object.values(bindings))) return undefined;
    asker.atEnd();
    return asker.ask(kind, bindings, { family: "no-lo-sé", answers: "unknown answer" });
  };
  const tries = [ask("hour unknown", {})];
  for (const one of story.cast) {
    if (!isEntity(one)) continue;
    if (one.kind === "person") tries.push(ask("name unknown", { a: one }), ask("age unknown", { a: one }));
    if (one.kind === "thing") tries.push(ask("price unknown", { x: one }), ask("colour unknown", { x: one }));
  }
  return tries;
}
