import { assert, assertEquals } from "@std/assert";
import { Wordings } from "../wordings.ts";
import { load } from "./classification.ts";
import { assertWellFormed, draws, files, ways } from "./checking.ts";

const family = await load(files);
const { lexicon } = files;
const labels = new Map(
  [...lexicon.categories.values()].map((category) => [category.singular, category.name]),
);

Deno.test("clasificar: 2,000 questions are well formed and differ", () => assertWellFormed(family));

Deno.test("clasificar: the label of a thing is one of its categories in nouns.tsv", () => {
  let checked = 0;
  for (const { turns: [{ instruction, response }] } of draws(family, 4000)) {
    const asked = /(?:el|la) ([\p{L} ]+?) es (\p{L}+(?: \p{L}+)*?) o (\p{L}+(?: \p{L}+)*)[.?]/iu.exec(
      instruction,
    );
    if (!asked) continue;
    const [, name, ...given] = asked;
    const noun = lexicon.noun(name);
    if (!noun || !given.every((label) => labels.has(label))) continue;
    const answer = response.slice(0, -1).toLowerCase();
    for (const label of given) {
      assertEquals(noun.categories.has(labels.get(label)!), label === answer, instruction);
    }
    checked++;
  }
  assert(checked > 20, `${checked} checked`);
});

Deno.test("clasificar: sí and no about a category agree with nouns.tsv", () => {
  const seen = new Set<string>();
  for (const { turns: [{ instruction, response }] } of draws(family, 6000)) {
    const asked = /(?:¿|si )es (?:el|la) ([\p{L} ]+?) una? ([\p{L} ]+?)[,.?]/iu.exec(instruction);
    const noun = asked && lexicon.noun(asked[1]);
    if (!noun || !labels.has(asked[2])) continue;
    const right = noun.categories.has(labels.get(asked[2])!);
    assertEquals(response.slice(0, 2), right ? "Sí" : "No", instruction);
    seen.add(response);
  }
  assert(seen.size > 10, `${seen.size} checked`);
});

Deno.test("clasificar: the odd one out is the only one of its category", () => {
  let checked = 0;
  for (const { turns: [{ instruction, response }] } of draws(family, 6000)) {
    const asked = /(?:sobra|distinta|no va|grupo): ([\p{L} ,]+)[.?]$/u.exec(instruction);
    const words = asked?.[1].split(", ").map((word) => lexicon.noun(word));
    if (!words || words.length < 3 || words.some((word) => !word)) continue;
    const odd = lexicon.noun(response.slice(0, -1).toLowerCase())!;
    const others = words.filter((word) => word !== odd).map((word) => word!.categories);
    const common = [...others[0]].filter((category) => others.every((own) => own.has(category)));
    assert(common.some((category) => !odd.categories.has(category)), instruction);
    checked++;
  }
  assert(checked > 20, `${checked} checked`);
});

Deno.test("clasificar: sí and no are in balance, and asked for in more than 100 ways", async () => {
  const all = draws(family, 4000).map(({ turns }) => turns[0].response);
  const [yes, no] = ["Sí", "No"].map((word) =>
    all.filter((text) => new RegExp(`^${word}[,.]`).test(text)).length
  );
  assert(Math.max(yes, no) < 1.25 * Math.min(yes, no), `${yes} sí, ${no} no`);
  assert(ways(await Wordings.read(`${files.folder}/questions/classification.yaml`)) > 100);
});
