import { assertEquals } from "@std/assert";
import { load, tasks } from "./arithmetic.ts";
import type { Bindings } from "./tasks.ts";
import { checkAnswers, checkForm, checkWordings, files, number, value, workedOut } from "./testing.ts";

/** The numbers of "uno, treinta y dos y cinco". */
function numbers(text: unknown): number[] {
  return String(text).split(", ").flatMap((part) => {
    if (!Number.isNaN(number(part))) return [number(part)];
    for (const { index, 0: { length } } of part.matchAll(/ [ye] /g)) {
      const two = [part.slice(0, index), part.slice(index + length)].map(number);
      if (!two.some(Number.isNaN)) return two;
    }
    throw new Error(`no numbers: ${part}`);
  });
}

/** Whether an equation is right. */
function holds(equation: unknown): boolean {
  const [left, right] = String(equation).split(/ (?:=|es igual a|son|es) /);
  return value(left) === number(right);
}

const calculation = ({ e, full, r, working }: Bindings) =>
  holds(full) && value(String(e)) === number(String(r)) && shown(working, r);

/** Whether a working ends in the result, which it gives in words too if the question writes numbers so. */
function shown(working: unknown, r: unknown): boolean {
  const [steps, told] = String(working).split(/\. ?/);
  return workedOut(steps) === number(String(r)) && told.toLowerCase() === (/\d/.test(String(r)) ? "" : r);
}

Deno.test("the sums of arithmetic, done again, give the answers", () => {
  checkAnswers(tasks, {
    calculate: calculation,
    "in other form": ({ e, form, r, working }) =>
      shown(working, r) && value(String(e)) === number(String(r)) &&
      /\d/.test(String(r)) === (form === "números"),
    add: ({ a, b, r, ...rest }) =>
      calculation({ r, ...rest }) && number(String(a)) + number(String(b)) === number(String(r)),
    subtract: ({ a, b, r, ...rest }) =>
      calculation({ r, ...rest }) && number(String(a)) - number(String(b)) === number(String(r)),
    multiply: ({ a, b, r, ...rest }) =>
      calculation({ r, ...rest }) && number(String(a)) * number(String(b)) === number(String(r)),
    divide: ({ a, b, r, ...rest }) =>
      calculation({ r, ...rest }) && number(String(a)) / number(String(b)) === number(String(r)),
    "add three": calculation,
    "is it so": ({ claim, full, verdict }) => holds(full) && holds(claim) === (verdict === "sí"),
    missing: ({ gapped, full, r }) => holds(full) && String(gapped).replace(/[_?…□]+/, String(r)) === full,
    neighbours: ({ n, r, before }) => number(String(n)) === number(String(r)) + (before === "antes" ? 1 : -1),
    extreme: ({ most, all, r }) =>
      number(String(r)) === (most === "mayor" ? Math.max : Math.min)(...numbers(all)),
    "in order": ({ order, all, r }) => {
      const sorted = numbers(all).sort((a, b) => a - b);
      if (order === "de mayor a menor") sorted.reverse();
      return sorted.join() === numbers(r).join();
    },
    "times over": ({ much, n, r }) => {
      const times = { "el doble": 2, "el triple": 3, "la mitad": 0.5 }[String(much)]!;
      return number(String(r)) === number(String(n)) * times;
    },
    "even or odd": ({ n, r }) => r === (number(String(n)) % 2 === 0 ? "par" : "impar"),
    "is it even": ({ n, asked, verdict }) =>
      (number(String(n)) % 2 === 0) === ((asked === "par") === (verdict === "sí")),
    "in words": ({ n, w }) => number(String(w)) === Number(n),
    "in digits": ({ n, w }) => number(String(w)) === Number(n),
    table: ({ rows }) => String(rows).split(", ").every(holds),
    counting: ({ step, first, last, r }) => {
      const all = numbers(r);
      return all[0] === number(String(first)) && all.at(-1) === number(String(last)) &&
        all.every((n, i) => i === 0 || Math.abs(n - all[i - 1]) === number(String(step)));
    },
    "in steps": ({ e, steps, full, r }) =>
      holds(full) && value(String(e)) === Number(r) && String(steps).split(", ").every(holds) &&
      String(steps).endsWith(` = ${r}`),
  });
});

Deno.test("the checks of arithmetic know a wrong sum", () => {
  assertEquals(
    ["5 + 3 = 8", "cinco por tres son quince", "12/4 = 3"].map(holds),
    [true, true, true],
  );
  assertEquals(["5 + 3 = 9", "cinco por tres son dieciséis", "12/4 = 4"].map(holds), [false, false, false]);
});

Deno.test("arithmetic is asked and answered in print", async () => {
  await checkWordings("arithmetic", tasks);
  checkForm(await load(files));
});
