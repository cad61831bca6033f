import { numberWord } from "../grammar/numbers.ts";
import { load, tasksOf } from "./calendar.ts";
import type { Bindings } from "./tasks.ts";
import { checkAnswers, checkForm, checkWordings, files } from "./testing.ts";

const WORDS = new Map<string, number>([["primero", 1]]);
for (let n = 0; n <= 400; n++) {
  for (const gender of [undefined, "m", "f"] as const) WORDS.set(numberWord(n, gender), n);
}

/** The number that a text begins with: "3 días", "treinta y un días". */
function number(value: unknown): number {
  const words = String(value).split(" ");
  for (let length = Math.min(5, words.length); length > 0; length--) {
    const found = WORDS.get(words.slice(0, length).join(" "));
    if (found !== undefined) return found;
  }
  return Number(words[0]);
}

const DAYS = ["domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"];
const MONTHS = ("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre")
  .split(" ");
const SEASONS = ["invierno", "primavera", "verano", "otoño"];
const ORDINALS = "primero segundo tercero cuarto quinto sexto séptimo octavo noveno décimo undécimo duodécimo"
  .split(" ");
/** Whether `r` comes n places after `d`. */
const follows = (round: readonly string[], d: unknown, r: unknown, n: number) =>
  (((round.indexOf(String(d)) + n) % round.length) + round.length) % round.length ===
    round.indexOf(String(r));
const near = ({ d, r, where }: Bindings, round: readonly string[]) =>
  follows(round, d, r, where === "después" ? 1 : -1);
const sign = (when: unknown) => when === "hace" ? -1 : 1;
const NEAR: Readonly<Record<string, number>> = {
  "ayer fue": -1,
  "anteayer fue": -2,
  "mañana es": 1,
  "mañana será": 1,
  "pasado mañana será": 2,
};
const ASKED: Readonly<Record<string, number>> = {
  "es hoy": 0,
  "es mañana": 1,
  "fue ayer": -1,
  "será mañana": 1,
};

/** A date of 2023 in days, by the calendar of the machine. */
function dayOf(date: unknown): number {
  const [, day, month] = /^(.*) de (\S+)$/.exec(String(date))!;
  return Date.UTC(2023, MONTHS.indexOf(month), number(day)) / 86_400_000;
}

const daysIn = (text: unknown) => number(text) * (/semana/.test(String(text)) ? 7 : 1);

/** Minutes of "las 3:30", "las tres y media", "la una menos cuarto", from 0 to 719. */
function clock(value: unknown): number {
  const text = String(value).replace(/^las? /, "");
  const digits = /^(\d+):(\d+)$/.exec(text);
  if (digits) return (Number(digits[1]) % 12) * 60 + Number(digits[2]);
  const [, h, how, m] = /^(\S+)(?: (y|menos) (.*))?$/.exec(text)!;
  const minutes = m === undefined ? 0 : m === "media" ? 30 : m === "cuarto" ? 15 : number(m);
  return ((number(h) * 60 + (how === "menos" ? -minutes : minutes)) % 720 + 720) % 720;
}

/** Minutes of "una hora y media", "20 minutos". */
function duration(value: unknown): number {
  const [first, second] =
    String(value).split(" y ").length === 2 && !/^(?:treinta|cuarenta|cincuenta) y/.test(String(value))
      ? String(value).split(" y ")
      : [String(value)];
  if (second === "media") return number(first) * 60 + 30;
  if (first === "media hora") return 30;
  const part = (text: string) => number(text) * (/hora/.test(text) ? 60 : 1);
  return part(first) + (second === undefined ? 0 : part(second));
}

const passes = (from: unknown, to: unknown, n: unknown, direction = 1) =>
  (clock(from) + direction * duration(n) - clock(to)) % 720 === 0;
const event = ({ start, end, n }: Bindings) => passes(start, end, n);
const first = ({ a, b, which, r }: Bindings, x: number, y: number) =>
  r === ((x < y) === (which === "primero") ? a : b);
const later = ({ age, n, when, r }: Bindings) => number(age) + sign(when) * number(n) === number(r);
const reading = ({ digits, words }: Bindings) => clock(digits) === clock(words);
const place = ({ x, n, first }: Bindings) =>
  ([...DAYS.slice(1), "domingo"].indexOf(String(x)) + 1 || MONTHS.indexOf(String(x)) + 1) === Number(n) &&
  ORDINALS[Number(n) - 1] === first;
const plan = ({ plan, d, what }: Bindings) => String(plan).split(", ").includes(`el ${d} ${what}`);

