/** Days, months, dates, hours, durations and ages. */
import type { Family, WorldFiles } from "../document.ts";
import { DAYS, MONTHS } from "../grammar/calendar.ts";
import { capital } from "../grammar/capitals.ts";
import { or } from "../grammar/conjunctions.ts";
import type { Noun } from "../grammar/nouns.ts";
import { ordinal } from "../grammar/numbers.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import { ageTasks } from "./ages.ts";
import { clockTasks } from "./clock.ts";
import { dateTasks } from "./dates.ts";
import { drawNumerals, WORDS } from "./numerals.ts";
import { plan, someone } from "./plans.ts";
import { nouns } from "./scene.ts";
import { type Bindings, familyOf, type Task } from "./tasks.ts";

const SEASONS = "primavera verano otoño invierno".split(" ");
const [DAY, MONTH] = nouns("m", "día mes");

/** The member of a cycle that is `n` places after the one at `i` (before it, if `n` is negative). */
const after = (round: readonly string[], i: number, n: number) =>
  round[(i + n % round.length + round.length) % round.length];

/**
 * The working of a place in a cycle: the members passed on the way, the last of which is the answer: "Jueves, viernes,
 * sábado. "; empty for a neighbour and for more than a week of days.
 */
function passed(round: readonly string[], i: number, n: number): string {
  const steps = Math.abs(n);
  if (steps < 2 || steps > 7) return "";
  const way = Array.from({ length: steps + 1 }, (_, step) => after(round, i, Math.sign(n) * step));
  return `${capital(way.join(", "))}. `;
}

/** The working of a distance in days: "Martes 1, miércoles 2. ". */
function counted(i: number, n: number): string {
  if (n < 2) return "";
  const way = Array.from({ length: n }, (_, step) => `${after(DAYS, i, step + 1)} ${step + 1}`);
  return `${capital(way.join(", "))}. `;
}

/** Asking for a day near today, telling it, and its distance in days. */
const NEAR = [
  ["es mañana", "mañana es", 1],
  ["será mañana", "mañana será", 1],
  ["fue ayer", "ayer fue", -1],
  ["será pasado mañana", "pasado mañana será", 2],
  ["fue anteayer", "anteayer fue", -2],
] as const;

/** A member of a cycle and its neighbour. */
function neighbour(random: Random, round: readonly string[]): Bindings {
  const i = random.below(round.length);
  const later = random.chance(0.6);
  return { d: round[i], r: after(round, i, later ? 1 : -1), where: later ? "después" : "antes" };
}

function season(random: Random): Bindings {
  const drawn = neighbour(random, SEASONS);
  const noun = (singular: unknown): Noun => ({
    singular: String(singular),
    gender: singular === "primavera" ? "f" : "m",
  });
  return { ...drawn, x: noun(drawn.d), y: noun(drawn.r) };
}

function today(random: Random): Bindings {
  const i = random.below(7);
  const [asked, told, n] = random.pick(NEAR);
  return { d: DAYS[i], asked, told, r: after(DAYS, i, n), working: passed(DAYS, i, n) };
}

/** Tells another day of the week and asks for today: "Ayer fue lunes." */
function notToday(random: Random, lexicon: Lexicon): Bindings {
  const i = random.below(7);
  const [said, n] = random.pick(
    [["Ayer fue", 1], ["Mañana es", -1], ["Mañana será", -1], ["Anteayer fue", 2]] as const,
  );
  const [asked, more] = random.pick([["es hoy", 0], ["es mañana", 1], ["fue ayer", -1]] as const);
  if (n + more === 0) return notToday(random, lexicon);
  const sentence = `${said} ${DAYS[i]}`;
  return {
    said: sentence,
    told: sentence.toLowerCase(),
    asked,
    r: after(DAYS, i, n + more),
    working: passed(DAYS, i, n + more),
    a: someone(random, lexicon),
  };
}

function inDays(random: Random, lexicon: Lexicon): Bindings {
  const numerals = drawNumerals(random);
  const i = random.below(7);
  const n = random.weighted([[random.between(2, 6), 6], [7, 1], [random.between(8, 14), 1]]);
  const later = random.chance(0.65);
  return {
    ...{ d: DAYS[i], n: numerals.count(n, DAY), r: after(DAYS, i, later ? n : -n) },
    working: passed(DAYS, i, later ? n : -n),
    ...plan(random, lexicon, later),
  };
}

