/** Words as questions of knowledge speak of them. */
import { inflect, plural } from "../grammar/nouns.ts";
import { numberWord } from "../grammar/numbers.ts";
import type { Mention, Word } from "../words.ts";

/** "cuatro patas", "peces", "hierba" */
export const mentioned = ({ noun, plural: many, count }: Mention) =>
  count ? `${numberWord(count, noun.gender)} ${plural(noun)}` : inflect(noun, many ? 2 : 1);

/** What has its colour by nature: a boat may be painted. */
const NATURAL = ["animal", "fruta", "verdura", "grano", "flor", "árbol"];

/** The one colour that all of its kind have, if there is one. */
export const ownColour = (x: Word): string | undefined =>
  x.colours.length === 1 && NATURAL.some((category) => x.categories.has(category)) ? x.colours[0] : undefined;

/** Wordings speak of one and of several. */
export const countable = (x: Word) =>
  x.plural !== "-" && x.singular !== plural(x) && !x.categories.has("astro") && x.singular !== "basura";
