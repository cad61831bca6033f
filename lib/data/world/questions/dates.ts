/** Dates, weeks and other units of time, birthdays and appointments. */
import { Casting } from "../casting.ts";
import { DAYS } from "../grammar/calendar.ts";
import type { Noun } from "../grammar/nouns.ts";
import { monthName } from "../grammar/numbers.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import { drawNumerals, type Numerals } from "./numerals.ts";
import { plan, someone } from "./plans.ts";
import type { Bindings, Task } from "./tasks.ts";

const [DAY, WEEK] = [{ singular: "día", gender: "m" }, { singular: "semana", gender: "f" }] as const;
const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** "5 de mayo", "cinco de mayo", "primero de mayo". */
function dateOf(day: number, month: number, numerals: Numerals): string {
  return `${day === 1 ? "primero" : numerals.number(day)} de ${monthName(month)}`;
}

/** A date and another one a few days later or earlier, never across the end of February. */
function inDays(random: Random, lexicon: Lexicon): Bindings {
  const numerals = drawNumerals(random);
  const month = random.between(1, 12);
  const length = DAYS_OF_MONTH[month - 1];
  const weeks = random.chance(0.2);
  const n = weeks ? 7 * random.between(1, 2) : random.between(1, 6);
  const later = random.chance(0.7);
  const day = random.between(1, length);
  const then = later ? day + n : day - n;
  if (then < 1 || (then > length && (month === 2 || month === 12))) return inDays(random, lexicon);
  const [overDay, overMonth] = then > length ? [then - length, month + 1] : [then, month];
  return {
    ...{ date: dateOf(day, month, numerals), r: dateOf(overDay, overMonth, numerals) },
    ...{ n: weeks ? numerals.count(n / 7, WEEK) : numerals.count(n, DAY) },
    ...plan(random, lexicon, later),
  };
}

function tomorrow(random: Random): Bindings {
  const numerals = drawNumerals(random);
  const month = random.between(1, 12);
  const day = random.between(2, DAYS_OF_MONTH[month - 1] - 1);
  const [asked, n] = random.pick([["será mañana", 1], ["fue ayer", -1]] as const);
  return { date: dateOf(day, month, numerals), asked, r: dateOf(day + n, month, numerals) };
}

function daysBetween(random: Random, lexicon: Lexicon): Bindings {
  const numerals = drawNumerals(random);
  const month = random.between(1, 12);
  const [first, last] = random.sample(Array.from({ length: 28 }, (_, i) => i + 1), 2).sort((a, b) => a - b);
  if (last - first > 12) return daysBetween(random, lexicon);
  const n = last - first;
  return {
    a: someone(random, lexicon),
    ...{ date: dateOf(first, month, numerals), end: dateOf(last, month, numerals) },
    ...{ r: numerals.number(n), rd: numerals.count(n, DAY), left: n === 1 ? "Falta" : "Faltan" },
  };
}

const UNITS: readonly (readonly [large: Noun, small: Noun, factor: number, most: number])[] = [
  [WEEK, DAY, 7, 5],
  [DAY, { singular: "hora", gender: "f" }, 24, 3],
  [{ singular: "hora", gender: "f" }, { singular: "minuto", gender: "m" }, 60, 5],
  [{ singular: "minuto", gender: "m" }, { singular: "segundo", gender: "m" }, 60, 3],
  [{ singular: "año", gender: "m" }, { singular: "mes", gender: "m" }, 12, 4],
  [{ singular: "década", gender: "f" }, { singular: "año", gender: "m" }, 10, 5],
  [{ singular: "siglo", gender: "m" }, { singular: "año", gender: "m" }, 100, 3],
];

function units(random: Random, lexicon: Lexicon): Bindings {
  const numerals = drawNumerals(random);
  const [large, small, factor, most] = random.pick(UNITS);
  const n = random.weighted([[1, 3], [random.between(2, most), 2]]);
  const r = n * factor;
  return {
    ...{
      n: numerals.count(n, large),
      small: { kind: "thing", noun: small, number: 2 },
      have: n > 1 ? "tienen" : "tiene",
    },
    ...{
      r: numerals.alone(r, small.gender),
      rs: numerals.count(r, small),
      equal: n > 1 ? "equivalen" : "equivale",
    },
    ...{ pass: n > 1 ? "pasan" : "pasa", a: someone(random, lexicon) },
  };
}

function back(random: Random, lexicon: Lexicon): Bindings {
  const numerals = drawNumerals(random);
  const [large, small, factor, most] = random.pick(UNITS);
  const r = random.between(2, most);
  return {
    a: someone(random, lexicon),
    ...{ n: numerals.count(r * factor, small), large: { kind: "thing", noun: large, number: 2 } },
    ...{ r: numerals.alone(r, large.gender), rs: numerals.count(r, large) },
  };
}

const APPOINTMENTS =
  ("va al mercado, va a la biblioteca, tiene clase de música, tiene clase de baile, juega al fútbol, " +
    "visita a su abuela, lava la ropa, riega el jardín, va al dentista, cocina, nada en la piscina, toca el piano, " +
    "limpia la casa, pinta, ensaya con el coro, va al parque, compra fruta, hace pan").split(", ");

/** What someone does on some days. */
function week(random: Random, lexicon: Lexicon): Bindings {
  const a = someone(random, lexicon);
  const n = random.between(2, 4);
  const days = random.sample(DAYS, n).sort((x, y) => DAYS.indexOf(x) - DAYS.indexOf(y));
  const things = random.sample(APPOINTMENTS, n);
  const told = days.map((day, i) => `el ${day} ${things[i]}`);
  const at = random.below(n);
  return { a, plan: told.join(", "), d: days[at], what: things[at] };
}

/** Two birthdays: whose comes first in the year. */
function birthdays(random: Random, lexicon: Lexicon): Bindings {
  const casting = new Casting(lexicon, random);
  const [a, b] = [casting.name("f"), casting.name("m")];
  const [m, n] = random.sample(Array.from({ length: 12 }, (_, i) => i + 1), 2);
  const first = random.chance(0.6);
  return {
    ...{ a, b, m: monthName(m), n: monthName(n), which: first ? "primero" : "después" },
    r: (m < n) === first ? a : b,
  };
}

export function dateTasks(lexicon: Lexicon): readonly Task[] {
  return [
    { name: "date in days", weight: 5, draw: (random) => inDays(random, lexicon) },
    { name: "date of tomorrow", weight: 3, draw: tomorrow },
    { name: "days between", weight: 3, draw: (random) => daysBetween(random, lexicon) },
    { name: "units", weight: 5, draw: (random) => units(random, lexicon) },
    { name: "units back", weight: 3, draw: (random) => back(random, lexicon) },
    { name: "what on a day", weight: 3, draw: (random) => week(random, lexicon) },
    { name: "on which day", weight: 3, draw: (random) => week(random, lexicon) },
    { name: "birthdays", weight: 3, draw: (random) => birthdays(random, lexicon) },
  ];
}
