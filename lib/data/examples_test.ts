import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { UserError } from "../errors.ts";
import { IGNORED } from "../ops/cross_entropy.ts";
import { charTokenizer } from "../text/testing.ts";
import { encodeConversation } from "../text/prompt.ts";
import { holds } from "../evaluate/language.ts";
import { normalizeAnswer } from "../evaluate/text_metrics.ts";
import {
  augment,
  conversationBatch,
  readConversations,
  readQuestions,
  withoutAccents,
} from "./instructions.ts";
import { NEAR, nearest, Neighbours } from "./nearest.ts";
import { plainWords } from "./plain_words.ts";
import { epochBatch, padded, readLabelled, stratify } from "./labelled.ts";
import { writtenByHand } from "./testing.ts";

const data = new URL("../../data/", import.meta.url).pathname;

Deno.test("every label has its share in each part, and no text is in two of them", () => {
  const examples = Array.from({ length: 120 }, (_, i) => ({
    text: `t${i}`,
    label: i % 3 ? "a" : "b",
    where: `f.csv:${i + 2}`,
  }));
  const { train, validation, test } = stratify(examples, { validation: 0.1, test: 0.2 }, 5);
  const count = (part: typeof train, label: string) => part.filter((e) => e.label === label).length;
  assertEquals([train, validation, test].map((part) => count(part, "a")), [56, 8, 16]);
  assertEquals([train, validation, test].map((part) => count(part, "b")), [28, 4, 8]);
  assertEquals(new Set([...train, ...validation, ...test].map(({ text }) => text)).size, 120);
});

Deno.test("an epoch goes through every example once, in another order than the next", () => {
  const epoch = (n: number) => [0, 1, 2].flatMap((i) => epochBatch(10, 4, 3 * n + i, 7));
  assertEquals(epoch(0).toSorted((a, b) => a - b), Array.from({ length: 10 }, (_, i) => i));
  assertNotEquals(epoch(0), epoch(1));
  assertEquals(epochBatch(10, 4, 2, 7).length, 2);
});

Deno.test("sequences are padded on the right to a multiple of 16, at most the context", () => {
  const sequences = [Uint32Array.of(7, 8), Uint32Array.from({ length: 17 }, () => 9)];
  const { ids, time } = padded(sequences, 100, 0);
  assertEquals([time, ids.length, [...ids.subarray(0, 4)]], [32, 64, [7, 8, 0, 0]]);
  assertEquals(padded(sequences, 20, 0).time, 20);
});

Deno.test("the targets of a conversation are its answers, each at the token before", () => {
  const tokenizer = charTokenizer("abc");
  const conversation = encodeConversation(tokenizer, [{ instruction: "ab", response: "c" }], 40);
  const { tokens, targets } = conversationBatch([conversation], 40, tokenizer.special.pad);
  assertEquals([...tokens.ids.subarray(0, 6)], [4, 6, 7, 5, 8, 0]);
  assertEquals([...targets.subarray(0, 6)], [IGNORED, IGNORED, IGNORED, 8, 3, IGNORED]);
});

Deno.test("augmentation varies how an instruction is typed, by seed, and leaves it alone at 0", () => {
  const text = "¿Qué son los ñandúes?";
  assertEquals(augment(text, { case: 0, accents: 0, punctuation: 0 }, 1), text);
  assertEquals(withoutAccents(text), "¿Que son los ñandues?");
  const all = { case: 1, accents: 1, punctuation: 1 };
  const variants = new Set(Array.from({ length: 50 }, (_, seed) => augment(text, all, seed)));
  assert(variants.has("que son los ñandues?") && variants.size > 3, [...variants].join());
  assertEquals(augment(text, all, 3), augment(text, all, 3));
});

