import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { readStories, type Story } from "../data/stories.ts";
import { Lexicon } from "../data/world/lexicon.ts";
import { World } from "../data/world/world.ts";
import { OracleDevice } from "../device/oracle.ts";
import { UserError } from "../errors.ts";
import { modelConfig } from "../model/config.ts";
import { Decoder } from "../model/decoder.ts";
import { charTokenizer } from "../text/testing.ts";
import { checkAgreement } from "./agreement.ts";
import { PersonChecker } from "./persons.ts";
import { continueStories, StoryJudge, storyScore } from "./stories.ts";
import { WordForms } from "./word_forms.ts";

const data = new URL("../../data/", import.meta.url).pathname;
const lexicon = await Lexicon.read(`${data}world/words`);
const forms = new WordForms(lexicon);
const persons = new PersonChecker(lexicon, forms);
const judge = new StoryJudge(lexicon);

const faults = (text: string) => checkAgreement(text, forms).faults;

Deno.test("articles and adjectives must agree with their noun in gender and number", () => {
  const text =
    "La perro ladra. El casa roja, unos gatos negro. Las mesas pequeños. Vio los pájaro. Al niña le dio pan.";
  assertEquals(faults(text), [
    ...["La perro", "El casa roja", "unos gatos negro", "Las mesas pequeños", "los pájaro", "Al niña"],
  ]);
  assertEquals(faults("Un pequeña perro y una gran casa; la buen mesa; esta camino."), [
    ...["Un pequeña perro", "la buen mesa", "esta camino"],
  ]);
  assertEquals(faults("La agua está fría. El agua fría. Un águila; la misma agua; las aguas; del alma."), [
    "La agua",
  ]);
  const right =
    "El niño de la casa blanca y la mar azul. Los lunes, el lunes, la mano, el mapa, la turista, el turista.";
  assertEquals(checkAgreement(right, forms), { phrases: 9, faults: [] });
});

Deno.test("what may be right is no fault: pronouns, prepositions, whose adjective it is, numbers", () => {
  for (
    const right of [
      "El perro está sucio y Ana la baño.",
      "Duerme la niña bajo el árbol.",
      "El niño cerró la puerta asustado.",
      "El color de la casa pálido.",
      "Tiene treinta y un años.",
      "Puso unas sobre la mesa.",
      "Se fue la luz. Perro y gato durmieron.",
    ]
  ) assertEquals(faults(right), [], right);
});

Deno.test("the prose that ships agrees: of its phrases, less than one in 500 is taken for a fault", async () => {
  let phrases = 0, taken = 0;
  for await (const { name } of Deno.readDir(`${data}raw`)) {
    const found = checkAgreement(await Deno.readTextFile(`${data}raw/${name}`), forms);
    phrases += found.phrases;
    taken += found.faults.length;
  }
  assert(phrases > 5000 && taken < phrases / 500, `${taken} of ${phrases}`);
});

Deno.test("the stories that the world tells agree, and keep the gender of their persons", async () => {
  const world = await World.read(`${data}world`);
  const all = Array.from({ length: 200 }, (_, i) => world.document("story", 3, i).text);
  const checks = all.map((text) => checkAgreement(text, forms));
  const found = [
    ...checks.flatMap((check) => check.faults),
    ...all.flatMap((text) => persons.misgendered({}, text)),
  ];
  const phrases = checks.reduce((sum, check) => sum + check.phrases, 0);
  assert(phrases > 2000 && found.length < phrases / 500, `${phrases} phrases: ${found.join("; ")}`);
});

Deno.test("a person must be in the beginning, or be introduced", () => {
  const beginning = "Inés y su gato Bigotes viven en Bogotá.";
  const strangers = (text: string) => persons.strangers(beginning, { Inés: "f", Bigotes: "m" }, text);
  assertEquals(strangers("Inés llamó a Bigotes. Entonces cantó Pedro, y Pedro se sentó con Marta."), [
    "Pedro",
    "Marta",
  ]);
  assertEquals(
    strangers("Llegó su amigo Pedro con Marta, su vecina. Vino don Luis. Pedro y Luis rieron."),
    [],
  );
  assertEquals(
    strangers("En la banca estaba Rosana. Melchor, que lo vio, y Eva, de siete años, rieron."),
    [],
  );
  assertEquals(strangers("Inés Rojas y Ana, su prima. Ana López calla. Tu Inés. Su barco, «La Suerte»."), []);
  assertEquals(
    strangers("Un niño llamado Tomás y sus primos Ana y Hugo jugaban en San José, cerca de Lima."),
    [],
  );
  assertEquals(strangers("Rosa es un color. Abril llegó. —Pedro no está. Ayer Rosa cantó con Talumé Paz."), [
    ...["Pedro", "Rosa", "Talumé"],
  ]);
  assertEquals(strangers("Vivía en Talumé, junto al Orinoco. ¿Quién sabe? El Sol salió."), []);
});

