import { assertEquals, assertObjectMatch } from "@std/assert";
import { assignment, commandLine } from "./command.ts";
import { pipeline } from "../../stages/pipeline.ts";
import { parsePreset } from "./preset.ts";
import { TINY } from "./testing.ts";

const typed = {
  task: "pretrain",
  config: "my presets/one.yaml",
  sets: ["pretrain.lr=0.1", "device=cpu", "prepare-corpus.sources=[{path: 'a b.txt'}]"],
};

Deno.test("a proposed command repeats what was typed, as a shell takes it", () => {
  assertEquals(
    commandLine(typed, { flags: ["--resume"] }),
    "deno task pretrain --config 'my presets/one.yaml' --set pretrain.lr=0.1 --device cpu --set " +
      `'prepare-corpus.sources=[{path: '\\''a b.txt'\\''}]' --resume`,
  );
});

Deno.test("a proposed command replaces overrides of the same keys, and leaves out those that are unset", () => {
  const values = {
    "pretrain.lr": 0.2,
    "prepare-corpus.sources": undefined,
    device: "webgpu",
    "pretrain.clip": 2,
  };
  assertEquals(
    commandLine(typed, { task: "pipeline", values }),
    "deno task pipeline --config 'my presets/one.yaml' --set pretrain.lr=0.2 --device webgpu --set pretrain.clip=2",
  );
});

Deno.test("an assignment reads back as its value", () => {
  for (const value of ["char", "true", "null", "no", "1e3", "", "a: b", "#x", "ñandú"]) {
    const preset = parsePreset(pipeline, TINY, "preset.yaml", [assignment("tokenizer.always", value)]);
    assertObjectMatch(preset, { tokenizer: { always: value } });
  }
  const sources = ["a", { path: "b c" }];
  const set = assignment("prepare-corpus.sources", sources);
  assertObjectMatch(parsePreset(pipeline, TINY, "preset.yaml", [set]), { "prepare-corpus": { sources } });
});
