/** Weekly plans, timetables, opening hours, birthdays and dates, with questions about them. */
import type { Kind, WorldFiles } from "../document.ts";
import { DAYS } from "../grammar/calendar.ts";
import { hour, monthName, partOfDay } from "../grammar/numbers.ts";
import type { Draws, Fields, Role } from "./draws.ts";
import { readPeople } from "./people.ts";

/** When people get up, leave, eat and come home: ranges in quarters of an hour since midnight. */
const DAY = [[20, 30], [31, 38], [52, 58], [60, 76]] as const;
/** Hours of a timetable: full hours, halves and quarters from 7:00 to 20:45. */
const TIMES = Array.from(
  { length: 4 * 14 },
  (_, i) => `${7 + (i >> 2)}:${String(15 * (i & 3)).padStart(2, "0")}`,
);
/** Quarters of an hour that a lesson takes. */
const LESSON = 3;
const MONTHS = Array.from({ length: 12 }, (_, i) => monthName(i + 1));

export const load = (files: WorldFiles): Promise<Kind> =>
  readPeople(files, "calendar", {
    semana: inOrder(5, () => DAYS),
    turno: inOrder(5, () => TIMES),
    lección: inOrder(5, ({ random }) => {
      const start = random.below(LESSON);
      return TIMES.slice(0, 30).filter((_, i) => i % LESSON === start);
    }),
    escolar: ({ random }) => random.pick(DAYS.slice(0, 5)),
    atiende: ({ random }) => ({
      fields: { abre: random.pick(TIMES.slice(0, 13)), cierra: random.pick(TIMES.slice(34)) },
    }),
    meses: inOrder(4, () => MONTHS),
    fechas: inOrder(4, ({ random }) => MONTHS.map((month) => `${random.between(1, 28)} de ${month}`)),
    ratos: ({ random }) => numbered(DAY.map(([low, high]) => quarters(random.between(low, high)))),
    noche: ({ random }) => quarters(random.between(80, 92)),
    hoy: ({ random }) => {
      const hoy = random.below(7);
      const day = (distance: number) => DAYS[(hoy + distance + 7) % 7];
      return { fields: { ayer: day(-1), hoy: day(0), mañana: day(1) } };
    },
  });

/** Draws some members of a list and keeps their order: {semana_1} comes before {semana_2}. */
function inOrder(count: number, list: (draws: Draws) => readonly string[]): Role {
  return (draws) => {
    const all = list(draws);
    const drawn = new Set(draws.random.sample(all, count));
    return numbered(all.filter((one) => drawn.has(one)));
  };
}

function numbered(values: readonly string[]): Fields {
  return { fields: Object.fromEntries(values.map((value, i) => [i + 1, value])) };
}

/** A time given in quarters of an hour since midnight: "las siete y cuarto de la mañana". */
function quarters(quarter: number): string {
  const hours = quarter >> 2;
  const minutes = 15 * (quarter & 3);
  return `${hour(hours, minutes)} ${partOfDay(hours, minutes)}`;
}
