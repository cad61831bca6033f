/** How questions of knowledge mention words. */
import { inflect, plural } from "../grammar/nouns.ts";
import { numberWord } from "../grammar/numbers.ts";
import type { Mention, Word } from "../words.ts";

/** "cuatro patas", "peces", "hierba" */
export const mentioned = ({ noun, plural: many, count }: Mention) =>
  count ? `${numberWord(count, noun.gender)} ${plural(noun)}` : inflect(noun, many ? 2 : 1);

/** Categories of things with a natural colour; a boat may be painted. */
const NATURAL = ["animal", "fruta", "verdura", "grano", "flor", "árbol"];

/** The colour that all things of this kind have, if there is one. */
export const ownColour = (x: Word): string | undefined =>
  x.colours.length === 1 && NATURAL.some((category) => x.categories.has(category)) ? x.colours[0] : undefined;

/** Whether wordings can mention it in singular and plural. */
export const countable = (x: Word) =>
  x.plural !== "-" && x.singular !== plural(x) && !x.categories.has("astro") && x.singular !== "basura";
