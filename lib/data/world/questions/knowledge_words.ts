/** Words as questions of knowledge speak of them. */
import { inflect, plural } from "../grammar/nouns.ts";
import { numberWord } from "../grammar/numbers.ts";
import type { Mention, Word } from "../words.ts";

/** "cuatro patas", "peces", "hierba" */
export const mentioned = ({ noun, plural: many, count }: Mention) =>
  count ? `${numberWord(count, noun.gender)} ${plural(noun)}` : inflect(noun, many ? 2 : 1);

/** Wordings speak of one and of several. */
export const countable = (x: Word) =>
  x.plural !== "-" && x.singular !== plural(x) && !x.categories.has("astro") && x.singular !== "basura";
