import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../errors.ts";
import { conjugate } from "./grammar/verbs.ts";
import { Lexicon } from "./lexicon.ts";

const shipped = new URL("../../../data/world/words", import.meta.url).pathname;
const lexicon = await Lexicon.read(shipped);

/** The smallest lexicon: one entry a file, and what that entry refers to. */
const SMALL: Readonly<Record<string, string>> = {
  "categories.tsv": `category|noun|gender|plural|within|flags
lugar|lugar|m|||place
animal|animal|m|||alive, countable
ave|ave|f||animal|flies
objeto|objeto|m|||
parte|parte|f|||part`,
  "nouns.tsv": `# una nota
noun|gender|plural|category|colours|sizes|parts|uses|places|eats|for|flags

taller|m||lugar|||||||reparar cosas|indoors
martillo|m||objeto|gris|pequeño|mango (parte), 2 caras|usar|taller||clavar clavos|portable
mango|m||objeto||||||||
mango (parte)|m||parte||||||||
cara|f||parte||||||||
loro|m||ave|cualquiera||||taller|mangos||`,
  "verbs.tsv": `verb|conjugation|takes|progressive|group|opposite
reparar|regular|thing|yes|work|
usar|regular|thing, de thing+con person|yes|work|
clavar|regular|thing|yes|work|`,
  "adjectives.tsv": `adjective|opposite|said of|category|copula
gris||thing|colour|ser
rojo||thing|colour|ser
pequeño|grande|thing, animal|size|ser
grande|pequeño|thing|size|ser
triste||person|feeling|estar`,
  "surnames.tsv": "surname\nGarro",
  "people.tsv": "name|gender\nAna|f\nLuis|m",
  "pets.tsv": "name|gender\nCanelo|m\nLuna|f",
  "towns.tsv": "town|country\nLima|Perú",
  "professions.tsv":
    "masculine|feminine|places|does|tools\ncarpintero|carpintera|taller|hacer muebles|martillo",
  "family.tsv": "masculine|feminine|means|inverse\nhermano|hermana|el otro hijo de sus padres|hermano",
  "feelings.tsv": "feeling|gender|adjective|signs|causes\ntristeza|f|triste|llorar|pierde algo",
  "weather.tsv": "weather|gender|verb|adjective|wear\nlluvia|f|llover|lluvioso|martillo",
  "calendar.tsv": "name|gender|plural|kind|order|notes\nmartes|m||día|2|\nlunes|m||día|1|es el primero",
  "relations.tsv": `relation|kind|wording
capital|ask|¿Cuál es la capital de {s}?
capital|answer|Es {o}.`,
  "knowledge.tsv": "subject|relation|object\nPerú|capital|Lima",
};

/** Reads the small lexicon with one text of one file replaced; `|` stands for a tab. */
async function readSmall(file = "", from = "", to = ""): Promise<Lexicon> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(SMALL)) {
      if (name === file) assert(text.includes(from), `${from} is not in ${name}`);
      const changed = name === file ? text.replace(from, to) : text;
      await Deno.writeTextFile(`${folder}/${name}`, changed.replaceAll("|", "\t"));
    }
    return await Lexicon.read(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a noun has its categories, flags, colours, parts and places, and knows homonyms apart", async () => {
  const small = await readSmall();
  const parrot = small.noun("loro")!;
  assertEquals([...parrot.categories], ["ave", "animal"]);
  assertEquals([...parrot.flags].sort(), ["alive", "countable", "flies"]);
  assertEquals([parrot.is.singular, parrot.is.gender], ["ave", "f"]);
  assertEquals(parrot.colours, ["gris", "rojo"]);
  assertEquals(parrot.eats, [{ noun: small.noun("mango")!, plural: true }]);
  const hammer = small.noun("martillo")!;
  assertEquals(hammer.parts, [
    { noun: small.noun("mango (parte)")!, plural: false },
    { noun: small.noun("cara")!, plural: true, count: 2 },
  ]);
  assertEquals([small.noun("mango (parte)")!.singular, hammer.places[0].singular], ["mango", "taller"]);
  assertEquals([hammer.for, hammer.uses], [["clavar clavos"], ["usar"]]);
  assertEquals(small.category("animal"), [parrot]);
  assertEquals(small.flagged("portable"), [hammer]);
  assertThrows(() => small.category("anmal"), UserError, "lugar, animal, ave");
});

Deno.test("verbs, names, the calendar and facts are as their lines say", async () => {
  const small = await readSmall();
  assertEquals(small.verb("usar")!.takes, [
    [{ kind: "thing" }],
    [{ kind: "thing", preposition: "de" }, { kind: "person", preposition: "con" }],
  ]);
  assertEquals(small.people("f"), [{ name: "Ana", gender: "f" }]);
  assertEquals(small.people().length, 2);
  assertEquals(small.calendar("día").map(({ singular }) => singular), ["lunes", "martes"]);
  const [fact] = small.knowledge;
  assertEquals([fact.subject, fact.relation.answer, fact.object], ["Perú", ["Es {o}."], "Lima"]);
  assertEquals(["mangos", "ana", "mangas"].map((word) => small.has(word)), [true, true, false]);
});

