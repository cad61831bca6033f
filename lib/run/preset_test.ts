import { assert, assertEquals, assertObjectMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { UserError } from "../errors.ts";
import { pipeline } from "../../stages/pipeline.ts";
import type { CorpusOptions } from "../data/corpus/options.ts";
import type { PretrainSection } from "../train/pretrain_section.ts";
import { jsonSchema, type Preset } from "./config.ts";
import { loadPreset, parsePreset as parse } from "./preset.ts";
import { TINY } from "./testing.ts";

type Known = Preset & { readonly pretrain: PretrainSection; readonly "prepare-corpus": CorpusOptions };
const parsePreset = (text: string, path: string, sets: readonly string[] = []) =>
  parse(pipeline, text, path, sets) as Known;
const configs = new URL("../../configs/", import.meta.url);

function refusal(text: string, sets: string[] = []): string {
  return assertThrows(() => parsePreset(text, "preset.yaml", sets), UserError).message;
}

Deno.test("every preset that ships is valid and names the schema in its first line", async () => {
  for await (const { name } of Deno.readDir(configs)) {
    if (!name.endsWith(".yaml") || ["faq.yaml", "ablations.yaml"].includes(name)) continue;
    const path = new URL(name, configs).pathname;
    assertEquals((await loadPreset(pipeline, path)).name, name.replace(".yaml", ""));
    const [first] = (await Deno.readTextFile(path)).split("\n");
    assertEquals(first, "# yaml-language-server: $schema=./schema.json", name);
  }
});

Deno.test("the schema on disk is the one the definitions generate", async () => {
  assertEquals(
    await Deno.readTextFile(new URL("schema.json", configs)),
    jsonSchema(pipeline.schema),
    "run: deno task schema",
  );
});

Deno.test("defaults are filled in, and --set overrides with values of the right type", () => {
  const preset = parsePreset(TINY, "preset.yaml", [
    "pretrain.steps=200",
    "prepare-corpus.sources=[a.txt, b]",
  ]);
  assertEquals(preset.pretrain.steps, 200);
  assertEquals(preset["prepare-corpus"].sources, ["a.txt", "b"]);
  assertEquals(preset.pretrain.beta1, 0.9);
  assert(Object.isFrozen(preset.pretrain));
});

Deno.test("a YAML syntax error names file, line and column", () => {
  const message = refusal("name: tiny\nmodel: {layers: 1");
  assertStringIncludes(message, "preset.yaml:2:");
  assertStringIncludes(message, "YAML syntax");
});

Deno.test("an unknown key is refused with its line, its path and the nearest right name", () => {
  const message = refusal(TINY.replace("  steps: 12", "  stepz: 12\n  steps: 12"));
  assertStringIncludes(message, "preset.yaml:9: pretrain.stepz: unknown key; did you mean steps?");
});

Deno.test("a wrong type is refused with what was expected and what was found", () => {
  const message = refusal(TINY.replace("steps: 12", "steps: many"));
  assertEquals(message, `preset.yaml:9: pretrain.steps: expected number, got "many"`);
});

Deno.test("impossible values are refused with both sides of the contradiction", () => {
  assertStringIncludes(
    refusal(TINY.replace("heads: 2", "heads: 3")),
    "preset.yaml:7: model.heads: a width of 16 cannot be divided by 3 heads",
  );
  assertStringIncludes(
    refusal(TINY, ["model.kv_heads=3"]),
    "--set model.kv_heads: 2 heads cannot be shared out to 3 key-value heads",
  );
  assertStringIncludes(
    refusal(TINY, ["model.position=rope", "model.head_width=5"]),
    "--set model.head_width: rope turns pairs of columns",
  );
  assertStringIncludes(refusal(TINY, ["model.family=bert"]), "expected one of gpt2, llama, qwen3");
  const late = "is more than pretrain.steps, which is 12; lower it too, such as --set pretrain.warmup=1";
  assertEquals(refusal(TINY, ["pretrain.warmup=99"]), `--set pretrain.warmup: 99 ${late}`);
  assertStringIncludes(
    refusal(TINY, ["model.dropout=1.5"]),
    "--set model.dropout: expected less than 1, got 1.5",
  );
  assertEquals(
    refusal(TINY, ["device=cuda"]),
    '--set device: expected one of auto, webgpu, cpu, got "cuda"; a GPU is used through webgpu',
  );
  assertEquals(refusal(TINY, ["device=cup"]).split("; ")[1], "did you mean cpu?");
});

Deno.test("a family sets what the model's other keys leave open", () => {
  const { model } = parsePreset(TINY, "preset.yaml", ["model.family=llama", "model.norm_epsilon=1e-6"]);
  assertObjectMatch(model, {
    ...{ position: "rope", norm: "rms", norm_epsilon: 1e-6, mlp: "swiglu", bias: false, tied: false },
    ...{ kv_heads: 2, head_width: 8, hidden: 48 },
  });
  assertObjectMatch(parsePreset(TINY, "preset.yaml").model, { position: "learned", mlp: "gelu", hidden: 64 });
});

Deno.test("a missing key names itself", () => {
  assertStringIncludes(
    refusal(TINY.replace("  batch: 2\n", "")),
    "pretrain.batch: expected number, it is missing",
  );
});

Deno.test("an override that is no key=value is refused", () => {
  assertStringIncludes(refusal(TINY, ["pretrain.steps"]), "expected key=value");
});

Deno.test("a value of several forms is refused for what is wrong in the form that was meant", () => {
  const source = (yaml: string) => TINY.replace("sources: [text.txt]", `sources: [${yaml}]`);
  const said = (yaml: string, message: string) =>
    assertEquals(refusal(source(yaml)), `preset.yaml:5: prepare-corpus.sources${message}`);
  said("{ path: a, weight: 0 }", ".0.weight: expected more than 0, got 0");
  said(
    "{ path: a, wieght: 2 }",
    ".0.wieght: unknown key; did you mean weight? (known: path, url, huggingface, world, files, revision, sha256, " +
      "column, weight, limit)",
  );
  said(
    "{ path: a, url: https://b }",
    ".0: expected one of path, url, huggingface and world, got path and url",
  );
  const [start, end] = [".0.world.mix.estories: unknown key; did you mean stories? (known: ", ", patrones)"];
  const told = refusal(source("{ world: { megabytes: 1, mix: { estories: 1 } } }"));
  assertStringIncludes(told, start);
  assertStringIncludes(told, end);
  said("{ column: a }", ".0: expected one of path, url, huggingface and world, got none");
  said("{ path: a, files: b }", ".0.files: it belongs to huggingface:");
  said("{ huggingface: oscar }", '.0.huggingface: expected owner/name, got "oscar"');
  said("7", ".0: expected a text or a map, got 7");
  assertEquals(
    refusal(TINY, ["threads=many"]),
    '--set threads: expected auto or a number, got "many"',
  );
  const bound = (value: string) => refusal(TINY, [`prepare-corpus.quality.symbols=${value}`]);
  assertEquals(bound("2"), "--set prepare-corpus.quality.symbols: expected at most 1, got 2");
  assertEquals(
    bound("much"),
    '--set prepare-corpus.quality.symbols: expected false or a number, got "much"',
  );
});

Deno.test("a warmup that the preset does not give is no longer than the training", () => {
  const warmup = (...sets: string[]) =>
    parsePreset(TINY.replace("  warmup: 2\n", ""), "preset.yaml", sets).pretrain.warmup;
  assertEquals(warmup("pretrain.steps=60"), 60);
  assertEquals(warmup("pretrain.steps=600"), 100);
});

Deno.test("a training takes steps or minutes, and what the command line gives replaces the other in the file", () => {
  const { pretrain } = parsePreset(TINY, "preset.yaml", ["pretrain.minutes=30"]);
  assertEquals([pretrain.steps, pretrain.minutes], [undefined, 30]);
  const timed = TINY.replace("steps: 12", "minutes: 30");
  assertEquals(parsePreset(timed, "preset.yaml").pretrain.minutes, 30);
  assertEquals(parsePreset(timed, "preset.yaml", ["pretrain.steps=7"]).pretrain.steps, 7);
  const other = "pretrain.steps is given too, and is 12; leave one of them out";
  assertEquals(
    refusal(TINY.replace("steps: 12", "steps: 12\n  minutes: 3")),
    `preset.yaml:10: pretrain.minutes: ${other}`,
  );
  assertEquals(
    refusal(timed, ["pretrain.steps=12", "pretrain.minutes=3"]),
    `--set pretrain.minutes: ${other}`,
  );
  assertEquals(
    refusal(TINY.replace("  steps: 12\n", "")),
    "preset.yaml:8: pretrain.steps: it is missing; give steps, or minutes, such as --minutes 30",
  );
  assertStringIncludes(refusal(TINY, ["pretrain.minutes=0"]), "expected more than 0, got 0");
});

Deno.test("with minutes, what follows from the number of steps is left open", () => {
  const bare = TINY.replace(/ {2}(warmup|eval_every|save_every|sample_every): .*\n/g, "");
  const open = ["warmup", "eval_every", "save_every", "sample_every"] as const;
  const values = (...sets: string[]) => {
    const { pretrain } = parsePreset(bare, "preset.yaml", sets);
    return open.map((key) => pretrain[key]);
  };
  assertEquals(values("pretrain.minutes=3"), [undefined, undefined, undefined, undefined]);
  assertEquals(values(), [12, 250, 250, 500]);
  assertEquals(values("pretrain.minutes=3", "pretrain.eval_every=9")[1], 9);
});

Deno.test("a model's size may be auto, in one word or beside other keys, if there are minutes", () => {
  const short = TINY.replace(/model: .*/, "model: auto");
  assertEquals<unknown>(parsePreset(short, "preset.yaml", ["pretrain.minutes=3"]).model, {
    size: "auto",
    family: "gpt2",
  });
  const beside = parsePreset(TINY, "preset.yaml", [
    "pretrain.minutes=3",
    "model.size=auto",
    "model.mlp=relu2",
  ]);
  assertEquals<unknown>(beside.model, { size: "auto", family: "gpt2", context: 16, mlp: "relu2" });
  assertEquals<unknown>(pipeline.schema.parse(structuredClone(beside)), beside);
  const missing = "auto picks a size for a time; give pretrain.minutes, such as --minutes 30";
  assertEquals(refusal(short), `preset.yaml:7: model: ${missing}`);
  const both = refusal(TINY, ["pretrain.minutes=3", "model={size: auto, width: 64}"]);
  assertEquals(both, "--set model.width: size: auto picks it; leave one of them out");
  const sizes = ["model.layers=3", "model.heads=1", "model.width=8"];
  const sized = parsePreset(
    TINY.replace(/model: .*/, "model: { size: auto, context: 16 }"),
    "preset.yaml",
    sizes,
  );
  assertObjectMatch(sized.model as object, { layers: 3, width: 8 });
  assertEquals(
    refusal(TINY.replace("layers: 1, ", "")),
    "preset.yaml:7: model.layers: expected number, it is missing; configs/mini.yaml shows it",
  );
  assertEquals(refusal(TINY, ["layers=2"]), "--set layers: unknown key; did you mean model.layers?");
  assertEquals(
    refusal(TINY, ["model=small"]),
    '--set model: expected auto or a map, got "small"',
  );
});

Deno.test("a schedule whose keys contradict each other, or a share out of range, is refused", () => {
  const said = (...sets: string[]) => refusal(TINY, sets.map((set) => `pretrain.schedule.${set}`));
  const where = "--set pretrain.schedule.";
  assertEquals(said("kind=wsd", "decay=1.5"), `${where}decay: expected at most 1, got 1.5`);
  assertEquals(said("kind=wsd", "decay=0"), `${where}decay: expected more than 0, got 0`);
  assertEquals(
    said("decay=0.1"),
    `${where}decay: it belongs to kind: wsd, not cosine; give that, or leave it out`,
  );
  assertEquals(
    said("weight_decay_end=0.1"),
    `${where}weight_decay_end: it belongs to weight_decay: linear, not constant; give that, or leave it out`,
  );
  assertEquals(said("kind=wds"), `${where}kind: expected one of cosine, wsd, got "wds"; did you mean wsd?`);
  const finetuning = parsePreset(
    TINY + "finetune-instruct: { data: [a], batch: 2, schedule: { kind: wsd, weight_decay: linear } }",
    "preset.yaml",
  );
  assertObjectMatch(finetuning, {
    "finetune-instruct": { schedule: { kind: "wsd", weight_decay: "linear" } },
  });
});

Deno.test("a misspelt required key is told, rather than that the right one is missing", () => {
  assertStringIncludes(
    refusal(TINY.replace("steps: 12", "stepz: 12")),
    "preset.yaml:9: pretrain.stepz: unknown key; did you mean steps?",
  );
  assertStringIncludes(
    refusal(TINY.replace("pretrain:", "pretrian:")),
    "preset.yaml:8: pretrian: unknown key; did you mean pretrain?",
  );
});

Deno.test("a key without its section is told with the sections that have it", () => {
  assertEquals(
    refusal(TINY, ["steps=60"]),
    "--set steps: unknown key; did you mean pretrain.steps or finetune-instruct.steps?",
  );
  assertEquals(
    refusal(TINY, ["lr=1"]),
    "--set lr: unknown key; did you mean pretrain.lr or finetune-classify.lr or finetune-instruct.lr " +
      "or finetune-preference.lr?",
  );
});

Deno.test("one value on the command line is a list of one; in a file, the message shows the brackets", () => {
  const { sources } = parsePreset(TINY, "preset.yaml", ["prepare-corpus.sources=/file"])["prepare-corpus"];
  assertEquals(sources, ["/file"]);
  assertEquals(
    refusal(TINY.replace("[text.txt]", "text.txt")),
    'preset.yaml:5: prepare-corpus.sources: expected a list, got "text.txt"; put it in brackets: ["text.txt"]',
  );
});

Deno.test("a key that every object has is no section of a preset", () => {
  assertStringIncludes(refusal(TINY, ["__proto__.steps=1"]), "unknown key");
  assert(!("steps" in {}));
});

Deno.test("a preset with its defaults filled in, as manifests record it, reads as itself", async () => {
  for (const name of ["mini", "small", "gpt2"]) {
    const preset = await loadPreset(pipeline, new URL(`${name}.yaml`, configs).pathname);
    assertEquals<unknown>(pipeline.schema.parse(structuredClone(preset)), preset);
  }
});
