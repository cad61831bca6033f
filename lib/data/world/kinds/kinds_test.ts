import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { UserError } from "../../../errors.ts";
import type { Document, Kind } from "../document.ts";
import { WORLD_FOLDER } from "../folder.ts";
import { Lexicon } from "../lexicon.ts";
import { Random } from "../random.ts";
import { load as loadCount } from "./count.ts";
import { load as loadDescription } from "./description.ts";
import { load as loadExplanation } from "./explanation.ts";
import { load as loadInstruction } from "./instruction.ts";
import { load as loadList } from "./list.ts";
import { load as loadRecipe } from "./recipe.ts";
import { readScripts } from "./script.ts";
import { load as loadThought } from "./thought.ts";

const lexicon = await Lexicon.read(join(WORLD_FOLDER, "words"));
const files = { folder: WORLD_FOLDER, lexicon };
const KINDS = [loadCount, loadExplanation, loadInstruction, loadList, loadRecipe, loadThought];
const kinds = await Promise.all(KINDS.map((load) => load(files)));

const documents = (kind: Kind, n = 200): Document[] =>
  Array.from({ length: n }, (_, i) => kind.write(Random.of(1, kind.name, i)));

/** All that a document has. */
const known = (document: Document) => {
  const { kind, text, facts, questions } = document;
  const two = document.some?.(2) ?? [];
  assert(two.length <= 2);
  return { kind, text, facts, questions, two };
};

/** An item of a list or a heading, which is no sentence. */
const ITEM = /^(?:[-•*]|\d+[.)]) |:$/;
const CAPITAL = /^[—¿¡«(]*[\p{Lu}\d]/u;
const words = (text: string) => text.toLowerCase().match(/[\p{L}\d]+/gu) ?? [];

for (const kind of kinds) {
  Deno.test(`each ${kind.name} is printed as Spanish is`, () => {
    for (const { text, questions } of documents(kind)) {
      const asked = questions.flatMap(({ turns }) =>
        turns.flatMap((turn) => [turn.instruction, turn.response])
      );
      for (const part of [text, ...asked]) {
        assert(!/[{}|\[\]]| {2}| [.,;:?!»]|[^.]\.\.(?!\.)|,[.,]|undefined/.test(part), part);
        assert(!/(?<!\p{L})(?:de|a) el(?!\p{L})/u.test(part), part);
      }
      for (const line of text.split("\n").filter((line) => !ITEM.test(line))) {
        assert(CAPITAL.test(line), line);
        assert(/[.?!…»,]$/.test(line), line);
        for (const [, letter] of line.matchAll(/[.?!] [¿¡«]*(\p{L})/gu)) {
          assertEquals(letter, letter.toUpperCase());
        }
      }
    }
  });

  Deno.test(`what is asked about each ${kind.name} is answered in its words`, () => {
    for (const { text, questions } of documents(kind)) {
      const told = new Set(words(text));
      for (const { turns } of questions) {
        for (const { response } of turns) {
          const missing = words(response).filter((word) => !told.has(word) && !told.has(`d${word}`));
          assertEquals(missing, [], `${response}\n${text}`);
        }
      }
    }
  });

  Deno.test(`each ${kind.name} is a function of its seed, and few begin alike`, () => {
    const made = documents(kind);
    assertEquals(documents(kind).map(known), made.map(known));
    const starts = Map.groupBy(made, ({ text }) => text.split(/\s+/, 4).join(" "));
    const alike = [...starts.values()].filter(({ length }) => length > 3);
    assertEquals(alike.map(([{ text }]) => text), []);
  });
}

async function scripted(yaml: string): Promise<Kind> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "kinds"));
    await Deno.writeTextFile(join(folder, "kinds/sample.yaml"), yaml);
    await Deno.mkdir(join(folder, "questions"));
    const asking = "questions/asking.yaml";
    await Deno.copyFile(join(WORLD_FOLDER, asking), join(folder, asking));
    return await readScripts({ lexicon, folder }, "sample");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const DAYS = "lunes martes miércoles jueves viernes sábado domingo".split(" ");
const MONTHS = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
  .split(" ");

/** The day of the week of January 1st in a year of 365 days in which a date falls on that day. */
function newYear([, day, date, month]: RegExpMatchArray): number {
  const days = (Date.UTC(2023, MONTHS.indexOf(month), Number(date)) - Date.UTC(2023, 0, 1)) / 86_400_000;
  return (DAYS.indexOf(day) - days % 7 + 7) % 7;
}

Deno.test("the dates of a text that are told with their days are those of one year", async () => {
  const kind = await scripted(`texts:
  uno:
    - ["Llegó el {día} {fecha}.", "Llegó el {fecha}, que era {día}: el {día} {fecha}."]
    - ["Se fue el {día2} {fecha2}.", "El {fecha2} se fue, y era {día2}: {día2} {fecha2}."]`);
  const years = new Set<number>();
  for (let i = 0; i < 200; i++) {
    const { text } = kind.write(Random.of(1, i));
    const dates = [...text.matchAll(/(\p{L}+) (\d+) de (\p{L}+)/gu)].filter(([, day]) => DAYS.includes(day));
    assertEquals(dates.length, 2, text);
    assertEquals(newYear(dates[0]), newYear(dates[1]), text);
    years.add(newYear(dates[0]));
  }
  assertEquals(years.size, 7);
});

