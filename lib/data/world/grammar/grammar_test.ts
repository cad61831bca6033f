import { assert, assertEquals, assertThrows } from "@std/assert";
import { agree, beforeNoun } from "./adjectives.ts";
import { and, mendConjunctions, or } from "./conjunctions.ts";
import { contract, definite, type Gender, indefinite, personalA, plural } from "./nouns.ts";
import { date, hour, numberWord, ordinal, partOfDay } from "./numbers.ts";
import { attach, precede } from "./pronouns.ts";
import { compound, conjugate, gerund, infinitiveFor, participle, type Person, type Tense } from "./verbs.ts";

/** A noun as the table writes it: "agua f", with its plural where that is irregular: "cine m cines". */
function noun(text: string) {
  const [singular, gender, plural] = text.split(", ");
  return { singular, gender: gender as Gender, ...(plural ? { plural } : {}) };
}

const gender = (text: string) => text as Gender;

const words = (text: string) => text.split(" ").filter((word) => word);

/** What each kind of line of the table asks for, from the cells between its kind and its form. */
const FORMS: Readonly<Record<string, (...cells: string[]) => string>> = {
  plural: (word) => plural(noun(`${word}, m`)),
  el: (word) => definite(noun(word), 1),
  los: (word) => definite(noun(word), 2),
  un: (word) => indefinite(noun(word), 1),
  unos: (word) => indefinite(noun(word), 2),
  contract,
  "personal a": personalA,
  agree: (adjective, form) => agree(adjective, gender(form[0]), form[1] === "1" ? 1 : 2),
  before: (adjective, word, number) => beforeNoun(adjective, noun(word), number === "2" ? 2 : 1),
  gerund: (infinitive, person) => gerund(infinitive, person ? Number(person) as Person : 3),
  participle,
  infinitive: (infinitive, person) => infinitiveFor(infinitive, Number(person) as Person),
  compound: (infinitive, tense, person) => compound(infinitive, tense as Tense, Number(person) as Person),
  attach: (form, clitics) => attach(form, words(clitics)),
  precede: (form, clitics) => precede(words(clitics), form),
  number: (n, form) => numberWord(Number(n), form ? gender(form) : undefined),
  ordinal: (n, form) => ordinal(Number(n), gender(form)),
  hour: (hours, minutes, exact) => hour(Number(hours), Number(minutes), { exact: exact === "exact" }),
  "part of day": (hours, minutes) => partOfDay(Number(hours), Number(minutes ?? 0)),
  date: (day, month, year) => date(Number(day), Number(month), year ? Number(year) : undefined),
  and,
  or,
  mend: mendConjunctions,
};

/** Six forms stand on one line: "dormir", "present", "duermo duermes …". */
const TENSE = /^(?:present|preterite|imperfect|future|conditional|subjunctive|past-subjunctive|imperative)$/;

interface Line {
  readonly asked: string;
  readonly got: () => string;
  readonly expected: string;
}

function* linesOf(file: string): Generator<Line> {
  for (const line of Deno.readTextFileSync(new URL(`testdata/${file}`, import.meta.url)).split("\n")) {
    if (!line || line.startsWith("#")) continue;
    const [kind, ...cells] = line.split("\t");
    const expected = cells.pop()!;
    if (!TENSE.test(kind)) {
      yield { asked: [kind, ...cells].join(" "), got: () => FORMS[kind](...cells), expected };
      continue;
    }
    const forms = expected.split(", ");
    const persons = cells[1] ? cells[1].split(" ").map(Number) : [1, 2, 3, 4, 5, 6];
    assertEquals(forms.length, persons.length, line);
    for (const [i, form] of forms.entries()) {
      const person = persons[i] as Person;
      if (form === "-") continue;
      yield {
        asked: `${cells[0]} ${kind} ${person}`,
        got: () => conjugate(cells[0], kind as Tense, person),
        expected: form,
      };
    }
  }
}

const FILES = ["nouns.tsv", "verbs.tsv", "numbers.tsv"];

for (const file of FILES) {
  Deno.test(`every form of testdata/${file} is as written by hand`, () => {
    const wrong = [...linesOf(file)].map(({ asked, got, expected }) => [asked, got(), expected])
      .filter(([, got, expected]) => got !== expected);
    assertEquals(wrong, []);
  });
}

Deno.test("the table has at least 1,300 forms, each asked once", () => {
  const asked = FILES.flatMap((file) => linesOf(file).toArray()).map(({ asked }) => asked);
  assert(asked.length >= 1300, `${asked.length} forms`);
  assertEquals(asked.filter((question, i) => asked.indexOf(question) !== i), []);
});

Deno.test("what has no form is refused", () => {
  assertThrows(() => conjugate("casa", "present", 1), RangeError, '"casa" is not the infinitive of a verb');
  assertThrows(() => conjugate("cantar", "imperative", 1), RangeError, "cantar");
  assertThrows(() => numberWord(1_000_000), RangeError, "999999");
  assertThrows(() => numberWord(1.5), RangeError, "1.5");
  assertThrows(() => ordinal(21, "m"), RangeError, "21");
  assertThrows(() => hour(3, 60), RangeError, "60");
  assertThrows(() => date(1, 13), RangeError, "13");
});
