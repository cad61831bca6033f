import { assert, assertEquals, assertGreater, assertNotEquals, assertThrows } from "@std/assert";
import { UserError } from "../../errors.ts";
import { charTokenizer } from "../../text/testing.ts";
import { plainText } from "../plain_words.ts";
import { Lexicon } from "../world/lexicon.ts";
import { Random } from "../world/random.ts";
import { SimilarQuestions } from "./similar.ts";
import { checkFacts, type Fact, MOST_FACTS } from "./facts.ts";
import { compileForm, divided, namesIn, parseQuestion } from "./question.ts";
import { SameMatter } from "./rehearsal.ts";
import { Rewording } from "./wordings.ts";

const folder = new URL("../../../data/world", import.meta.url).pathname;
const lexicon = await Lexicon.read(`${folder}/words`);
const rewording = await Rewording.load({ folder, lexicon });

const fact = (instruction: string, response: string): Fact => ({
  past: [],
  instruction,
  response,
  where: "here",
});

Deno.test("a question is found whatever stands around it, and however it is typed", () => {
  const cases = [
    ["¿Quién es Rufo?", "Mi perro.", "which", "quién es Rufo"],
    ["¿Sabes quién es Rufo?", "Mi perro.", "which", "quién es Rufo"],
    ["Oye, ¿quién es Rufo?", "Mi perro.", "which", "quién es Rufo"],
    ["Por favor, dime quién es Rufo.", "Mi perro.", "which", "quién es Rufo"],
    ["quien es Rufo", "Mi perro.", "which", "quién es Rufo"],
    ["De que color es la casa", "Azul.", "which", "de qué color es la casa"],
    ["¿Es Rufo un gato?", "No.", "whether", "es Rufo un gato"],
    ["¿Rufo es un gato?", "No.", "whether", "Rufo es un gato"],
    ["¿Rufo come carne o pescado?", "Carne.", "alternative", "Rufo come carne o pescado"],
    ["Cuéntame de Rufo.", "Es mi perro.", "command", "cuéntame de Rufo."],
    ["Ana vive en Lima. ¿Dónde vive Ana?", "En Lima.", "command", "Ana vive en Lima. ¿Dónde vive Ana?"],
  ] as const;
  const { isName } = rewording;
  for (const [instruction, response, manner, core] of cases) {
    assertEquals(parseQuestion(instruction, response, isName), { manner, core }, instruction);
  }
});

Deno.test("a question ends with its subject, or with something else", () => {
  assertEquals(divided("quién es Rufo"), { p: "quién es", s: "Rufo" });
  assertEquals(divided("cuántos años tiene mi perro"), { p: "cuántos años tiene", s: "mi perro" });
  assertEquals(divided("cuál es la capital de Francia"), { p: "cuál es", s: "la capital de Francia" });
  for (const core of ["quién escribió el Quijote", "por qué el cielo es azul", "qué hora es", "dónde vivo"]) {
    assertEquals(divided(core), null, core);
  }
  assertEquals(namesIn("cuál es la capital de Costa Rica y de Francia"), ["Costa Rica", "Francia"]);
});

const QUESTIONS = [
  ["¿Quién es Rufo?", "Rufo es mi perro."],
  ["¿Cuál es la capital de Francia?", "París."],
  ["¿Es Rufo un gato?", "No."],
  ["¿Rufo come carne o pescado?", "Carne."],
  ["Cuéntame de Rufo.", "Rufo es mi perro. Vive en casa."],
  ["¿Cómo se llama mi gata?", "Pelusa."],
  ["¿Cuántos años tiene Rufo?", "Tres."],
  ["¿Dónde están las llaves?", "En la cocina."],
  ["¿Por qué ladra Rufo?", "Porque tiene hambre."],
  ["¿Quién escribió el Quijote?", "Cervantes."],
  ["Clave del wifi", "girasol"],
] as const;

