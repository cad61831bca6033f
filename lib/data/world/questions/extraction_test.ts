import { assert, assertEquals } from "@std/assert";
import { Wordings } from "../wordings.ts";
import { load } from "./extraction.ts";
import { readTopics } from "./topics.ts";
import { assertWellFormed, draws, files, ways } from "./checking.ts";

const family = await load(files);

Deno.test("extraer: 2,000 questions are well formed and differ", () =>
  assertWellFormed(family, { distinct: 1 }));

Deno.test("extraer: every word of an answer stands in the text, but for how many persons there are", () => {
  let counted = 0;
  const asked = draws(family, 2000).flatMap(({ turns }) =>
    turns.map(({ response }) => ({ instruction: turns[0].instruction, response }))
  );
  assert(asked.length > 3000, `${asked.length} questions about 2,000 texts`);
  for (const { instruction, response } of asked) {
    const words = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
    if (response === "Tres." || response === "Cuatro.") {
      counted++;
      continue;
    }
    const given = new Set(words(instruction));
    // "de Ana" for "tenía Ana", "un vaso" for "el vaso", "los vasos" for a book about them.
    const added = /^(?:porque|a|al|de|del|con|en|entre|para|sobre|el|la|los|las|un|una|su|y|e|él|ella)$/;
    const missing = words(response).filter((word) => !given.has(word) && !added.test(word));
    assert(missing.length === 0, `${missing} of "${response}" is not in: ${instruction}`);
  }
  assert(counted < 400);
});

Deno.test("extraer: who is asked for is one of several, and not always the first or the last", async () => {
  const topics = await readTopics(files);
  assert(topics.length >= 40, `${topics.length} topics`);
  const people = files.lexicon.people().map(({ name }) => name);
  const known = new Set(people.map((name) => `${name}.`));
  const positions = new Map<string, number>();
  let invented = 0, named = 0;
  for (const { turns: [{ instruction, response }] } of draws(family, 3000)) {
    const text = instruction.replace(/¿[^?]*\?/g, "");
    const sentences = text.match(/[^.]+\./g) ?? [];
    if (sentences.length < 3 || !/^\p{Lu}\p{Ll}+\.$/u.test(response)) continue;
    const at = sentences.findIndex((sentence) => sentence.includes(response.slice(0, -1)));
    if (at < 0) continue;
    named++;
    if (!known.has(response)) invented++;
    const where = at === 0 ? "first" : at === sentences.length - 1 ? "last" : "between";
    positions.set(where, (positions.get(where) ?? 0) + 1);
  }
  assert(named > 300 && invented > 0.3 * named, `${invented} of ${named} are invented`);
  for (const where of ["first", "between", "last"]) {
    assert(positions.get(where)! > 0.1 * named, `${where}: ${positions.get(where)} of ${named}`);
  }
});

Deno.test("extraer: a question can be put in more than 400 ways, and each topic in several", async () => {
  const asking = await Wordings.read(`${files.folder}/questions/asking.yaml`);
  assert(ways(asking, ["which"]) * ways(asking, ["about"]) > 400);
  for (const { name, say, ask } of await readTopics(files)) {
    assert(say.length >= 2 && ask.length >= 2, `${name} needs more wordings`);
  }
  assertEquals(ways(asking, ["which"]) >= 40, true);
});