Deno.test("what is said of a person has the person's gender, and is in the singular", () => {
  const said = (text: string) => persons.misgendered({ Inés: "f", Talumé: "m" }, text);
  assertEquals(
    said("Inés estaba muy cansado. Talumé era alta y Bruno se quedó dormida. Inés, asustado, huyó."),
    [
      ...["Inés estaba muy cansado", "Talumé era alta", "Bruno se quedó dormida", "Inés, asustado"],
    ],
  );
  assertEquals(said("Cuando Inés llegó cansado, el señor Inés y la niña Talumé eran amigos."), [
    ...["Inés llegó cansado", "señor Inés", "niña Talumé"],
  ]);
  assertEquals(said("Talumé era una niña. Inés fue maestro. Inés parecía contentas."), [
    ...["Talumé era una niña", "Inés fue maestro", "Inés parecía contentas"],
  ]);
  const right =
    "Inés estaba cansada. La casa de Talumé era alta. Talumé e Inés estaban contentos. Inés, la mayor, rio. " +
    "Se llama Inés. Las hermanas Inés y Rosa. Inés era una persona amable. Talumé sintió mariposas. Inés quedó sola. Talumé volvió rápido. El gato de Inés es negro.";
  assertEquals(said(right), []);
});

const story: Story = { beginning: "Inés perdió una moneda.", persons: { Inés: "f" } };
const judged = (text: string, stopped = true) => judge.judge({ ...story, text, stopped });

Deno.test("a continuation holds together if its persons stay, words agree, little repeats and it ends", () => {
  const good = " Inés buscó la moneda en toda la casa. La encontró debajo de la cama y sonrió.";
  assert(judged(good).coherent);
  const { named, words, ended, phrases, repetition } = judged(good);
  assertEquals([named, words, ended, phrases, repetition], [true, 16, true, 3, 0]);
  for (
    const bad of [
      judged(good, false),
      judged(good.slice(0, -1)),
      judged(good.replace("la casa", "la techo")),
      judged(good.replace("sonrió", "la vio Marcos")),
      judged(good + " Inés estaba contento."),
      judged(good + good),
      judged(good.replace("Inés", "Ella")),
      judged(" Inés rio."),
      judged(""),
    ]
  ) assert(!bad.coherent, bad.text);
  assert(judge.judge({ ...story, persons: {}, text: good.replace("Inés", "Ella"), stopped: true }).coherent);
  assert(judged(`${good} —dijo: «Aquí está».`).ended && judged(`${good} ¡Qué suerte!\n`).ended);
});

Deno.test("figures of stories: shares of the continuations, and of the phrases", () => {
  const good = judged(" Inés buscó la moneda en toda la casa. La encontró debajo de la cama y sonrió.");
  const bad = judged(" Pedro vio el casa y el perro y la gato y", false);
  const score = storyScore([good, bad]);
  assertEquals([score.stories, score.coherent, score.persons, score.named, score.ended], [
    2,
    0.5,
    0.5,
    0.5,
    0.5,
  ]);
  assertAlmostEquals(score.agreement!, 4 / 6);
  assertEquals([score.words, score.repetition], [13.5, 0]);
  const nobody = storyScore([judge.judge({ beginning: "Llovía.", persons: {}, text: "", stopped: true })]);
  assertEquals([nobody.named, nobody.agreement, nobody.coherent], [null, null, 0]);
});

Deno.test("stories are continued side by side, each by its own draw, and the same again", async () => {
  const tokenizer = charTokenizer("abcdef. ");
  const options = { vocab: tokenizer.size, context: 16, layers: 1, heads: 2, width: 16 };
  const model = new Decoder(new OracleDevice(), modelConfig(options));
  model.initialize(5);
  const stories = Array.from({ length: 11 }, () => ({ beginning: "abc.", persons: {} }));
  const drawing = { max_new_tokens: 20, temperature: 1, seed: 3 };
  const done: number[] = [];
  const first = await continueStories(model, tokenizer, stories, drawing, (n) => done.push(n));
  assertEquals(done, Array.from(stories, (_, i) => i + 1));
  assert(new Set(first.map(({ text }) => text)).size > 8);
  assert(
    first.some(({ stopped }) => stopped) && first.some(({ text, stopped }) => !stopped && text.length > 4),
  );
  assertEquals(await continueStories(model, tokenizer, stories, drawing, () => {}), first);
});

Deno.test("files of stories are refused with the line that is wrong; those that ship have their persons", async () => {
  const file = await Deno.makeTempFile({ suffix: ".jsonl" });
  try {
    for (
      const [line, says] of [
        [{ ...story, persons: { Ines: "f" } }, ":1: Ines is one of the persons, but not in the beginning"],
        [{ ...story, persons: { Inés: "x" } }, ':1: expected {"beginning": …'],
        [{ ...story, persons: ["Inés"] }, ':1: expected {"beginning": …'],
        [{ persons: {} }, ':1: expected {"beginning": …'],
      ] as const
    ) {
      await Deno.writeTextFile(file, JSON.stringify(line));
      await assertRejects(() => readStories(file), UserError, says);
    }
  } finally {
    await Deno.remove(file);
  }
  const stories = await readStories(`${data}evaluate/stories.jsonl`);
  assertEquals(stories.length, 100);
  assertEquals(new Set(stories.map(({ beginning }) => beginning)).size, 100);
  for (const { beginning, persons: own } of stories) {
    assertEquals(faults(beginning), [], beginning);
    assertEquals(persons.misgendered(own, beginning), [], beginning);
    assertEquals(persons.strangers("", own, beginning), [], beginning);
  }
});