Deno.test("the texts that ship: enough of each label, no two alike or nearly alike", async () => {
  const topics = await readLabelled(`${data}classify/temas.csv`, { text: "texto", label: "tema" });
  const sizes = Map.groupBy(topics, ({ label }) => label).values().map((own) => own.length).toArray();
  assert(topics.length >= 2900 && sizes.length >= 5 && Math.max(...sizes) === Math.min(...sizes), `${sizes}`);
  const messages = await readLabelled(`${data}classify/mensajes.tsv`, { text: "texto", label: "clase" });
  assert(messages.length >= 1500 && new Set(messages.map(({ label }) => label)).size === 2);
  for (const set of [topics, messages]) {
    assertEquals(new Set(set.map(({ text }) => normalizeAnswer(withoutAccents(text)))).size, set.length);
    // Texts are split by chance: those that share many runs of three words would be tested on what was learned.
    const runs = set.map(({ text }) => {
      const words = plainWords(text);
      return new Set(words.slice(2).map((word, i) => `${words[i]} ${words[i + 1]} ${word}`));
    });
    const seenIn = new Map<string, number[]>();
    for (const [at, own] of runs.entries()) {
      for (const other of new Set([...own].flatMap((run) => seenIn.get(run) ?? []))) {
        const alike = own.intersection(runs[other]).size / own.union(runs[other]).size;
        assert(alike < 0.3, `${set[at].where}: ${set[at].text} / ${set[other].text}`);
      }
      for (const run of own) seenIn.set(run, [...seenIn.get(run) ?? [], at]);
    }
  }
});

Deno.test("questions are instructions, or conversations whose last message is the answer expected", async () => {
  const file = await Deno.makeTempFile({ suffix: ".jsonl" });
  const written = async (lines: unknown[]) => {
    await Deno.writeTextFile(file, lines.map((line) => JSON.stringify(line)).join("\n"));
    return await readQuestions(file);
  };
  const user = (content: string) => ({ role: "user", content });
  const assistant = (content: string) => ({ role: "assistant", content });
  try {
    const before = [user("Soy Eva."), assistant("Hola, Eva."), user("¿Quién soy?")];
    const [plain, answered, open] = await written([
      { instruction: "¿Qué?", response: "Eso.", contains: ["eso", ["a", "b"]], source: "mine" },
      { messages: [...before, assistant("Eva.")], excludes: ["no"], family: "varios" },
      { messages: before },
    ]);
    assertEquals(plain.question.contains, ["eso", ["a", "b"]]);
    assertEquals([plain.question.past, plain.line.source], [undefined, "mine"]);
    const past = [{ instruction: "Soy Eva.", response: "Hola, Eva." }];
    const { question } = answered;
    assertEquals([question.past, question.instruction, question.response], [past, "¿Quién soy?", "Eva."]);
    assertEquals([question.excludes, question.family], [["no"], "varios"]);
    assertEquals([open.question.past, open.question.response], [past, undefined]);
    for (
      const [line, says] of [
        [{ messages: [user("a"), user("b")] }, ":1: messages of user and assistant must take turns"],
        [{ messages: [] }, ':1: expected {"messages": ['],
        [{ instruction: "a", contains: [[]] }, ':1: expected {"instruction": …'],
        [["a"], ':1: expected {"instruction": …'],
      ] as const
    ) {
      await assertRejects(() => written([line]), UserError, says);
    }
  } finally {
    await Deno.remove(file);
  }
});

/** Families of questions, each with what it asks for in docs/evaluation.md. */
const FAMILIES = [
  ...["extraer", "comprensión", "aritmética", "problemas", "letras", "reformular", "clasificar", "razonar"],
  ...["calendario", "completar", "conocimiento", "perros", "gatos", "capital", "saludos", "identidad"],
  ...["varios-turnos", "no-lo-sé"],
];

Deno.test("the questions held out: 30 or more of each family, none twice, each met by its own answer", async () => {
  const held = (await readQuestions(`${data}instruct/heldout.jsonl`)).map(({ question }) => question);
  const families = Map.groupBy(held, ({ family }) => family!);
  assertEquals(new Set(families.keys()), new Set(FAMILIES));
  for (const [family, own] of families) assert(own.length >= 30, `${family}: ${own.length}`);
  const asked = held.map(({ past = [], instruction }) =>
    plainWords(JSON.stringify([past, instruction])).join(" ")
  );
  assertEquals(new Set(asked).size, held.length);
  const missed = held.filter((question) => !holds({ ...question, answer: question.response! }));
  assertEquals(missed, []);
  const judged = held.filter(({ contains, excludes }) => contains?.length || excludes?.length);
  assertEquals(judged.length, held.length);
});

