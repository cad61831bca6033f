import { assert, assertEquals } from "@std/assert";
import { allSaid, heldOutQuestions } from "../held_out.ts";
import { plainWords } from "../plain_words.ts";
import { declines } from "../unknown.ts";
import { Contrasts } from "./contrasts.ts";
import { Distractors } from "./distractors.ts";
import { Guesses } from "./guesses.ts";
import { files } from "./questions/checking.ts";
import { Random } from "./random.ts";
import { MIX_OF_PREFERENCES } from "./registry.ts";
import { World } from "./world.ts";

const world = await World.read();
const drawn = await world.preferences(1);
const pairs = Array.from({ length: 600 }, (_, i) => drawn.at(i));

/** Wrong answers, none twice. */
function wrong(instruction: string, response: string): string[] {
  const distractors = new Distractors(files.lexicon);
  const exchange = { family: "", turns: [{ instruction, response }] };
  const all = Array.from({ length: 60 }, (_, i) => distractors.draw(exchange, Random.of(1, i)));
  return [...new Set(all)].map(String).sort();
}

Deno.test("a pair follows from its seed and number, and is none of the conversations of that seed", async () => {
  const again = await world.preferences(1);
  assertEquals([again.at(7), again.at(3)], [pairs[7], pairs[3]]);
  assert((await world.preferences(2)).at(7).instruction !== pairs[7].instruction);
  const conversations = world.conversations(1, MIX_OF_PREFERENCES);
  const asked = new Set(Array.from({ length: 600 }, (_, i) => allSaid(conversations.at(i).turns)));
  const same = pairs.filter(({ past, instruction }) => asked.has(allSaid([...past, { instruction }])));
  // Short questions about facts may be drawn twice.
  assert(same.length < 12, `${same.length} are the same`);
});

Deno.test("where it is due, not to know is chosen; where it is not, as often rejected; most wrong answers are near", () => {
  const due = pairs.filter(({ chosen }) => declines(chosen));
  const undue = pairs.filter(({ chosen, rejected }) => !declines(chosen) && declines(rejected));
  for (const some of [due, undue]) {
    assert(some.length > 0.15 * pairs.length && some.length < 0.35 * pairs.length, `${some.length}`);
  }
  assert(due.every(({ rejected }) => !declines(rejected)));
  const others = pairs.filter((pair) => !due.includes(pair) && !undue.includes(pair));
  for (const { chosen, rejected } of others) {
    assert(chosen !== rejected, chosen);
    // One thing was changed: but for yes and no, most words stay.
    const [one, two] = [chosen, rejected].map((text) => plainWords(text));
    const lost = one.filter((word) => !two.includes(word));
    assert(/^(?:Sí|No)\.$/.test(rejected) || lost.length <= 4, `${chosen} / ${rejected}`);
  }
});

Deno.test("no question of a pair comes near what is held out", async () => {
  const held = await heldOutQuestions();
  const near = pairs.filter(({ past, instruction }) =>
    held.near(allSaid([...past, { instruction }])) ?? held.near(instruction)
  );
  assertEquals(near, []);
});

Deno.test("a nearly right answer changes a number, a name, a thing, a letter or a form, and nothing else", () => {
  const flies = wrong("¿Vuela el tamarindo?", "No, el tamarindo no vuela.");
  assert(flies.includes("Sí.") && flies.includes("No, el tamarindo no vuelan."), flies.join());
  assertEquals(wrong("¿Riman «sal» y «cal»?", "Sí."), ["No."]);
  assertEquals(wrong("Siete y siete", "14."), ["12.", "13.", "15.", "16.", "24.", "4."]);
  assertEquals(wrong("Siete menos tres", "Cuatro."), ["Cinco.", "Dos.", "Seis.", "Tres."]);
  assert(
    wrong("¿Cuánto es?", "Son treinta y cuatro.").every((answer) => !/y (?:diez|once|veinte)/.test(answer)),
  );
  const named = wrong(
    "Hoy vino Rosa. Luego llegó Ana y después Eva. ¿Quién llegó después de Ana?",
    "Llegó Eva.",
  );
  assertEquals(named, ["Llegaron Eva.", "Llegó Ana.", "Llegó Rosa."]);
  const things = wrong("Ana tiene una mesa y compró una silla. ¿Qué compró?", "Una silla.");
  assert(things.includes("Una mesa."), things.join());
  assertEquals(wrong("Deletrea sol.", "s-o-l."), ["o-s-l.", "s-l-o."]);
  assert(wrong("¿Con qué letra empieza?", "Con la p.").every((answer) => /^Con la [a-zñ]\.$/.test(answer)));
  assertEquals(wrong("¡Hola!", "¡Hola!"), ["null"]);
});

Deno.test("a guess is of the kind that the question asks for, and often of the text", async () => {
  const guesses = await Guesses.load(files);
  const guess = (instruction: string) =>
    Array.from({ length: 40 }, (_, i) => guesses.draw([{ instruction, response: "" }], Random.of(2, i)));
  const text = "Ana compró una silla con Eva. ";
  assert(guess(`${text}¿Quién la pintó?`).includes("Eva."));
  assert(guess(`${text}¿Qué pintó Eva?`).includes("Una silla."));
  assert(guess("¿A qué hora llegó?").every((answer) => /^(?:A|Son) las? /.test(answer)));
  assert(guess("Dime dónde vive Ana.").every((answer) => answer.startsWith("En ")));
  assertEquals([...new Set(guess("¿Está lloviendo?"))].sort(), ["No.", "Sí."]);
  assert(guess("¿Por qué estoy así?").every((answer) => answer.startsWith("Porque ")));
});

Deno.test("a mix whose answers cannot be changed is refused, and not drawn from for ever", async () => {
  const contrasts = await Contrasts.load(files);
  const same = { family: "a", turns: [{ instruction: "¡Hola!", response: "¡Hola!" }] };
  const refused = Array.from({ length: 3 }, (_, i) => {
    try {
      return contrasts.at(i, 1, () => same).rejected;
    } catch (error) {
      return String(error);
    }
  });
  // Not to know is the one wrong answer that there is.
  assert(refused.every((rejected) => declines(rejected)), refused.join());
});