/** How many of the smaller unit one larger has. */
const UNITS: Readonly<Record<string, number>> = {
  "semana día": 7,
  "día hora": 24,
  "hora minuto": 60,
  "minuto segundo": 60,
  "año mes": 12,
  "década año": 10,
  "siglo año": 100,
};
const unit = (text: unknown, plain: unknown) =>
  Object.entries(UNITS).find(([names]) => {
    const [large, small] = names.split(" ");
    const { noun } = plain as { noun: { singular: string } };
    return (noun.singular === small && String(text).includes(large)) ||
      (noun.singular === large && String(text).includes(small === "mes" ? "mes" : small));
  })![1];

Deno.test("the answers of the calendar, counted again, are right", () => {
  checkAnswers(tasksOf(files.lexicon), {
    "next day": (drawn) => near(drawn, DAYS),
    today: ({ d, told, r }) => follows(DAYS, d, r, NEAR[String(told)]),
    "not today": ({ said, asked, r }) => {
      const [, how, day] = /^(.*) (\S+)$/.exec(String(said).toLowerCase())!;
      return follows(DAYS, day, r, ASKED[String(asked)] - NEAR[how]);
    },
    "in days": ({ d, n, when, r }) => follows(DAYS, d, r, sign(when) * number(n)),
    "days until": ({ d, e, r }) => follows(DAYS, d, e, number(r)) && number(r) < 7,
    "next month": (drawn) => near(drawn, MONTHS),
    "in months": ({ m, n, when, r }) => follows(MONTHS, m, r, sign(when) * number(n)),
    "next season": (drawn) => near(drawn, SEASONS),
    place,
    "which is it": place,
    earlier: ({ all, which, r }) => {
      const numbers = String(all).split(", ").map((month) => MONTHS.indexOf(month));
      return MONTHS.indexOf(String(r)) === (which === "primero" ? Math.min : Math.max)(...numbers);
    },
    "length of a month": ({ m, r }) =>
      number(String(r).split(", ")[0]) ===
        new Date(Date.UTC(2023, MONTHS.indexOf(String(m)) + 1, 0)).getUTCDate(),
    "from to": ({ first, last, r }) => {
      const all = String(r).split(", ");
      const round = MONTHS.includes(all[0]) ? MONTHS : DAYS;
      return all.every((name, i) => i === 0 || follows(round, all[i - 1], name, 1)) &&
        String(first).endsWith(all[0]) && String(last).endsWith(all.at(-1)!);
    },
    weekend: ({ d, asked, verdict }) =>
      (["sábado", "domingo"].includes(String(d)) === (asked === "del fin de semana")) === (verdict === "sí"),
    "date in days": ({ date, n, when, r }) => dayOf(r) - dayOf(date) === sign(when) * daysIn(n),
    "date of tomorrow": ({ date, asked, r }) => dayOf(r) - dayOf(date) === ASKED[String(asked)],
    "days between": ({ date, end, r }) => dayOf(end) - dayOf(date) === number(r),
    units: ({ n, small, r }) => number(n) * unit(n, small) === number(r),
    "units back": ({ n, large, r }) => number(r) * unit(n, large) === number(n),
    "what on a day": plan,
    "on which day": plan,
    birthdays: (drawn) => first(drawn, MONTHS.indexOf(String(drawn.m)), MONTHS.indexOf(String(drawn.n))),
    later: ({ now, then, n, when }) => passes(now, then, n, sign(when)),
    end: event,
    duration: event,
    "minutes left": ({ now, end, r }) => (clock(end) - clock(now) + 720) % 720 === number(r),
    "time in words": reading,
    "time in digits": reading,
    "twenty-four hours": ({ digits, words }) => {
      const [h, m] = String(digits).split(":").map(Number);
      const [time, part] = String(words).split(" de la ");
      return clock(time) === (h - 12) * 60 + m && part === (h < 19 ? "tarde" : "noche");
    },
    "who first": (drawn) => first(drawn, clock(drawn.x), clock(drawn.y)),
    "age later": later,
    "age of mine": later,
    "older by": ({ age, n, than, r }) => number(age) + (than === "más" ? 1 : -1) * number(n) === number(r),
    "who is older": ({ a, b, x, y, which, r }) =>
      r === ((number(x) > number(y)) === (which === "mayor") ? a : b),
    "difference of ages": ({ x, y, d }) => Math.abs(number(x) - number(y)) === number(d),
    "age in a year": ({ year, now, r }) => Number(now) - Number(year) === number(r),
  }, 120);
});

Deno.test("the calendar is asked and answered in print", async () => {
  await checkWordings("calendar", tasksOf(files.lexicon));
  checkForm(await load(files), { distinct: 0.8 });
});
