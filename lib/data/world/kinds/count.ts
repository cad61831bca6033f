/** Counting and sums told step by step: things that come and go, prices, groups, shares, differences, series. */
import type { Kind, WorldFiles } from "../document.ts";
import type { Value } from "../entity.ts";
import { and } from "../grammar/conjunctions.ts";
import { plural } from "../grammar/nouns.ts";
import { numberWord } from "../grammar/numbers.ts";
import type { Random } from "../random.ts";
import type { Lexicon } from "../lexicon.ts";
import { type Role, type Roles, VAGUE } from "./draws.ts";
import { readScripts } from "./script.ts";

export function load(files: WorldFiles): Promise<Kind> {
  return readScripts(files, "count", rolesOf(files.lexicon));
}

/** Whether a wording can tell a number without its noun: numbers that end in one change with the gender. */
const tellable = (n: number) => n > 1 && (n % 10 !== 1 || n === 11);

/** Draws numbers until all of them are tellable. */
function numbers(draw: (random: Random) => Readonly<Record<string, number>>) {
  return (random: Random): Readonly<Record<string, number>> => {
    for (;;) {
      const drawn = draw(random);
      if (Object.values(drawn).every(tellable)) return drawn;
    }
  };
}

const role = (draw: (random: Random) => Readonly<Record<string, Value>>): Role => ({ random }) => ({
  fields: draw(random),
});

const inWords = (list: readonly number[]) => and(...list.map((n) => numberWord(n)));
const multiples = (m: number, k: number) => Array.from({ length: k }, (_, i) => m * (i + 1));

const account = numbers((random) => {
  const [a, b, c, d] = [
    random.between(2, 12),
    random.between(2, 9),
    random.between(2, 9),
    random.between(2, 6),
  ];
  return { a, b, ab: a + b, c, abc: a + b - c, d, abcd: a + b - c + d };
});

const payment = numbers((random) => {
  const [p, q] = [random.between(2, 20), random.between(2, 20)];
  const change = random.between(2, 12);
  return { p, q, pq: p + q, paga: p + q + change, vuelto: change };
});

const comparison = numbers((random) => {
  const [m, resta, k] = [random.between(3, 15), random.between(2, 9), random.between(2, 9)];
  const n = m + resta;
  return { n, m, resta, suma: n + m, k, nk: n + k };
});

/** Ages of two children. */
const ages = numbers((random) => {
  const [m, resta, k] = [random.between(3, 8), random.between(2, 5), random.between(2, 9)];
  return { m, n: m + resta, resta, k, nk: m + resta + k };
});

const sum = numbers((random) => {
  const [dx, dy] = [random.between(1, 5) * 10, random.between(1, 4) * 10];
  const [ux, uy] = [random.between(2, 9), random.between(2, 9)];
  const parts = { dx, dy, d: dx + dy, ux, uy, u: ux + uy };
  return { ...parts, x: dx + ux, y: dy + uy, xy: dx + dy + ux + uy };
});

const groups = numbers((random) => {
  const [k, m] = [random.between(2, 6), random.between(2, 10)];
  return { k, m, n: k * m };
});

function series(random: Random): Readonly<Record<string, Value>> {
  const paso = random.pick([2, 2, 3, 4, 5, 5, 10, 10]);
  const desde = random.chance(0.5) ? paso : random.between(1, 20);
  const list = Array.from({ length: random.between(4, 7) }, (_, i) => desde + paso * i);
  const hasta = list[list.length - 1];
  return {
    ...{ paso, desde, hasta, siguiente: hasta + paso, lista: inWords(list) },
    cifras: list.join(", "),
  };
}

function rolesOf(lexicon: Lexicon): Roles {
  const sold = lexicon.flagged("buyable").filter((word) =>
    word.flags.has("countable") && word.flags.has("portable") && plural(word) !== word.singular &&
    !VAGUE.has(word.singular)
  );
  return {
    cuenta: role(account),
    comparación: role(comparison),
    edades: role(ages),
    suma: role(sum),
    serie: role(series),
    precio: ({ random }) => {
      const [uno, otro] = random.sample(sold, 2);
      return { fields: { ...payment(random), uno, otro } };
    },
    grupo: role((random) => {
      const drawn = groups(random);
      const { k, m } = drawn;
      return {
        ...drawn,
        serie: inWords(multiples(m, k)),
        seriek: inWords(multiples(k, m)),
        sumas: Array(k).fill(m).join(" + "),
      };
    }),
  };
}
