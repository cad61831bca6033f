import { assert, assertEquals } from "@std/assert";
import { Random } from "../random.ts";
import { Asking, type Task } from "./tasks.ts";
import { files } from "./testing.ts";

const SENTENCE = /(?:oración|frase) completa\.$|(?:oración|frase) completa, por favor\.$/;

Deno.test("answers are as short as can be, but for those that are asked for in a sentence", async () => {
  const asking = await Asking.read(files, "rephrasing");
  const task: Task = {
    ...{ name: "plural", weight: 1 },
    draw: () => ({ s: "luz", r: "luces", how: "en plural", kind: "la frase" }),
  };
  const said = Array.from({ length: 500 }, (_, seed) => asking.say(task, Random.of(1, seed)));
  for (const { instruction, response } of said) {
    assertEquals(
      response,
      SENTENCE.test(instruction) ? "El plural de «luz» es «luces»." : "Luces.",
      instruction,
    );
  }
  assert(said.some(({ instruction }) => SENTENCE.test(instruction)));
});

Deno.test("a question with two commands says tú or usted in both", async () => {
  const asking = await Asking.read(files, "letters");
  const task: Task = {
    ...{ name: "syllable at", weight: 1 },
    draw: () => ({ w: "casa", q: "«casa»", place: "primera", one: "ca" }),
  };
  for (let seed = 0; seed < 500; seed++) {
    const { instruction } = asking.say(task, Random.of(1, seed));
    assert(!/Separa .*dígame|Separe .*dime/.test(instruction), instruction);
  }
});

Deno.test("a task is asked in bare words too", async () => {
  const asking = await Asking.read(files, "rephrasing");
  const task: Task = {
    ...{ name: "opposite", weight: 1 },
    draw: () => ({ s: "alto", r: "bajo", how: "en contrario", kind: "la frase" }),
  };
  const said = new Set(
    Array.from({ length: 500 }, (_, seed) => asking.say(task, Random.of(1, seed)).instruction),
  );
  for (const bare of ["Contrario de alto", "Lo contrario de alto", "Antónimo de alto"]) {
    assert(said.has(bare), bare);
  }
});
