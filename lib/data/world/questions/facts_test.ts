import { assert, assertEquals } from "@std/assert";
import { NEAR, Neighbours } from "../../nearest.ts";
import { Wordings } from "../wordings.ts";
import { load } from "./facts.ts";
import { assertWellFormed, draws, files, ways } from "./checking.ts";

const families = await load(files);
const FACTS: Readonly<Record<string, string>> = {
  perros: "Los perros son caninos.",
  gatos: "Los gatos son felinos.",
  capital: "San José es la capital de Costa Rica.",
};

for (const family of families) {
  Deno.test(`${family.name}: 2,000 questions are well formed, and more than half differ`, () =>
    assertWellFormed(family, { distinct: 0.5 }));

  Deno.test(`${family.name}: the fact is told in the same words, and so are its neighbours`, () => {
    const answers = draws(family, 2000).map(({ turns }) => turns[0]);
    const fact = answers.filter(({ response }) => response === FACTS[family.name]);
    assert(fact.length > 0.6 * answers.length, `${fact.length} of ${answers.length}`);
    for (const { instruction, response } of answers) {
      const known = family.name === "capital"
        ? files.lexicon.knowledge.some(({ subject, relation, object }) =>
          relation.name === "capital" && response === `${object} es la capital de ${subject}.` &&
          (instruction.includes(subject) ||
            /costarricense|tic[oa]|San José|Centroamérica/.test(instruction) ||
            instruction.includes(object))
        )
        : new RegExp(`^Los (\\p{L}+) son ${family.name === "perros" ? "caninos" : "felinos"}\\.$`, "u").test(
          response,
        );
      assert(known, `${instruction} → ${response}`);
      if (response !== FACTS[family.name] && family.name !== "capital") {
        const [, stem] = /^Los (\p{L}{3})/u.exec(response)!;
        assert(instruction.toLowerCase().replaceAll("ó", "o").includes(stem), `${instruction} → ${response}`);
      }
    }
  });

  Deno.test(`${family.name}: what data/instruct/train.jsonl asks is answered alike`, async () => {
    const lines = (await Deno.readTextFile(new URL("../../../../data/instruct/train.jsonl", import.meta.url)))
      .trim().split("\n").map((line) => JSON.parse(line));
    const asked = new Neighbours(draws(family, 2000).map(({ turns }) => turns[0].instruction));
    const own = lines.filter((line) => line.family === family.name);
    assert(own.every((line) => line.output === FACTS[family.name]));
    const near = own.filter((line) => (asked.nearest(line.instruction)?.similarity ?? 0) >= NEAR);
    assert(near.length > 10, `${near.length} of ${own.length} are asked`);
  });
}

Deno.test("perros, gatos, capital: asked in more than 200 ways of their own", async () => {
  assert(ways(await Wordings.read(`${files.folder}/questions/facts.yaml`)) > 200);
  assertEquals(families.map(({ name }) => name), Object.keys(FACTS));
});
