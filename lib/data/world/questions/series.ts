/** Series of numbers, letters, days and the like, whose next member is certain. */
import type { Random } from "../random.ts";
import { DAYS, MONTHS } from "../grammar/calendar.ts";
import { ordinal } from "../grammar/numbers.ts";
import { ALPHABET } from "./alphabet.ts";
import { drawNumerals } from "./numerals.ts";
import type { Bindings, Task } from "./tasks.ts";

const list = (text: string) => text.split(" ");
const ORDERED: readonly (readonly [what: string, members: readonly string[]])[] = [
  ["qué día", [...DAYS, ...DAYS.slice(0, 2)]],
  ["qué mes", [...MONTHS, MONTHS[0]]],
  ["qué letra", ALPHABET],
  ["qué estación", list("primavera verano otoño invierno primavera")],
  ["qué", Array.from({ length: 12 }, (_, i) => ordinal(i + 1, "m"))],
  ["qué", Array.from({ length: 10 }, (_, i) => ordinal(i + 1, "f"))],
  ["qué nota", list("do re mi fa sol la si do")],
  ["qué planeta", list("Mercurio Venus Tierra Marte Júpiter Saturno Urano Neptuno")],
];

function ordered(random: Random): Bindings {
  const [what, members] = random.pick(ORDERED);
  const length = random.between(2, Math.min(4, members.length - 1));
  const from = random.below(members.length - length);
  return { what, s: members.slice(from, from + length).join(", "), r: members[from + length] };
}

function backwards(random: Random): Bindings {
  const [what, members] = random.pick(ORDERED.slice(0, 3));
  const length = random.between(3, 4);
  const from = random.between(length, members.length - 1);
  const shown = Array.from({ length: length + 1 }, (_, i) => members[from - i]);
  return { what, s: shown.slice(0, -1).join(", "), r: shown[length] };
}

/** Series with equal steps, or with doubling; up or down. */
function numbers(random: Random): Bindings {
  const numerals = drawNumerals(random);
  const length = random.between(3, 5);
  const step = random.weighted([[1, 2], [2, 3], [3, 2], [4, 1], [5, 3], [10, 3]]);
  const first = random.chance(0.5) ? step : random.between(1, 30);
  const double = random.pick([1, 2, 3]);
  const all = random.chance(0.1)
    ? Array.from({ length: 5 }, (_, i) => double * 2 ** i)
    : Array.from({ length: length + 1 }, (_, i) => first + i * step);
  if (random.chance(0.3)) all.reverse();
  const shown = all.map(numerals.number);
  return { what: "qué número", s: shown.slice(0, -1).join(", "), r: shown[shown.length - 1] };
}

/** A repeating pattern: rojo, azul, rojo, azul. */
function repeated(random: Random): Bindings {
  const pool = random.pick([
    list("rojo azul verde amarillo blanco negro"),
    list("círculo cuadrado triángulo"),
    list("sol luna estrella"),
    list("a b c x z"),
    list("perro gato pato oso"),
    list("uno dos tres"),
  ]);
  const unit = random.sample(pool, random.between(2, 3));
  const length = random.between(2 * unit.length, 2 * unit.length + 2);
  const all = Array.from({ length: length + 1 }, (_, i) => unit[i % unit.length]);
  return { what: "qué", s: all.slice(0, -1).join(", "), r: all[length] };
}

const task = (name: string, weight: number, draw: (random: Random) => Bindings): Task => ({
  ...{ name, weight, draw, says: "series", formed: true },
});

export const seriesTasks: readonly Task[] = [
  task("ordered series", 8, ordered),
  task("backwards series", 3, backwards),
  task("series of numbers", 8, numbers),
  task("repeated series", 4, repeated),
];