const told = (kind: Kind) => new Set(documents(kind, 60).map(({ text }) => text));

Deno.test("a script tells its steps in order, mixed, chosen, left out, and as parts", async () => {
  const kind = await scripted(`
lists:
  fruit: [{name: la pera, taste: dulce}]
parts:
  end: ["{=word} y fin."]
texts:
  one:
    - "uno."
    - mix: ["dos.", "tres."]
    - choose: [["{el fruit} es {fruit_taste}."], [{line: ["no."], maybe: true}]]
    - use: end
      with: {word: bien}
`);
  const ends = [" La pera es dulce.", "\nNo.", ""];
  const both = ["Dos. Tres.", "Tres. Dos."];
  assertEquals(
    told(kind),
    new Set(both.flatMap((mixed) => ends.map((end) => `Uno. ${mixed}${end} Bien y fin.`))),
  );
});

Deno.test("instructions keep to one voice", async () => {
  const kind = await scripted(`
lists: {x: [la mesa]}
texts:
  one: ["{!lavarse} y {!secar+x.lo}."]
`);
  assertEquals(
    told(kind),
    new Set(["Lávate y sécala.", "Lávese y séquela.", "Lávense y séquenla.", "Lavarse y secarla."]),
  );
});

Deno.test("only what the wording tells is asked", async () => {
  const kind = await scripted(`
texts:
  one: [{say: ["ve {a}.", "nadie ve."], ask: [["¿Quién ve?", "{a!}"]]}]
`);
  for (const { text, questions } of documents(kind, 30)) {
    assertEquals(questions.length, text === "Nadie ve." ? 0 : 1);
  }
});

Deno.test("a wording has questions of its own, and what was not drawn is not asked", async () => {
  const kind = await scripted(`
texts:
  one: [[["corre {a}.", ["¿Quién corre?", "{a!}"], ["¿Quién corre con {b}?", "{a!}"]], "{a} duerme."]]
`);
  for (const { text, questions } of documents(kind, 30)) {
    assertEquals(questions.length, text.startsWith("Corre") ? 1 : 0);
    assert(questions.every(({ turns }) => /qui[ée]n corre(?! con)/i.test(turns[0].instruction)));
  }
});

Deno.test("a fault in a script names file, line and what to do", async () => {
  const refused = (yaml: string, message: string) => assertRejects(() => scripted(yaml), UserError, message);
  await refused("texts:\n  one:\n    - '{nobody}'\n", "sample.yaml:3: {nobody} is no role");
  await refused("texts:\n  one:\n    - use: end\n", "sample.yaml:3: no part of that name");
  await refused(
    "texts:\n  one:\n    - mix: [a, b]\n      some: 3\n",
    "sample.yaml:4: expected a number of steps",
  );
  await refused("texts:\n  one:\n    - tell: [a]\n", 'sample.yaml:3: unknown key "tell"');
  await refused("texts:\n  one:\n    - '{mood-1/a}'\n", "sample.yaml:3: {mood-1} is no role");
  await refused("texts:\n  one: []\n", "sample.yaml:2: expected a list of steps");
  await refused("texts:\n  one:\n    - '{=x}'\n", "sample.yaml:3: {=x} is not given");
});

Deno.test("whose {edad} is told is a child", async () => {
  const kind = await scripted(`
texts:
  años: [["{a} tiene {edad.digits} años.", "{b}, de {edad.digits} años, conoce a {a}."]]
`);
  for (const { facts } of documents(kind)) {
    for (const fact of facts.filter((fact) => /^[ab]: /.test(fact))) assert(/, niñ[oa]$/.test(fact), fact);
  }
});

Deno.test("what a list has named is named with its article", async () => {
  const list = await loadList(files);
  let found = 0;
  for (const { text } of documents(list, 1000)) {
    for (const [, thing] of text.matchAll(/(?:Lo más \p{L}+ (?:es|son)|le había regalado) (.+?)[.,]/gu)) {
      assert(/^(?:el|la|los|las) |^\p{L}+(?:ar|er|ir)(?: |$)/u.test(thing), text);
      found++;
    }
  }
  assert(found > 20);
});

Deno.test("what has two colours at once is told with both", async () => {
  let found = 0;
  for (const { text, facts } of documents(await loadDescription(files), 3000)) {
    const both = facts.find((fact) => fact.startsWith("colour both: "))?.slice("colour both: ".length);
    if (both !== undefined) {
      assert(/ y /.test(both) && text.includes(both), text);
      found++;
    } else if (/^.*(?<!\p{L})(?:el|la|las|los|una?) (?:orca|cebra|panda|abeja)s?(?!\p{L})/u.test(text)) {
      assert(!facts.includes("colour some"), text);
    }
  }
  assert(found > 10);
});
