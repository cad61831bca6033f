import { assert, assertEquals } from "@std/assert";
import { pipeline } from "../../stages/pipeline.ts";
import { EvaluateSection } from "../evaluate/evaluate_section.ts";
import { PretrainSection } from "../train/pretrain_section.ts";
import type { Preset } from "./config.ts";
import { readManifest } from "./manifest.ts";
import { parsePreset } from "./preset.ts";
import { explainDifferences, settingsDifferences, valuesBefore } from "./settings.ts";
import { ROOT, TINY } from "./testing.ts";

const preset = (...sets: string[]) => parsePreset(pipeline, TINY, "preset.yaml", sets);
const stage = {
  settings: ["seed" as const],
  sections: { pretrain: PretrainSection, evaluate: EvaluateSection },
};
const differencesOf = (made: Record<string, unknown>, now: Preset) =>
  settingsDifferences(stage, made, now, pipeline.schema);

Deno.test("settings differ by key and value; what is only shown or saved on the way does not count", () => {
  const before = preset(
    "pretrain.min_lr=0.001",
    "pretrain.save_every=9",
    "pretrain.sample.tokens=9",
    "name=other",
  );
  const now = preset("seed=3", "pretrain.log_every=1");
  const differences = differencesOf({ ...before }, now);
  assertEquals(differences, [
    { key: "seed", before: 1337, now: 3 },
    { key: "pretrain.min_lr", before: 0.001, now: undefined },
  ]);
  assertEquals(
    explainDifferences(differences),
    "with seed=1337, and this command asks for 3; with pretrain.min_lr=0.001, and this command leaves it out",
  );
  assertEquals(valuesBefore(differences), { seed: 1337, "pretrain.min_lr": 0.001 });
});

Deno.test("a key that a result was made without is told as that", () => {
  const differences = differencesOf({ ...preset() }, preset("pretrain.min_lr=0.001"));
  assertEquals(explainDifferences(differences), "without pretrain.min_lr, and this command asks for 0.001");
});

Deno.test("lists, and maps whose keys have dots, are values", () => {
  const bounds = "evaluate.thresholds={checkpoints.base.text.bpc: {max: 3}}";
  const differences = differencesOf({ ...preset(bounds) }, preset("evaluate.text=[a, b]"));
  assertEquals(differences.map(({ key }) => key), ["evaluate.text", "evaluate.thresholds"]);
});

Deno.test("a preset that an older version recorded gets defaults for the keys that it lacks", () => {
  const old = structuredClone({ ...preset() }) as unknown as { pretrain: Record<string, unknown> };
  delete old.pretrain.beta1;
  assertEquals(differencesOf({ ...old }, preset()), []);
});

Deno.test("the manifests of the model that ships can be read", async () => {
  for (const stage of ["pretrain", "classify", "instruct", "evaluate"]) {
    assert(await readManifest(`${ROOT}models/small/${stage}`), stage);
  }
});
