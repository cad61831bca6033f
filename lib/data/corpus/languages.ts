/**
 * Tells languages apart by their function words: they make up a third of any running text, and related
 * languages share only some of them.
 */
import { characterTables } from "./characters.ts";

export const LANGUAGES = ["ca", "de", "en", "es", "fr", "it", "pt"] as const;
export type Language = typeof LANGUAGES[number];

/** Frequent function words; accents do not count. */
const WORDS: Record<Language, string> = {
  ca:
    "el la els les un una uns i de del dels al als amb per que no és en es ha han va són com més però si o ni " +
    "seva seu això aquest aquesta tot molt on quan li ho hi doncs perquè també",
  de:
    "der die das den dem des ein eine einen einem einer und oder nicht ist sind war hat haben wird im in am an auf " +
    "aus bei mit nach von vor zu zum zur für über sich es er sie ich wir ihr als wie auch noch nur dass wenn aber",
  en:
    "the of and to in a is that it was for on are as with his they at be this have from or had by but not what all " +
    "were we when your can an which their if will each about how up out them then she he you",
  es:
    "el la los las un una unos unas y e de del al a en con por para que no es son fue era se su sus lo le les me te " +
    "mi tu como más pero si o ni ya muy todo esta este esto ese hay cuando donde porque sin sobre entre también yo os nos sea han hay qué él",
  fr:
    "le la les un une des du de et est en que qui dans il elle ils ce cette ces pour pas au aux par sur avec ne se " +
    "son sa ses plus ou mais nous vous je tu leur été sont être avait comme tout lui où",
  it:
    "il lo la i gli le un uno una di del della dei delle da dal in nel nella con su per tra e ed che non è sono era " +
    "si ci come più ma se o anche questo questa suo sua loro ha hanno al alla quando dove perché",
  pt:
    "o a os as um uma uns umas e de do da dos das em no na nos nas com por pelo pela para que não é são foi era se " +
    "seu sua seus suas lhe ao à como mais mas ou já muito quando onde porque também eu você isso este esta",
};

const SLOTS = 4096;

export interface FunctionWords {
  /** Open addressing: each slot has a word's hash and a bit set of its languages, which is 0 in a free slot. */
  readonly hashes: Int32Array;
  readonly languages: Uint8Array;
}

/** FNV-1a over folded code units, which `measure` computes as it goes. */
export const FNV_START = 0x811c9dc5 | 0;
export const fnv = (hash: number, code: number): number => Math.imul(hash ^ code, 0x01000193);

let table: FunctionWords | undefined;

export function functionWords(): FunctionWords {
  if (table) return table;
  const { folded } = characterTables();
  const hashes = new Int32Array(SLOTS), languages = new Uint8Array(SLOTS);
  for (const [bit, language] of LANGUAGES.entries()) {
    for (const word of WORDS[language].split(" ")) {
      let hash = FNV_START;
      for (let i = 0; i < word.length; i++) hash = fnv(hash, folded[word.charCodeAt(i)]);
      let slot = hash & SLOTS - 1;
      while (languages[slot] !== 0 && hashes[slot] !== hash) slot = slot + 1 & SLOTS - 1;
      hashes[slot] = hash;
      languages[slot] |= 1 << bit;
    }
  }
  return table = { hashes, languages };
}

/** The languages in which a word is a function word, as a bit set. */
export function languagesOf({ hashes, languages }: FunctionWords, hash: number): number {
  let slot = hash & SLOTS - 1;
  while (languages[slot] !== 0) {
    if (hashes[slot] === hash) return languages[slot];
    slot = slot + 1 & SLOTS - 1;
  }
  return 0;
}
