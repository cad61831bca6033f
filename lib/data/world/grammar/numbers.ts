/** Numbers in words, ordinals, hours and dates. */
import { agree } from "./adjectives.ts";
import { MONTHS } from "./calendar.ts";
import type { Gender } from "./nouns.ts";

const TO_29 =
  ("cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete " +
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete " +
    "veintiocho veintinueve").split(" ");
const TENS = " diez veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa".split(" ");
const HUNDREDS =
  (" ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos " +
    "novecientos").split(" ");
const ORDINALS =
  ("primero segundo tercero cuarto quinto sexto séptimo octavo noveno décimo undécimo duodécimo " +
    "decimotercero decimocuarto decimoquinto decimosexto decimoséptimo decimoctavo decimonoveno vigésimo")
    .split(" ");

function assertWhole(n: number, low: number, high: number, what: string): void {
  if (!Number.isInteger(n) || n < low || n > high) {
    throw new RangeError(`${what}: expected a whole number from ${low} to ${high}, got ${n}`);
  }
}

/** 0 to 99, as in counting. */
function belowHundred(n: number): string {
  if (n < 30) return TO_29[n];
  return n % 10 ? `${TENS[n / 10 | 0]} y ${TO_29[n % 10]}` : TENS[n / 10];
}

/** 1 to 999, as in counting, but with the hundreds in the gender. */
function belowThousand(n: number, gender: Gender): string {
  if (n === 100) return "cien";
  if (n < 100) return belowHundred(n);
  const word = HUNDREDS[n / 100 | 0];
  const hundreds = gender === "f" && n >= 200 ? `${word.slice(0, -2)}as` : word;
  return n % 100 ? `${hundreds} ${belowHundred(n % 100)}` : hundreds;
}

/** The form of "veintiuno" before a noun of the gender. */
function beforeGender(words: string, gender: Gender): string {
  if (!words.endsWith("uno")) return words;
  if (gender === "f") return `${words.slice(0, -1)}a`;
  return words.endsWith("veintiuno") ? `${words.slice(0, -3)}ún` : words.slice(0, -1);
}

/**
 * A number in words, 0 to 999,999: as in counting ("veintiuno") or, with a gender, in the form before a noun
 * ("veintiún gatos", "veintiuna casas", "doscientas mil casas").
 */
export function numberWord(n: number, gender?: Gender): string {
  assertWhole(n, 0, 999_999, "a number in words");
  if (n === 0) return TO_29[0];
  const thousands = n / 1000 | 0;
  const parts: string[] = [];
  if (thousands === 1) parts.push("mil");
  else if (thousands > 1) parts.push(beforeGender(belowThousand(thousands, gender ?? "m"), "m"), "mil");
  if (n % 1000) parts.push(belowThousand(n % 1000, gender ?? "m"));
  const words = parts.join(" ");
  return gender ? beforeGender(words, gender) : words;
}

/** 1 to 20: "primero", "tercera"; before a masculine noun, see `beforeNoun`. */
export function ordinal(n: number, gender: Gender): string {
  assertWhole(n, 1, ORDINALS.length, "an ordinal");
  return agree(ORDINALS[n - 1], gender, 1);
}

/**
 * The time on a clock of twelve hours: "las tres y media", "la una menos cuarto".
 * @param hours 0 to 24
 * @param exact adds "en punto" to the full hour
 */
export function hour(hours: number, minutes: number, { exact = false }: { exact?: boolean } = {}): string {
  assertWhole(hours, 0, 24, "an hour");
  assertWhole(minutes, 0, 59, "minutes");
  const toNext = minutes > 30;
  const named = (hours + (toNext ? 1 : 0) + 11) % 12 + 1;
  const clock = named === 1 ? "la una" : `las ${numberWord(named)}`;
  if (minutes === 0) return exact ? `${clock} en punto` : clock;
  const distance = toNext ? 60 - minutes : minutes;
  const words = distance === 15
    ? "cuarto"
    : distance === 30
    ? "media"
    : distance === 1
    ? "un minuto"
    : numberWord(distance);
  return `${clock} ${toNext ? "menos" : "y"} ${words}`;
}

/**
 * The part of the day that follows a time as worded by `hour`: "las doce y cuarto del mediodía", but "la una menos
 * cuarto de la tarde".
 * @param hours 0 to 24
 */
export function partOfDay(hours: number, minutes = 0): string {
  assertWhole(hours, 0, 24, "an hour");
  assertWhole(minutes, 0, 59, "minutes");
  const toNext = minutes > 30;
  if (hours % 24 === 0) return toNext ? "de la madrugada" : "de la noche";
  if (hours < 5) return "de la madrugada";
  if (hours < 12) return "de la mañana";
  if (hours === 12) return toNext ? "de la tarde" : "del mediodía";
  return hours < 19 ? "de la tarde" : "de la noche";
}

/** The name of a month, 1 to 12. */
export function monthName(month: number): string {
  assertWhole(month, 1, 12, "a month");
  return MONTHS[month - 1];
}

/** A date in words: "el tres de mayo", "el primero de enero de dos mil cinco". */
export function date(day: number, month: number, year?: number): string {
  assertWhole(day, 1, 31, "a day");
  const words = `el ${day === 1 ? "primero" : numberWord(day)} de ${monthName(month)}`;
  return year === undefined ? words : `${words} de ${numberWord(year)}`;
}
