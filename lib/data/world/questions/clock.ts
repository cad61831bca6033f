/** Times of day: later and earlier, in words and digits, and durations. */
import { Casting } from "../casting.ts";
import type { Noun } from "../grammar/nouns.ts";
import { hour, partOfDay } from "../grammar/numbers.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import { drawNumerals, type Numerals } from "./numerals.ts";
import { steps } from "./operations.ts";
import { someone } from "./plans.ts";
import { nouns } from "./scene.ts";
import type { Bindings, Task } from "./tasks.ts";

const HOUR: Noun = { singular: "hora", gender: "f" };
const MINUTE: Noun = { singular: "minuto", gender: "m" };

/** The time on a twelve-hour clock, from minutes since noon or midnight: "las tres y media", "las 3:30". */
function shown(minutes: number, digits: boolean): string {
  const [h, m] = [Math.floor(minutes / 60) % 12 || 12, minutes % 60];
  if (!digits) return hour(h, m);
  return `${h === 1 ? "la" : "las"} ${h}:${String(m).padStart(2, "0")}`;
}

const one = (time: string) => /^la /.test(time);

/** "2 horas", "media hora", "una hora y media", "20 minutos". */
function duration(minutes: number, numerals: Numerals): string {
  const [h, m] = [Math.floor(minutes / 60), minutes % 60];
  if (m === 30) return h === 0 ? "media hora" : `${numerals.count(h, HOUR)} y media`;
  if (h === 0) return numerals.count(m, MINUTE);
  return m === 0 ? numerals.count(h, HOUR) : `${numerals.count(h, HOUR)} y ${numerals.count(m, MINUTE)}`;
}

/** A time and a duration of the same granularity: full hours with hours, halves and quarters with minutes. */
function timeAndWhile(random: Random): readonly [minutes: number, length: number] {
  const step = random.weighted([[60, 5], [30, 3], [15, 1], [5, 1]]);
  const minutes = 60 * random.between(1, 12) + step * random.below(60 / step);
  const length = step === 60 ? 60 * random.between(1, 5) : step * random.between(1, Math.min(6, 90 / step));
  return [minutes, length];
}

/**
 * The working of full hours before or after a time on a twelve-hour clock, with the result to write after it: "11 + 3 =
 * 14, 14 - 12 = 2. "; empty if minutes have to be counted.
 */
function hoursPassed(minutes: number, length: number): string {
  if (length % 60 !== 0) return "";
  const from = Math.floor(minutes / 60) % 12 || 12, hours = length / 60, to = from + hours;
  if (hours < 0) return `${to > 0 ? steps("-", [from, -hours]) : steps("+-", [from, 12, -hours])}. `;
  return `${to > 12 ? steps("+-", [from, hours, 12]) : steps("+", [from, hours])}. `;
}

function later(random: Random): Bindings {
  const numerals = drawNumerals(random);
  const digits = random.chance(0.4);
  const [minutes, length] = timeAndWhile(random);
  const ahead = random.chance(0.7);
  const [now, then] = [minutes, minutes + (ahead ? length : 720 - length)].map((time) => shown(time, digits));
  return {
    ...{ now, is: one(now) ? "es" : "son", then, n: duration(length, numerals) },
    ...{ when: ahead ? "dentro de" : "hace", be: ahead ? "será" : "era" },
    working: hoursPassed(minutes, ahead ? length : -length),
    was: ahead ? (one(then) ? "será" : "serán") : one(then) ? "era" : "eran",
  };
}

const EVENTS: readonly Noun[] = [
  ...nouns("f", "película clase fiesta obra función reunión carrera visita feria cena lección excursión"),
  ...nouns("m", "partido concierto viaje ensayo almuerzo paseo curso desfile espectáculo baile examen"),
];

/** An event with its beginning, duration and end. */
function event(random: Random, lexicon: Lexicon): Bindings {
  const numerals = drawNumerals(random);
  const digits = random.chance(0.4);
  const [minutes, length] = timeAndWhile(random);
  const [start, end] = [minutes, minutes + length].map((time) => shown(time, digits));
  const n = duration(length, numerals);
  return {
    a: someone(random, lexicon),
    working: hoursPassed(minutes, length),
    e: random.pick(EVENTS),
    start,
    end,
    n,
    pass: /^(?:una|media) /.test(n) ? "pasa" : "pasan",
  };
}

function minutesLeft(random: Random, lexicon: Lexicon): Bindings {
  const numerals = drawNumerals(random);
  const h = random.between(1, 11);
  const from = 5 * random.between(1, 11);
  const to = random.chance(0.6) ? 60 : Math.min(60, from + 5 * random.between(1, 6));
  if (to <= from) return minutesLeft(random, lexicon);
  const [now, end] = [60 * h + from, 60 * h + to].map((time) => shown(time, true));
  return {
    ...{ now, end, is: one(now) ? "es" : "son", e: random.pick(EVENTS) },
    a: someone(random, lexicon),
    ...{ r: numerals.number(to - from), rm: numerals.count(to - from, MINUTE) },
  };
}

function reading(random: Random): Bindings {
  const minutes = 60 * random.between(1, 12) +
    random.pick([0, 0, 5, 10, 15, 15, 20, 25, 30, 30, 35, 40, 45, 50, 55]);
  const words = shown(minutes, false);
  const digits = shown(minutes, true);
  return { digits: digits.replace(/^las? /, ""), words, is: one(words) ? "es" : "son" };
}

function ofTwentyFour(random: Random): Bindings {
  const h = random.between(13, 23);
  const m = random.pick([0, 0, 15, 30]);
  return { digits: `${h}:${String(m).padStart(2, "0")}`, words: `${hour(h - 12, m)} ${partOfDay(h, m)}` };
}

function whoFirst(random: Random, lexicon: Lexicon): Bindings {
  const casting = new Casting(lexicon, random);
  const [a, b] = [casting.name(random.pick(["m", "f"])), casting.name(random.pick(["m", "f"]))];
  const [x, y] = random.sample(Array.from({ length: 20 }, (_, i) => 360 + 15 * i), 2);
  const digits = random.chance(0.5);
  const first = random.chance(0.6);
  const [early, late] = x < y ? [a, b] : [b, a];
  return {
    ...{ a, b, x: shown(x, digits), y: shown(y, digits), r: first ? early : late },
    which: first ? "primero" : "después",
  };
}

export function clockTasks(lexicon: Lexicon): readonly Task[] {
  return [
    { name: "later", weight: 8, draw: later },
    { name: "end", weight: 4, draw: (random) => event(random, lexicon) },
    { name: "duration", weight: 4, draw: (random) => event(random, lexicon) },
    { name: "minutes left", weight: 3, draw: (random) => minutesLeft(random, lexicon) },
    { name: "time in words", weight: 4, draw: reading },
    { name: "time in digits", weight: 3, draw: reading },
    { name: "twenty-four hours", weight: 2, draw: ofTwentyFour },
    { name: "who first", weight: 3, draw: (random) => whoFirst(random, lexicon) },
  ];
}