const FAULTS: readonly [file: string, from: string, to: string, message: RegExp][] = [
  ["nouns.tsv", "mango|m||objeto||||||||", "mango|m||objeto", /nouns\.tsv:6: 4 columns instead of 12/],
  ["nouns.tsv", "noun|gender", "name|gender", /nouns\.tsv:2: the columns are name, gender, .*expected noun/],
  ["nouns.tsv", "taller|m|", "taller|n|", /nouns\.tsv:4: unknown gender "n"; expected one of m, f/],
  ["nouns.tsv", "taller|m||lugar", "taller|m||sitio", /nouns\.tsv:4: unknown category "sitio"/],
  ["nouns.tsv", "cara|f", "mango|f", /nouns\.tsv:8: "mango" is already listed in .*nouns\.tsv:6/],
  ["nouns.tsv", "gris|pequeño", "azul|pequeño", /nouns\.tsv:5: "azul" is no colour in adjectives\.tsv/],
  ["nouns.tsv", "2 caras", "2 patas", /nouns\.tsv:5: "patas" is not in nouns\.tsv/],
  ["nouns.tsv", "usar|taller", "usar|tienda", /nouns\.tsv:5: "tienda" is not in nouns\.tsv/],
  ["nouns.tsv", "clavar clavos", "pegar clavos", /nouns\.tsv:5: "pegar" is not in verbs\.tsv/],
  ["nouns.tsv", "clavos|portable", "clavos|pesado", /nouns\.tsv:5: unknown flag "pesado"/],
  ["categories.tsv", "ave|ave|f||animal", "ave|ave|f||bicho", /categories\.tsv:4: unknown category "bicho"/],
  ["adjectives.tsv", "pequeño|grande", "pequeño|enorme", /adjectives\.tsv:4: "enorme" is not in adjectives/],
  ["adjectives.tsv", "thing, animal", "thing, dog", /adjectives\.tsv:4: unknown subject of adjectives "dog"/],
  ["verbs.tsv", "usar|regular", "uso|regular", /verbs\.tsv:3: "uso" is no infinitive/],
  ["verbs.tsv", "de thing+con person", "de cosa", /verbs\.tsv:3: unknown complement "cosa"/],
  ["people.tsv", "Luis", "Ana", /people\.tsv:3: "Ana" is already listed/],
  ["towns.tsv", "Perú", "", /towns\.tsv:2: "Lima" has no country/],
  ["professions.tsv", "|taller", "|mango", /professions\.tsv:2: "mango" is no place/],
  ["family.tsv", "padres|hermano", "padres|primo", /family\.tsv:2: "primo" is not in family\.tsv/],
  ["feelings.tsv", "|triste|", "|alegre|", /feelings\.tsv:2: "alegre" is not in adjectives\.tsv/],
  ["weather.tsv", "martillo", "paraguas", /weather\.tsv:2: "paraguas" is not in nouns\.tsv/],
  ["calendar.tsv", "día|2", "día|dos", /calendar\.tsv:2: the order is "dos"/],
  ["relations.tsv", "de {s}", "de {x}", /relations\.tsv:2: unknown slot \{x\}/],
  ["relations.tsv", "capital de {s}", "capital", /relations\.tsv:2: "ask" names \{s\} and nothing else/],
  ["relations.tsv", "|answer|Es {o}.", "|ask|¿Y la de {s}?", /relations\.tsv:2: "capital" lacks a wording/],
  ["knowledge.tsv", "|capital|", "|moneda|", /knowledge\.tsv:2: unknown relation "moneda"/],
];

Deno.test("an opposite is asked for only where no other word is as good", () => {
  const certain = new Map(lexicon.opposites.map(({ word, opposite }) => [word, opposite]));
  assertEquals(certain.get("alegre"), "triste");
  assertEquals(certain.get("descontento"), "contento");
  // "contento" has "triste" too, "feo" both "bonito" and "hermoso"; "salado" has a word whose opposite is another.
  for (const word of ["contento", "feo", "salado"]) {
    assert(lexicon.adjective(word)!.opposite !== undefined && !certain.has(word), word);
  }
  assertEquals(lexicon.adjective("contento")!.opposite, "descontento");
  const verbs = new Map(lexicon.oppositeVerbs.map(({ infinitive, opposite }) => [infinitive, opposite]));
  assertEquals([verbs.get("abrir"), verbs.get("calmar")], ["cerrar", undefined]);
});

Deno.test("a fault in a word file is told with its file and line", async () => {
  for (const [file, from, to, message] of FAULTS) {
    const error = await assertRejects(() => readSmall(file, from, to), UserError);
    assert(message.test(error.message), `${error.message} should match ${message}`);
    assert(!error.message.includes("\n"));
  }
});

Deno.test("a folder without word files is refused by name", async () => {
  await assertRejects(() => Lexicon.read("/nowhere/words"), UserError, "/nowhere/words");
});

Deno.test("the verbs that ship change their stems as their lines say", () => {
  const changes: Readonly<Record<string, RegExp>> = {
    "e>ie": /ie|ye/,
    "o>ue": /ue|hue/,
    "u>ue": /ue/,
    "e>i": /i/,
    "i>í": /í/,
    "u>ú": /ú/,
  };
  for (const { infinitive, conjugation } of lexicon.verbs) {
    const form = conjugate(infinitive, "present", 3).replace("se ", "");
    const stem = infinitive.replace(/[aeií]r(se)?$/, "");
    if (conjugation === "regular") {
      assert(form === `${stem}a` || form === `${stem}e`, `${infinitive} is no regular verb: ${form}`);
    } else if (conjugation !== "irregular") {
      assert(changes[conjugation].test(form) && !form.startsWith(stem), `${infinitive}: ${form}`);
    }
  }
});
