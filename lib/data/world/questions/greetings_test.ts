import { assert, assertEquals } from "@std/assert";
import { plainText } from "../../plain_words.ts";
import { Wordings } from "../wordings.ts";
import { load } from "./greetings.ts";
import { assertWellFormed, draws, files, ways } from "./checking.ts";

const families = await load(files);

for (const family of families) {
  Deno.test(`${family.name}: 2,000 courtesies are well formed`, () =>
    assertWellFormed(family, { distinct: 0.3 }));

  Deno.test(`${family.name}: what data/instruct/train.jsonl asks is answered in the same words`, async () => {
    const lines = (await Deno.readTextFile(new URL("../../../../data/instruct/train.jsonl", import.meta.url)))
      .trim().split("\n").map((line) => JSON.parse(line));
    const known = new Map(
      lines.filter((line) => line.family === "saludos").map((
        line,
      ) => [plainText(line.instruction), line.output]),
    );
    const met = new Set<string>();
    for (const { turns: [{ instruction, response }] } of draws(family, 4000)) {
      const output = known.get(plainText(instruction));
      if (output === undefined) continue;
      assertEquals(response, output, instruction);
      met.add(output);
    }
    const expected = family.name === "saludos" ? 25 : 5;
    assert(met.size >= expected, `${met.size} answers of train.jsonl are met`);
  });

  Deno.test(`${family.name}: a name in the answer stands in what was said`, () => {
    const own = new Set(["Desde", "Cero", "TypeScript", "Navidad"]);
    let named = 0;
    for (const { turns: [{ instruction, response }] } of draws(family, 2000)) {
      for (const [name] of response.matchAll(/(?<=[^.?!¡¿] )\p{Lu}\p{L}+/gu)) {
        if (own.has(name)) continue;
        assert(instruction.includes(name), `${instruction} → ${response}`);
        named++;
      }
    }
    assert(family.name === "identidad" || named > 200, `${named} names`);
  });
}

Deno.test("saludos, identidad: said in more than 200 and in more than 150 ways", async () => {
  const read = (file: string) => Wordings.read(`${files.folder}/questions/${file}`);
  assert(ways(await read("greetings.yaml")) > 200);
  assert(ways(await read("identity.yaml")) > 150);
});
