import { assert, assertEquals } from "@std/assert";
import { allSaid, FEWEST_WORDS, heldOutQuestions, sentencesOf } from "./held_out.ts";
import { readConversations, readQuestions } from "./instructions.ts";
import { Neighbours } from "./nearest.ts";
import { writtenByHand } from "./testing.ts";

const data = new URL("../../data/", import.meta.url).pathname;
const held = await heldOutQuestions();

Deno.test("sentences end with a mark, and keep it", () => {
  const text = "¿Vienes? «Sí», dijo. «Ya voy.» Luego…\n\nSe fue\na casa. Y";
  assertEquals(sentencesOf(text), ["¿Vienes?", "«Sí», dijo.", "«Ya voy.»", "Luego…", "Se fue\na casa.", "Y"]);
});

Deno.test("what is held out is found again, however it is typed: questions, pairs, stories", () => {
  assert(held.near("la leche esta en la mesa"));
  assert(held.near("Inés guardaba una moneda de plata en una caja de galletas."));
  assert(!held.near("Una mañana.") && !held.near("La leche está en el vaso."));
  assertEquals(held.near("Esto no lo pregunta ninguna línea de esos archivos, ni de lejos."), null);
  const turns = [{ instruction: "a", response: "b" }, { instruction: "c", response: "d" }];
  assertEquals([allSaid(turns), allSaid([{ instruction: "a" }])], ["a\nb\nc", "a"]);
});

Deno.test("no sentence of the prose that ships, but for the shortest, comes near what is held out", async () => {
  const near: string[] = [];
  for await (const { name } of Deno.readDir(`${data}raw`)) {
    for (const sentence of sentencesOf(await Deno.readTextFile(`${data}raw/${name}`))) {
      const neighbour = held.near(sentence);
      if (neighbour && sentence.split(/\s/).length >= FEWEST_WORDS) {
        near.push(`${name}: ${sentence} (${neighbour.text})`);
      }
    }
  }
  assertEquals(near, []);
});

Deno.test("no conversation that ships comes near what is held out", async () => {
  const paths = [`${data}instruct/train.jsonl`, ...await writtenByHand()];
  const conversations = (await Promise.all(paths.map((path) => readConversations(path)))).flat();
  const toDevelop = new Neighbours(
    (await readQuestions(`${data}instruct/dev.jsonl`)).map(({ question: { past = [], instruction } }) =>
      allSaid([...past, { instruction }])
    ),
  );
  const long = (text: string) => text.split(/\s/).length > 3;
  const said = conversations.flatMap(({ turns }) => [
    allSaid(turns),
    ...turns.map(({ instruction }) => instruction).filter(long),
    ...turns.map(({ response }) => response),
  ]);
  // Nobody can avoid "¿Quién eres?".
  assertEquals(said.filter(long).flatMap((text) => toDevelop.near(text) ?? []), []);
  const near = said.flatMap((text) => held.near(text) ?? []);
  assertEquals(near, []);
});
