import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { IGNORED } from "../ops/cross_entropy.ts";
import { charTokenizer } from "../text/testing.ts";
import { encodeConversation } from "../text/prompt.ts";
import { normalizeAnswer } from "../evaluate/text_metrics.ts";
import {
  augment,
  conversationBatch,
  readConversations,
  readQuestions,
  withoutAccents,
} from "./instructions.ts";
import { epochBatch, padded, readLabelled, stratify } from "./labelled.ts";

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

Deno.test("the texts that ship: enough of each label, none twice", async () => {
  const topics = await readLabelled(`${data}classify/temas.csv`, { text: "texto", label: "tema" });
  const sizes = Map.groupBy(topics, ({ label }) => label).values().map((own) => own.length).toArray();
  assert(topics.length >= 1000 && sizes.length >= 5 && Math.max(...sizes) === Math.min(...sizes), `${sizes}`);
  const messages = await readLabelled(`${data}classify/mensajes.tsv`, { text: "texto", label: "clase" });
  assert(messages.length >= 600);
  for (const set of [topics, messages]) {
    assertEquals(new Set(set.map(({ text }) => normalizeAnswer(withoutAccents(text)))).size, set.length);
  }
});

Deno.test("the instructions that ship: enough of each family, and what is held out is not learned", async () => {
  const plain = (text: string) => normalizeAnswer(withoutAccents(text)).replace(/[¿?¡!.,:;]/g, "");
  const learned = await readConversations(`${data}instruct/train.jsonl`);
  const held = await readQuestions(`${data}instruct/heldout.jsonl`);
  const known = new Set(learned.map(({ turns }) => plain(turns[0].instruction)));
  assertEquals(held.filter(({ instruction }) => known.has(plain(instruction))), []);
  const facts = ["perros", "gatos", "capital"];
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
  const families = Map.groupBy(held, ({ family }) => family!);
  for (const fact of facts) assert(families.get(fact)!.length >= 20);
  assertEquals(families.size, 8 + facts.length);
  const others = held.filter(({ family }) => !facts.includes(family!)).length;
  assert(learned.length + others - 3 * 65 >= 600);
});