/** What no text may have: slots, marks that stand wrong, "de el", a small letter at the beginning. */
const FAULTS =
  /[{}\[\]|"!]{1}(?<!¡.*!)|undefined| {2}| [,.;:?!]|[¿¡] |\?\?|\?\.|(?<!\p{L})(?:de|a) el (?!\p{Lu})|^[¿¡]?[a-záéíóúñ]/u;

Deno.test("wordings that are learned, that stop and that are reported are others, and all are well formed", () => {
  for (const [instruction, response] of QUESTIONS) {
    const random = Random.of(1, instruction);
    const wordings = rewording.of({ instruction, response }, random);
    const stopping = wordings.held("stopping", 12, random).map(({ text }) => text);
    const reported = wordings.held("reported", 24, random).map(({ text }) => text);
    const learned = Array.from({ length: 200 }, () => wordings.learned(random));
    assert(stopping.length >= 6 && reported.length >= 8, `${instruction}: ${stopping} ${reported}`);
    assertGreater(new Set(learned).size, 20, instruction);
    assert(learned.includes(instruction), instruction);
    const keys = [stopping, reported, learned].map((texts) => new Set(texts.map((text) => plainText(text))));
    assertEquals(keys[0].intersection(keys[1]).size + keys[0].union(keys[1]).intersection(keys[2]).size, 0);
    for (const text of [...stopping, ...reported, ...learned]) {
      assert(text === instruction || !FAULTS.test(text), `${FAULTS.exec(text)?.[0]} in ${text}`);
      assertEquals(text.split("¿").length, text.split("?").length, text);
      const names = namesIn(instruction.slice(2));
      for (const name of names) assert(text.includes(name) || text.includes("¿Y "), text);
    }
  }
});

Deno.test("the same seed gives the same wordings, another one others", () => {
  const draw = (seed: number) => {
    const wordings = rewording.of({ instruction: "¿Quién es Rufo?", response: "Mi perro." }, Random.of(seed));
    return wordings.held("reported", 8, Random.of(seed));
  };
  assertEquals(draw(1), draw(1));
  assertNotEquals(draw(1), draw(2));
});

Deno.test("every form of teaching.yaml is one that some question has", () => {
  const cores = [
    ...["quién es Rufo", "qué es un átomo", "cómo es Rufo", "dónde vive Ana", "en qué lugar vive Ana"],
    ...[
      "cuándo llega Ana",
      "cómo se llama mi perro",
      "cuál es el nombre de mi perro",
      "cuántos años tiene Ana",
    ],
    ...[
      "qué edad tiene Ana",
      "de qué color es la casa",
      "de quién es el libro",
      "cuál es la capital de Perú",
    ],
    ...["quién escribió el Quijote", "por qué llora Ana", "para qué sirve un pico", "cómo llega Ana a casa"],
    ...["cuánto cuesta el pan", "cuánto pesa Rufo", "cuántos perros tiene Ana", "cuántas casas hay"],
    ...["qué come Rufo", "en qué trabaja Ana", "cómo te llamas", "quién eres", "cuéntame de Rufo"],
    ...["define fotosíntesis", "es Rufo un gato", "Rufo es un gato", "sujeto", "otra cosa"],
  ];
  const unmet = rewording.formNames.filter((form) => !cores.some((core) => compileForm(form).test(core)));
  assertEquals(unmet, []);
});

Deno.test("questions like a fact's ask about others, or about other matters of the same name", () => {
  const facts = [fact("¿Quién es Rufo?", "Rufo es mi perro.")];
  const similarQuestions = new SimilarQuestions(
    facts,
    [fact("¿Quién es Tobi?", "Tobi es mi gato.")],
    lexicon,
    rewording,
  );
  const parts = (["learned", "stopping", "reported"] as const).map((part) =>
    similarQuestions.draw(40, part, Random.of(1, part))
  );
  const all = parts.flat();
  assertEquals(all.length, 120);
  assert(all.every(({ unknown }) => unknown));
  assert(all.every(({ instruction, sameName }) => instruction.includes("Rufo") === sameName));
  assert(!all.some(({ instruction }) => /Tobi|¿Quién es Rufo/.test(instruction)));
  const [learned, stopping, reported] = parts.map((part) =>
    new Set(part.map(({ instruction }) => instruction))
  );
  assertEquals(learned.intersection(stopping).size + learned.union(stopping).intersection(reported).size, 0);
  const draw = (instruction: string) =>
    new SimilarQuestions([fact(instruction, "x")], [], lexicon, rewording).draw(20, "learned", Random.of(1));
  const places = draw("¿Cuál es la capital de Perú?");
  assert(
    places.every(({ instruction, unknown }) =>
      /^¿Cuál es la capital de \p{Lu}/u.test(instruction) && !unknown
    ),
  );
  const things = draw("¿Cómo se llama mi gata?");
  assert(
    things.length > 10 &&
      things.every(({ instruction }) => /^¿Cómo se llama mi (?!gata)\p{L}+\?$/u.test(instruction)),
  );
  assertEquals(draw("Hola"), []);
});

Deno.test("what asks for a fact in other words is known by the words that it is about", () => {
  const same = new SameMatter([
    fact("¿Cuál es la capital de Costa Rica?", "Cartago."),
    fact("¿Cómo estás?", "Bien."),
  ]);
  assertEquals(same.of("Dime el nombre de la capital de Costa Rica."), 0);
  assertEquals(same.of("¿Como estas?"), 1);
  for (const other of ["¿Cuál es la capital de Perú?", "¿Dónde queda Costa Rica?", "¿Cómo te llamas?"]) {
    assertEquals(same.of(other), -1, other);
  }
});

Deno.test("facts are refused that are too long, contradict each other, are too many or cannot be written", () => {
  const tokenizer = charTokenizer("¿Quién es Rufo?.E0123456789abcdefghijklmnopqrstuvwxyz ");
  const room = { tokenizer, context: 100, prompt: 75 };
  const refuses = (facts: Fact[], text: string) => {
    const { message } = assertThrows(() => checkFacts(facts, room), UserError);
    assert(message.includes(text) && !message.includes("\n"), message);
  };
  const good = fact("¿Quién es Rufo?", "Es un perro.");
  assertEquals(checkFacts([good, { ...good, where: "there" }], room), [good]);
  refuses(
    [fact("¿Quién es Rufo?", "a".repeat(100))],
    "here: question and answer take 118 tokens, and the model holds 100",
  );
  refuses([fact("a".repeat(60), "b")], "here: the question takes 62 tokens");
  refuses(
    [good, fact("quien es rufo", "Es un gato.")],
    "here: here has the same question with another answer",
  );
  refuses([fact("¿Quién es Rufo?", "Es un ñandú.")], "the model cannot write ñ ú");
  const many = Array.from(
    { length: MOST_FACTS + 1 },
    (_, i) => fact(`¿Quién es ${"abcdefghij"[i % 10]} ${i}?`, "a"),
  );
  refuses(many, "201 facts are more than the 200");
});
