import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { UserError } from "../errors.ts";
import { encodeConversation } from "../text/prompt.ts";
import { charTokenizer } from "../text/testing.ts";
import {
  type Conversations,
  gatherConversations,
  MOST_HELD_OUT,
  splitConversations,
  varyConversations,
} from "./conversations.ts";
import { WorldConversations } from "./world/options.ts";
import { World } from "./world/world.ts";

const tokenizer = charTokenizer("¿Cuánto es más menos por entre? 0123456789");
const numbered = (length: number): Conversations => ({
  length,
  at: (i) => ({ turns: [{ instruction: `q${i}`, response: `${i}` }], where: `f:${i + 1}` }),
});
const all = (conversations: Conversations) =>
  Array.from({ length: conversations.length }, (_, i) => conversations.at(i));
const mix = { aritmética: 0.5, saludos: 0.5 };

async function filed<T>(instructions: readonly string[], use: (path: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "ask.jsonl");
    const lines = instructions.map((instruction) => JSON.stringify({ instruction, output: "0" }));
    await Deno.writeTextFile(path, lines.join("\n"));
    return await use(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("conversations of files that are too long for the context are left out and counted", async () => {
  await filed(["1", "1".repeat(30), "2", "3"], async (path) => {
    const { conversations, long, redrawn } = await gatherConversations([path, path], {
      tokenizer,
      context: 20,
    });
    assertEquals([long, redrawn], [2, 0]);
    assertEquals(all(conversations).map(({ turns }) => turns[0].instruction), ["1", "2", "3", "1", "2", "3"]);
    assertThrows(() => conversations.at(6), RangeError);
    await assertRejects(
      () => gatherConversations([path], { tokenizer, context: 3 }),
      UserError,
      "finetune-instruct.data: all 4 conversations are longer than the context of 3 tokens",
    );
  });
});

Deno.test("in place of a conversation of the world that is too long comes another, the same each time", async () => {
  const options = WorldConversations.parse({ conversations: 60, seed: 3, mix });
  const limit = { tokenizer, context: 60 };
  await filed(["1", "2"], async (path) => {
    const { conversations, long, redrawn } = await gatherConversations([path, { world: options }], limit);
    assertEquals([conversations.length, long], [62, 0]);
    const found = all(conversations).slice(2);
    const fits = ({ turns }: typeof found[0]) => !encodeConversation(tokenizer, turns, 60).truncated;
    assert(found.every(fits));
    const drawn = (await World.read()).conversations(3, mix);
    const replaced = found.filter(({ turns }, i) =>
      turns[0].instruction !== drawn.at(i).turns[0].instruction
    );
    assertEquals(redrawn, replaced.length / 60);
    assert(replaced.length > 0 && replaced.length < 60, `${replaced.length}`);
    // Where it is from tells its number: this one, or as many further on as there are, or twice as many.
    for (const [i, { turns, where }] of found.entries()) {
      const number = Number(where.replace("world, seed 3: conversation ", ""));
      assertEquals([number % 60, turns], [i, drawn.at(number).turns]);
    }
    // In any order, and after a new start.
    const again = (await gatherConversations([{ world: options }], limit)).conversations;
    for (const i of [59, 0, 17, 17]) assertEquals(again.at(i), found[i]);
  });
});

Deno.test("a mix of the world none of whose conversations fits is refused", async () => {
  const options = WorldConversations.parse({ conversations: 5, mix: { saludos: 1 } });
  const { conversations } = await gatherConversations([{ world: options }], { tokenizer, context: 3 });
  assertThrows(
    () => conversations.at(0),
    UserError,
    "of 10000 conversations of the world none is within the context of 3 tokens",
  );
});

Deno.test("a share or a number of the conversations is held out, a share only up to a bound", () => {
  const sizes = (n: number, held: number) => {
    const { train, validation } = splitConversations(numbered(n), held, 5);
    return [train.length, validation.length];
  };
  assertEquals(sizes(100, 0.05), [95, 5]);
  assertEquals(sizes(100_000, 0.05), [100_000 - MOST_HELD_OUT, MOST_HELD_OUT]);
  assertEquals(sizes(100_000, 3000), [97_000, 3000]);
  const { train, validation } = splitConversations(numbered(100), 30, 5);
  const where = [...all(train), ...all(validation)].map(({ where }) => where);
  assertEquals(new Set(where).size, 100);
  assertNotEquals(where, all(numbered(100)).map(({ where }) => where));
  assertThrows(
    () => sizes(1, 0.5),
    UserError,
    "1 conversations are too few to train and validate; give more",
  );
  assertThrows(
    () => sizes(30, 30),
    UserError,
    "30 conversations are too few to train and validate on 30; give more, or lower finetune-instruct.validation",
  );
});

Deno.test("a file's conversations are learned as often as its weight says, and none of them is held out as well", async () => {
  await filed(["1", "2", "3", "4"], async (path) => {
    const { conversations } = await gatherConversations([{ path, weight: 3 }], { tokenizer, context: 60 });
    const { train, validation } = splitConversations(conversations, 1, 5);
    const [held] = all(validation).map(({ turns }) => turns[0].instruction);
    const learned = all(train).map(({ turns }) => turns[0].instruction).toSorted();
    assertEquals(
      learned,
      ["1", "2", "3", "4"].filter((one) => one !== held).flatMap((one) => [one, one, one]),
    );
  });
});

Deno.test("varied conversations stand alone or after another one, by seed", () => {
  const rates = { case: 0, accents: 0, punctuation: 0, history: 0.5 };
  const rows = Array.from({ length: 40 }, (_, i) => i);
  const varied = varyConversations(numbered(100), rows, rates, 7);
  assertEquals(varied.map(({ turns }) => turns.at(-1)!.response), rows.map(String));
  const lengths = varied.map(({ turns }) => turns.length);
  assert(lengths.every((n) => n === 1 || n === 2) && new Set(lengths).size === 2, `${lengths}`);
  assertEquals(varyConversations(numbered(100), rows, rates, 7), varied);
  assertNotEquals(varyConversations(numbered(100), rows, rates, 8), varied);
});
