import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../errors.ts";
import { charTokenizer } from "../text/testing.ts";
import {
  encodePreference,
  questionOf,
  readPreferences,
  splitPreferences,
  varyPreference,
} from "./preferences.ts";

async function read(...lines: unknown[]) {
  const path = await Deno.makeTempFile({ suffix: ".jsonl" });
  try {
    await Deno.writeTextFile(path, lines.map((line) => JSON.stringify(line)).join("\n"));
    return (await readPreferences(path)).map((pair) => ({
      ...pair,
      where: pair.where.replace(path, "file"),
    }));
  } catch (error) {
    throw error instanceof UserError ? new UserError(error.message.replace(path, "file")) : error;
  } finally {
    await Deno.remove(path);
  }
}

const user = (content: string) => ({ role: "user", content });
const model = (content: string) => ({ role: "assistant", content });
const PAIR = { chosen: "Sí.", rejected: "No." };

Deno.test("pairs are read in the shapes of TRL, as texts and as messages", async () => {
  const expected = { past: [], instruction: "¿Va?", ...PAIR };
  const answers = { chosen: [model("Sí.")], rejected: [model("No.")] };
  const whole = { chosen: [user("¿Va?"), model("Sí.")], rejected: [user("¿Va?"), model("No.")] };
  const shapes = [
    { prompt: "¿Va?", ...PAIR },
    { prompt: [user("¿Va?")], ...answers },
    whole,
    { instruction: "¿Va?", input: "", ...PAIR, score: 3 },
    { messages: [user("¿Va?")], ...PAIR },
  ];
  const pairs = await read(...shapes);
  assertEquals(pairs, shapes.map((_, i) => ({ ...expected, where: `file:${i + 1}` })));
  const turns = [{ role: "system", content: "Sé breve." }, user("Hola."), model("Hola."), user("¿Va?")];
  const [long] = await read({ prompt: turns, ...answers });
  assertEquals(long.past, [{ instruction: "Sé breve.\nHola.", response: "Hola." }]);
});

const mistakes: [name: string, line: unknown, says: string][] = [
  ["no rejected answer", { prompt: "a", chosen: "b" }, "file:1: a pair without a rejected answer; expected"],
  ["no chosen answer", { prompt: "a", rejected: "b" }, "file:1: a pair without a chosen answer; expected"],
  ["an empty answer", { prompt: "a", chosen: "b", rejected: " " }, `file:1: expected {"prompt": …`],
  [
    "the same answer twice",
    { prompt: "a", chosen: "b", rejected: "b " },
    "file:1: chosen and rejected are the same",
  ],
  ["no question", PAIR, "file:1: messages of user and assistant must take turns"],
  ["no object", 5, "file:1: expected"],
  [
    "two questions",
    { chosen: [user("a"), model("b")], rejected: [user("c"), model("d")] },
    "file:1: chosen and rejected answer different questions",
  ],
];
for (const [name, line, says] of mistakes) {
  Deno.test(`a pair with ${name} is refused by file and line`, async () => {
    await assertRejects(() => read(line), UserError, says);
  });
}

Deno.test("all pairs of a question are on one side of the split, and too few are refused", () => {
  const all = Array.from({ length: 40 }, (_, i) => ({
    past: [],
    instruction: `${i % 20}`,
    chosen: "a",
    rejected: `b${i}`,
    where: "",
  }));
  const { train, validation } = splitPreferences(all, 0.2, 5);
  assertEquals([train.length, validation.length], [32, 8]);
  const held = new Set(validation.map(questionOf));
  assertEquals(train.filter((pair) => held.has(questionOf(pair))), []);
  assertThrows(
    () => splitPreferences(all.slice(0, 1), 0.2, 5),
    UserError,
    "pairs for 1 questions are too few",
  );
});

Deno.test("both answers follow the same prompt, and a pair too long for the context is none", () => {
  const tokenizer = charTokenizer("abcdef");
  const { instr, resp, eos } = tokenizer.special;
  const ids = (text: string) => [...tokenizer.encode(text)];
  const pair = { past: [], instruction: "abcd", chosen: "ef", rejected: "abc", where: "" };
  const encoded = encodePreference(tokenizer, pair, 10)!;
  assertEquals([...encoded.chosen.ids], [instr, ...ids("abcd"), resp, ...ids("ef"), eos]);
  assertEquals(encoded.rejected.learned, [...Array(6).fill(false), ...Array(4).fill(true)]);
  assertEquals(encoded.ids, encoded.rejected.ids);
  const past = [{ instruction: "a", response: "b" }];
  for (const limit of [9, 4, 1]) assertEquals(encodePreference(tokenizer, pair, limit), null);
  for (const limit of [14, 10, 8]) assertEquals(encodePreference(tokenizer, { ...pair, past }, limit), null);
  assertEquals(encodePreference(tokenizer, { ...pair, past }, 15)?.ids.length, 15);
});

Deno.test("questions are varied, answers never", () => {
  const pair = {
    past: [{ instruction: "¿Qué?", response: "É." }],
    instruction: "¿Más?",
    chosen: "Sí.",
    rejected: "Nó.",
  };
  const all = { case: 1, accents: 1, punctuation: 1 };
  const { past, instruction, chosen, rejected } = varyPreference({ ...pair, where: "" }, all, 1);
  assert(instruction !== pair.instruction && past[0].instruction !== "¿Qué?");
  assertEquals([past[0].response, chosen, rejected], ["É.", "Sí.", "Nó."]);
});
