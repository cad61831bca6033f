/** Ages: in some years, of several people, from the year of birth. */
import { Casting } from "../casting.ts";
import type { Noun } from "../grammar/nouns.ts";
import type { Lexicon } from "../lexicon.ts";
import type { Random } from "../random.ts";
import { drawNumerals, type Numerals } from "./numerals.ts";
import { steps, worked } from "./operations.ts";
import type { Bindings, Task } from "./tasks.ts";

const YEAR: Noun = { singular: "año", gender: "m" };

class Ages {
  readonly numerals: Numerals;
  readonly a: string;
  readonly b: string;

  constructor(readonly random: Random, lexicon: Lexicon) {
    this.numerals = drawNumerals(random);
    const casting = new Casting(lexicon, random);
    [this.a, this.b] = ["f", "m"].map((gender) => casting.name(gender as "m" | "f"));
    if (random.chance(0.5)) [this.a, this.b] = [this.b, this.a];
  }

  years = (n: number) => this.numerals.count(n, YEAR);
}

function later({ random, a, years, numerals }: Ages): Bindings {
  const [age, n] = [random.between(3, 15), random.between(1, 8)];
  const ahead = age <= n || random.chance(0.65);
  const r = ahead ? age + n : age - n;
  return {
    ...{ a, age: years(age), n: years(n), when: ahead ? "dentro de" : "hace" },
    ...{
      have: ahead ? "tendrá" : "tenía",
      mine: ahead ? "tendré" : "tenía",
      yours: ahead ? "tendrás" : "tenías",
    },
    ...{ r: numerals.number(r), ry: years(r) },
    working: worked(steps(ahead ? "+" : "-", [age, n]), numerals.number(r)),
  };
}

function older({ random, a, b, years, numerals }: Ages): Bindings {
  const [age, n] = [random.between(4, 14), random.between(1, 6)];
  const more = age <= n || random.chance(0.6);
  const r = more ? age + n : age - n;
  return {
    ...{ a, b, age: years(age), n: years(n), than: more ? "más" : "menos" },
    ...{ r: numerals.number(r), ry: years(r) },
    working: worked(steps(more ? "+" : "-", [age, n]), numerals.number(r)),
  };
}

function compare({ random, a, b, years, numerals }: Ages): Bindings {
  const [x, y] = random.sample(Array.from({ length: 17 }, (_, i) => i + 3), 2);
  const old = random.chance(0.6);
  const d = Math.abs(x - y);
  return {
    ...{ a, b, x: years(x), y: years(y), which: old ? "mayor" : "menor", r: (x > y) === old ? a : b },
    ...{ other: (x > y) === old ? b : a, d: numerals.number(d), dy: years(d) },
    working: worked(steps("-", [Math.max(x, y), Math.min(x, y)]), numerals.number(d)),
  };
}

function born({ random, a, years, numerals }: Ages): Bindings {
  const r = random.between(5, 20);
  const year = random.between(1990, 2020);
  return {
    ...{ a, year: String(year), now: String(year + r), n: String(r), r: numerals.number(r), ry: years(r) },
    working: worked(steps("-", [year + r, year]), numerals.number(r)),
  };
}

export function ageTasks(lexicon: Lexicon): readonly Task[] {
  const task = (name: string, weight: number, draw: (ages: Ages) => Bindings): Task => ({
    ...{ name, weight },
    draw: (random) => draw(new Ages(random, lexicon)),
  });
  return [
    task("age later", 5, later),
    task("age of mine", 3, later),
    task("older by", 3, older),
    task("who is older", 3, compare),
    task("difference of ages", 3, compare),
    task("age in a year", 3, born),
  ];
}