function daysUntil(random: Random): Bindings {
  const [i, n] = [random.below(7), random.between(1, 6)];
  return {
    ...{ d: DAYS[i], e: after(DAYS, i, n), r: WORDS.number(n), rd: WORDS.count(n, DAY) },
    left: n === 1 ? "Falta" : "Faltan",
    working: counted(i, n),
  };
}

function inMonths(random: Random, lexicon: Lexicon): Bindings {
  const numerals = drawNumerals(random);
  const i = random.below(12);
  const n = random.weighted([[random.between(1, 5), 5], [random.between(6, 12), 1]]);
  const later = random.chance(0.65);
  return {
    ...{ m: MONTHS[i], n: numerals.count(n, MONTH), r: after(MONTHS, i, later ? n : -n) },
    working: passed(MONTHS, i, later ? n : -n),
    ...plan(random, lexicon, later),
  };
}

function place(random: Random): Bindings {
  const months = random.chance(0.6);
  const [round, of] = months ? [MONTHS, "del año"] : [DAYS, "de la semana"];
  const i = random.below(round.length);
  const bare = ordinal(i + 1, "m");
  return {
    ...{ of, unit: months ? "mes" : "día", x: round[i], n: String(i + 1) },
    ...{
      first: bare,
      nth: bare.replace(/^(primer|tercer)o$/, "$1"),
      the: months ? round[i] : `el ${round[i]}`,
    },
  };
}

function earlier(random: Random): Bindings {
  const numbers = random.sample(MONTHS.map((_, i) => i), random.pick([2, 2, 3]));
  const first = random.chance(0.6);
  const r = (first ? Math.min : Math.max)(...numbers);
  const names = numbers.map((i) => MONTHS[i]);
  return { all: names.join(", "), either: or(...names), r: MONTHS[r], which: first ? "primero" : "último" };
}

const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function monthLength(random: Random): Bindings {
  const i = random.below(12);
  const r = WORDS.count(LENGTHS[i], DAY);
  return { m: MONTHS[i], r: i === 1 ? `${r}, y ${WORDS.number(29)} si el año es bisiesto` : r };
}

function fromTo(random: Random): Bindings {
  const months = random.chance(0.5);
  const round = months ? MONTHS : DAYS;
  const i = random.below(round.length - 2);
  const length = random.between(3, Math.min(6, round.length - i));
  const all = round.slice(i, i + length);
  return {
    ...{ what: months ? "los meses" : "los días", first: months ? all[0] : `el ${all[0]}` },
    ...{ last: months ? all.at(-1)! : `el ${all.at(-1)}`, r: all.join(", ") },
  };
}

function weekend(random: Random): Bindings {
  const i = random.below(7);
  const free = i > 4;
  const asked = random.chance(0.5);
  return {
    ...{ d: DAYS[i], asked: asked ? "del fin de semana" : "de entre semana" },
    ...{ verdict: free === asked ? "sí" : "no", r: free ? "del fin de semana" : "de entre semana" },
  };
}

export function tasksOf(lexicon: Lexicon): readonly Task[] {
  return [
    { name: "next day", weight: 5, draw: (random) => neighbour(random, DAYS) },
    { name: "today", weight: 6, draw: today },
    { name: "not today", weight: 4, draw: (random) => notToday(random, lexicon) },
    { name: "in days", weight: 6, draw: (random) => inDays(random, lexicon) },
    { name: "days until", weight: 4, draw: daysUntil },
    { name: "next month", weight: 5, draw: (random) => neighbour(random, MONTHS) },
    { name: "in months", weight: 5, draw: (random) => inMonths(random, lexicon) },
    { name: "next season", weight: 2, draw: season },
    { name: "place", weight: 3, draw: place },
    { name: "which is it", weight: 3, draw: place },
    { name: "earlier", weight: 3, draw: earlier },
    { name: "length of a month", weight: 2, draw: monthLength },
    { name: "from to", weight: 3, draw: fromTo },
    { name: "weekend", weight: 2, draw: weekend },
    ...dateTasks(lexicon),
    ...clockTasks(lexicon),
    ...ageTasks(lexicon),
  ];
}

export function load(files: WorldFiles): Promise<Family> {
  return familyOf(files, { name: "calendario", file: "calendar", tasks: tasksOf(files.lexicon) });
}
