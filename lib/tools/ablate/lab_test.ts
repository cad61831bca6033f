/** What an ablation's file may contain, and its effects. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { UserError } from "../../errors.ts";
import { TINY } from "../../run/testing.ts";
import { baseSteps, ratioOf, stepsOf } from "./calibrate.ts";
import { chosen, readAblations } from "./config.ts";
import { Lab } from "./lab.ts";
import { Results } from "./results.ts";
import { plan } from "./runs.ts";

const FILE = `preset: PRESET
seeds: [1, 2]
variants:
  - { name: rope, group: positions, set: { model.position: rope } }
  - { name: alibi, group: positions, set: { model.position: alibi, pretrain.lr: 0.02 } }
  - { name: decay, group: decay, set: { pretrain.weight_decay: 0.3 } }
  - { name: pairs, group: tokenizer, set: { tokenizer.kind: bpe, tokenizer.size: 270 } }
`;

/** Writes an ablation and its preset, and opens the ablation. */
async function inPlace(
  test: (open: (file?: string) => Promise<Lab>, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "ablations.yaml"), preset = join(folder, "preset.yaml");
    const text = join(folder, "text.txt");
    await Deno.writeTextFile(preset, TINY.replace("text.txt", text));
    await Deno.writeTextFile(text, "La luna.");
    await test(async (file = FILE) => {
      await Deno.writeTextFile(path, file.replace("PRESET", preset).replaceAll("TEXT", text));
      return await Lab.open(await readAblations(path), []);
    }, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what is wrong with an ablation is told in one line, with file, line and key", () =>
  inPlace(async (open, folder) => {
    const says = async (from: string, to: string, ...message: string[]) => {
      assert(FILE.includes(from), from);
      const error = await assertRejects(() => open(FILE.replace(from, to)), UserError);
      assert(!error.message.includes("\n"), error.message);
      for (const part of message) assert(error.message.includes(part), error.message);
    };
    const at = (line: number) => `${folder}/ablations.yaml:${line}: `;
    await says(
      "model.position",
      "model.positoin",
      at(4) + "model.positoin: unknown key; did you mean position?",
    );
    await says(": rope }", ": ropy }", at(4) + "model.position: expected one of learned, rope, alibi, none");
    await says("0.02", "-1", at(5) + "pretrain.lr: expected more than 0, got -1");
    await says("name: alibi", "name: rope", at(5) + "there is another variant rope above");
    await says("name: rope", "name: base", at(4) + "base is the preset as it is; choose another name");
    await says(
      "name: rope",
      "name: Ro_pe",
      at(4) + "variants.0.name: expected lower-case letters, digits and -",
    );
    await says("group: decay", "groop: decay", at(6) + "groop: unknown key; did you mean group?");
    await says("set: { pretrain.weight_decay: 0.3 }", "set: {}", at(6) + "it sets nothing");
    await says(
      "model.position",
      "pretrain.steps",
      at(4) + "pretrain.steps cannot be varied: they follow from",
    );
    await says("model.position", "seed", at(4) + "seed cannot be varied: seeds: says which are run");
    await says("preset: PRESET", "preset: none.yaml", "none.yaml does not exist; ", " names it as preset:");
    await says("seeds: [1, 2]", "seeds: [1, 1]", at(2) + "a seed is there twice");
    await says("seeds: [1, 2]", "seeds: [1]\nsteps: 9\nminutes: 1", at(3) + "minutes: says how many steps");
    await says("seeds: [1, 2]\n", "", "seeds: ");
    await says(
      "model.position: rope",
      "prepare-corpus.pack: 9",
      "variant rope has another corpus, and might",
    );
    const texts = (source: string) => `seeds: [1]\ntexts: { mine: [${source}] }`;
    await says(
      "seeds: [1, 2]",
      texts("TEXT"),
      at(3) + "texts.mine: the preset ",
      "text.txt too; take another text",
    );
    await says("seeds: [1, 2]", texts("{ peth: x }"), at(3) + "prepare-corpus.sources.0.peth: unknown key");
    const world = "prepare-corpus.sources: [{ world: { megabytes: 1, seed: 7 } }]";
    await says(
      "seeds: [1, 2]\nvariants:\n  - { name: rope, group: positions, set: { model.position: rope } }",
      `${
        texts("{ world: { megabytes: 2, seed: 7 } }")
      }\nvariants:\n  - { name: w, group: g, set: { ${world} } }`,
      "texts.mine: variant w is trained on the world with seed 7 too",
    );
  }));

Deno.test("--only takes variants and groups, and always the base", () =>
  inPlace(async (open) => {
    const { ablations } = await open();
    const names = (...only: string[]) => chosen(ablations, only).map(({ name }) => name);
    assertEquals(names(), ["base", "rope", "alibi", "decay", "pairs"]);
    assertEquals(names("positions"), ["base", "rope", "alibi"]);
    assertEquals(names("pairs", "rope"), ["base", "rope", "pairs"]);
    assertThrows(
      () => names("positons"),
      UserError,
      "--only positons: no variant and no group has this name; did you mean positions?",
    );
  }));

Deno.test("a slower variant gets fewer steps, by the ratio that was measured; one as fast gets the base's", () =>
  inPlace(async (open, folder) => {
    const lab = await open();
    const results = await Results.open(join(folder, "results.json"));
    const [base, rope, alibi, decay] = lab.ablations.variants;
    assertEquals(baseSteps(lab, results), 12);
    assertEquals(stepsOf(lab, results, decay), 12);
    assertEquals(stepsOf(lab, results, rope), null);
    const calibration = {
      variant: "rope",
      base_ms: 100,
      ms: 160,
      lowest: 1.5,
      highest: 1.7,
      rounds: 3,
      made: "",
    };
    await results.calibrate(lab.speedKey(rope), { ...calibration, ratio: 1.6 });
    // 12 / 1.6 = 7.5
    assertEquals([ratioOf(lab, results, rope), stepsOf(lab, results, rope)], [1.6, 8]);
    assertEquals(stepsOf(lab, results, alibi), null);

    const timed = await open(FILE.replace("seeds:", "minutes: 2\nseeds:"));
    assertEquals(baseSteps(timed, results), null);
    await results.calibrate(timed.speedKey(base), { ...calibration, variant: "base", ms: 100, ratio: 1 });
    // 120,000 ms / 100 ms, and the same / 1.6.
    const read = await Results.open(join(folder, "results.json"));
    const [, slower] = timed.ablations.variants;
    assertEquals([baseSteps(timed, read), stepsOf(timed, read, slower)], [1200, 750]);
  }));

Deno.test("variants share the data of the first that has the same settings, and all seeds of one share them", () =>
  inPlace(async (open, folder) => {
    const lab = await open(
      FILE +
        "  - { name: pairs-too, group: tokenizer, set: { tokenizer.kind: bpe, tokenizer.size: 270, model.bias: false } }\n",
    );
    const owners = lab.ablations.variants.map((variant) => lab.ownerOfData(variant).name);
    assertEquals(owners, ["base", "base", "base", "base", "pairs", "pairs"]);
    const results = await Results.open(join(folder, "results.json"));
    const order = plan(lab, results, lab.ablations.variants.slice(0, 2)).map((
      { variant, seed },
    ) => [variant.name, seed]);
    assertEquals(order, [["base", 1], ["rope", 1], ["base", 2], ["rope", 2]]);
    const { name, seed, model, pretrain } = lab.preset(lab.ablations.variants[2], { seed: 2 });
    assertEquals([name, seed, model.position, pretrain.lr], ["tiny-alibi", 2, "alibi", 0.02]);
  }));

Deno.test("the ablations that ship are sound, and no variant is trained on what all are measured on", async () => {
  const { ablations } = await Lab.open(await readAblations("configs/ablations.yaml"), []);
  const { preset, variants, texts } = ablations;
  assertEquals([preset, Object.keys(texts)], ["configs/ablation.yaml", ["world", "prose"]]);
  assert(variants.length > 20, `${variants.length} variants`);
});

Deno.test("damaged results are told, not begun anew", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, '{"runs": [');
  await assertRejects(() => Results.open(path), UserError, `${path} is damaged; restore it, or remove it`);
  await Deno.remove(path);
});