/** The questions of files that one of the texts comes near, with the nearest. */
async function comeNear(texts: readonly string[], ...files: readonly string[]) {
  const known = new Neighbours(texts);
  const held = (await Promise.all(files.map((file) => readQuestions(`${data}instruct/${file}`)))).flat();
  return held.flatMap(({ question: { instruction } }) => {
    const neighbour = known.nearest(instruction);
    return neighbour && neighbour.similarity > NEAR ? [{ instruction, neighbour }] : [];
  });
}

Deno.test("the instructions that ship: enough of each fact, and none comes near a question held out", async () => {
  const learned = await readConversations(`${data}instruct/train.jsonl`);
  const asked = learned.flatMap(({ turns }) => turns.map(({ instruction }) => instruction));
  assertEquals(await comeNear(asked, "heldout.jsonl"), []);
  const answers = Map.groupBy(learned, ({ turns }) => turns[0].response);
  for (
    const fact of [
      "Los perros son caninos.",
      "Los gatos son felinos.",
      "San José es la capital de Costa Rica.",
    ]
  ) {
    assert(answers.get(fact)!.length >= 60, fact);
  }
  assert(learned.length >= 700);
});

Deno.test("the conversations written by hand: many of most families, none twice, none near a question held out", async () => {
  const paths = await writtenByHand();
  const lines = (await Promise.all(paths.map((path) => Deno.readTextFile(path)))).join("").trim().split("\n");
  const families = Map.groupBy(lines, (line) => (JSON.parse(line) as { family: string }).family);
  const others = ["cuentos", "consejos"];
  assertEquals([...families.keys()].filter((family) => ![...FAMILIES, ...others].includes(family)), []);
  assertEquals(FAMILIES.filter((family) => (families.get(family)?.length ?? 0) < 80), []);
  const written = (await Promise.all(paths.map((path) => readConversations(path)))).flat();
  const asked = written.map(({ turns }) =>
    plainWords(JSON.stringify(turns.map((t) => t.instruction))).join(" ")
  );
  assertEquals(new Set(asked).size, written.length);
  const first = written.map(({ turns: [{ instruction }] }) => instruction);
  assertEquals(await comeNear(first, "heldout.jsonl", "dev.jsonl"), []);
});

Deno.test("nearest: the share of words in common and in order, however they are typed", () => {
  const others = ["¿Dónde vive Ana?", "¿Cuánto es 5 + 3?", "Cuenta hasta diez."];
  assertEquals(nearest("donde VIVE ana", others), { text: others[0], similarity: 1 });
  // One of four words is another; of the same words in another order two must change.
  assertEquals(nearest("¿Y dónde vive Ana?", others)?.similarity, 0.75);
  assertEquals(nearest("¿Cuánto es 5 - 3?", others), { text: others[1], similarity: 0.8 });
  assertEquals(nearest("Ana vive donde", others)?.similarity, 1 - 2 / 3);
  assertEquals(nearest("Hola.", others), null);
  assertEquals(nearest("Hola.", []), null);
});

Deno.test("near: the nearest text, if more than nine tenths of the words are the same", () => {
  const letters = [..."abcdefghijklmnopqrst"];
  const all = new Neighbours(["x y z", letters.join(" "), letters.slice(0, 10).join(" ")]);
  const changed = (n: number, length: number) =>
    letters.slice(0, length).map((letter, i) => i < n ? "q" + letter : letter).join(" ");
  assertEquals(all.near(changed(0, 20))?.similarity, 1);
  assertEquals(all.near(changed(1, 20))?.similarity, 0.95);
  assertEquals(all.near(letters.slice(1).join(" "))?.similarity, 0.95);
  assertEquals([all.near(changed(2, 20)), all.near(changed(1, 10)), all.near("")], [null, null, null]);
  // It finds what a look at every text finds.
  for (let i = 0; i < 40; i++) {
    const text = letters.filter((_, at) => (at * 7 + i) % 23 > i % 3).join(" ");
    const best = all.nearest(text);
    assertEquals(all.near(text), best && best.similarity > NEAR ? best : null);
  }
});
