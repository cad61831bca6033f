/** Verb stems: which stem a form has, and how stem and ending are spelled where they meet. */
import { accented, withoutAcute } from "./accents.ts";
import {
  E_I,
  E_IE,
  HIATUS,
  IAR_ACCENTED,
  type Irregular,
  O_UE,
  PLAIN_CER,
  WEAK_STEM_STAYS,
} from "./irregular.ts";

/** Index of the stem vowel that is stressed when the ending is not. */
function stemVowel(stem: string, infinitive: string): number {
  let end = stem.length;
  const glide = /[gq]uir$|[gc]uar$/.test(infinitive) ||
    (infinitive.endsWith("iar") && !infinitive.endsWith("grafiar") && !IAR_ACCENTED.has(infinitive)); // sigo, evacuo, cambio; but envío, actúo
  if (glide) end--;
  if (stem.slice(0, end).endsWith("qu")) end--; // obsequio
  while (end > 0 && !/[aeiouü]/.test(stem[end - 1])) end--;
  const at = end - 1;
  const diphthong = /[iu]/.test(stem[at] ?? "") && /[aeo]/.test(stem[at - 1] ?? "");
  return diphthong && !HIATUS.has(infinitive) ? at - 1 : at;
}

export type Kind = "ar" | "er" | "ir";

/** A verb without pronoun or complements. */
export interface Verb {
  readonly infinitive: string;
  readonly kind: Kind;
  readonly stem: string;
  readonly irregular: Irregular;
}

/** Replaces the last occurrence of a letter in the stem; the spelling differs at the start of a word and after g. */
function replaceLast(stem: string, letter: string, change: string): string {
  const at = stem.lastIndexOf(letter);
  const before = stem.slice(0, at);
  let changed = change;
  if (at === 0 && change === "ie") changed = "ye"; // yerro
  if (at === 0 && change === "ue") changed = "hue"; // huelo
  if (letter === "o" && change === "ue" && before.endsWith("g")) changed = "üe"; // avergüenzo
  return before + changed + stem.slice(at + 1);
}

/** The stem of forms that stress it: pienso, vuelvo, pido, construyo. */
export function strongStem({ infinitive, stem }: Verb): string {
  if (E_IE.has(infinitive)) return replaceLast(stem, stem.includes("e") ? "e" : "i", "ie");
  if (O_UE.has(infinitive)) return replaceLast(stem, stem.includes("o") ? "o" : "u", "ue");
  if (E_I.has(infinitive)) return replaceLast(stem, "e", "i");
  return insertsY(infinitive) ? `${stem.replace(/ü$/, "u")}y` : stem; // construyo, arguyo
}

/** The stem of -ir verbs before ie, ió and in "sintamos": sint-, durm-, pid-. */
export function weakStem({ infinitive, kind, stem }: Verb): string {
  if (kind !== "ir") return stem;
  if (E_I.has(infinitive) || (E_IE.has(infinitive) && !WEAK_STEM_STAYS.has(infinitive))) {
    return replaceLast(stem, "e", "i");
  }
  return O_UE.has(infinitive) ? replaceLast(stem, "o", "u") : stem;
}

/** -uir whose u is a vowel: construir, not seguir. */
export function insertsY(infinitive: string): boolean {
  return /(?:[^gq]u|ü)ir$/.test(infinitive);
}

/** Joins stem and ending, with the spelling that their sounds require. */
export function join(stem: string, ending: string, { kind, infinitive }: Verb): string {
  if (kind === "ar") {
    if (!/^[eé]/.test(ending)) return stem + ending;
    const respelled = stem.replace(/gu$/, "gü").replace(/c$/, "qu").replace(/g$/, "gu").replace(/z$/, "c");
    return respelled + ending;
  }
  if (/^i[eéó]/.test(ending)) {
    if (/(?:ñ|ll)$/.test(stem)) return stem + ending.slice(1); // gruñó
    if (/ü$/.test(stem)) return `${stem.slice(0, -1)}uy${ending.slice(1)}`; // arguyó
    if (/[^gq]u$|[aeo]$/.test(stem)) return `${stem}y${ending.slice(1)}`; // leyó, construyó
    if (stem.endsWith("i")) return stem + ending.slice(1); // rieron
    return stem + ending;
  }
  if (!/^[aáoó]/.test(ending)) return stem + ending;
  if (stem.endsWith("c")) {
    const plain = PLAIN_CER.has(infinitive) || !/[aeiou]c$/.test(stem);
    return `${stem.slice(0, -1)}${plain ? "z" : "zc"}${ending}`; // venzo, conozco
  }
  if (stem.endsWith("g")) return `${stem.slice(0, -1)}j${ending}`; // cojo
  return stem.replace(/gu$/, "g").replace(/qu$/, "c") + ending; // distingo, delinco
}

/** Joins stem and unstressed ending, with an accent on the stem where it is needed. */
export function stemStressed(stem: string, ending: string, verb: Verb): string {
  const joined = join(stem, ending, verb);
  return accented(withoutAcute(joined), stemVowel(stem, verb.infinitive));
}
