import { assert, assertEquals } from "@std/assert";
import { Wordings } from "../wordings.ts";
import { load } from "./unknown.ts";
import { assertWellFormed, draws, files, ways } from "./checking.ts";

const family = await load(files);
const all = draws(family, 4000).map(({ turns }) => turns[0]);
const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
/** How often a word stands in a text. */
const count = (text: string, word: string) =>
  (text.match(/\p{L}+/gu) ?? []).filter((other) => other === word).length;

Deno.test("no-lo-sé: 2,000 questions are well formed and differ", () => assertWellFormed(family));

Deno.test("no-lo-sé: two to four of five questions are not answered, and others of the same kind are", () => {
  const unknown = all.filter(({ response }) => response.startsWith("No lo sé")).length / all.length;
  assert(unknown > 0.6 && unknown < 0.85, `${unknown} are unknown`);
});

Deno.test("no-lo-sé: what is answered stands in the text", () => {
  const added = /^(?:porque|a|al|de|del|con|en|entre|para|sobre|el|la|los|las|un|una|su|y|e|él|ella)$/;
  for (const { instruction, response } of all) {
    if (response.startsWith("No lo sé") || /^(?:Tres|Cuatro)\.$/.test(response)) continue;
    const given = new Set(words(instruction));
    const missing = words(response).filter((word) => !given.has(word) && !added.test(word));
    assertEquals(missing, [], `${instruction} → ${response}`);
  }
});

Deno.test("no-lo-sé: a person of whom the text does not speak stands in the question alone", () => {
  let checked = 0;
  for (const { instruction, response } of all) {
    const [, name] = /El texto no habla de (\p{L}+)\.$/u.exec(response) ?? [];
    if (!name) continue;
    assertEquals(count(instruction, name), 1, instruction);
    checked++;
  }
  assert(checked > 100, `${checked} checked`);
});

Deno.test("no-lo-sé: what the text does not say is asked of a person who stands in it", () => {
  let checked = 0;
  for (const { instruction, response } of all) {
    const [, name] = /\?|\.$/.test(instruction) && response.includes("no lo dice")
      ? / (\p{Lu}\p{L}+)(?: anoche| mañana)?(?:[?,.]| ¿)/u.exec(/¿[^?]+\?/.exec(instruction)?.[0] ?? "") ?? []
      : [];
    if (!name) continue;
    assert(count(instruction, name) >= 2, instruction);
    checked++;
  }
  assert(checked > 100, `${checked} checked`);
});

Deno.test("no-lo-sé: the words, persons and towns that are not known stand in the question", () => {
  for (const { instruction, response } of all) {
    const [, name] = /No conozco (?:a |la palabra «)?([^».]+)»?\.$/u.exec(response) ?? [];
    assert(!name || instruction.includes(name), `${instruction} → ${response}`);
    assert(!name || /palabra/.test(response) === !/^\p{Lu}/u.test(name), response);
  }
});

Deno.test("no-lo-sé: asked in more than 200 ways of its own", async () => {
  assert(ways(await Wordings.read(`${files.folder}/questions/unknown.yaml`)) > 200);
});
