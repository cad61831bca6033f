/** Made-up stages, to count which files a run reads. */
import { assert, assertEquals, assertObjectMatch, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { Terminal } from "../progress.ts";
import { FileHashes } from "./hashes.ts";
import { parsePreset } from "./preset.ts";
import { pipeline } from "../../stages/pipeline.ts";
import { settingsDifferences } from "./settings.ts";
import { definePipeline, defineStage, isPresent, runStage, type Stage } from "./stage.ts";
import { ALONE } from "../ranks/alone.ts";
import { TINY } from "./testing.ts";

const NAMES = [
  "prepare-corpus",
  "build-vocab",
  "pretrain",
  "finetune-classify",
  "finetune-instruct",
  "evaluate",
];

/** Six stages, each of which reads all stages before it and a common source, and writes one file. */
function chain(folder: string, ran: string[]): Stage[] {
  const stages: Stage[] = [];
  for (const name of NAMES) {
    const after = [...stages];
    stages.push({
      name,
      about: "",
      module: import.meta.url,
      out: () => join(folder, name),
      sections: {},
      settings: ["seed"],
      after: () => after,
      sources: () => Promise.resolve([join(folder, "source.txt")]),
      async run({ out }) {
        ran.push(name);
        await Deno.mkdir(out, { recursive: true });
        await Deno.writeTextFile(join(out, "train.jsonl"), name);
        return { finished: true, metrics: {} };
      },
    });
  }
  return stages;
}

Deno.test("a pipeline that is up to date reads no source and no result, and each of its modules once", async () => {
  const folder = await Deno.makeTempDir();
  const source = join(folder, "source.txt");
  await Deno.writeTextFile(source, "some text");
  const ran: string[] = [];
  const stages = chain(folder, ran);
  const terminal = new class extends Terminal {
    override readonly log = () => {};
  }();
  /** Runs all stages, and returns the files that were read to hash them. */
  const run = async () => {
    ran.length = 0;
    const hashes = new FileHashes();
    const invocation = { task: "pipeline", config: "preset.yaml", sets: [] };
    const request = {
      preset: parsePreset(pipeline, TINY, "preset.yaml"),
      schema: pipeline.schema,
      invocation,
      hashes,
      finished: new Map(),
      terminal,
      ranks: ALONE,
    };
    for (const stage of stages) {
      assertEquals(await runStage(stage, request, { label: stage.name, force: false, resume: false }), 0);
    }
    assertEquals(new Set(hashes.read).size, hashes.read.length, "a file was hashed twice");
    return hashes.read.filter((path) => path.startsWith(folder));
  };
  assert((await run()).includes(source));
  assertEquals(ran, NAMES);
  assertEquals(await run(), []);
  assertEquals(ran, []);

  const { mtime } = await Deno.stat(source);
  await Deno.utime(source, new Date(), new Date(mtime!.getTime() + 5000));
  assertEquals(await run(), [source], "a source that was touched is read once, and found to be the same");
  assertEquals(ran, []);
  await Deno.writeTextFile(source, "other text");
  await run();
  assertEquals(ran, NAMES);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a stage brings its section, its paths and its settings to the presets of its pipeline", () => {
  const count = defineStage({
    name: "count-words",
    about: "",
    module: import.meta.url,
    sections: { count: z.strictObject({ files: z.array(z.string()), least: z.number().default(2) }) },
    pathKeys: ["count.files"],
    settings: ["seed"],
    optional: true,
    out: ({ name }) => `data/processed/${name}/words`,
    after: () => [],
    sources: ({ count }) => Promise.resolve(count.files),
    run: ({ preset: { count } }) => Promise.resolve({ finished: true, metrics: { least: count.least } }),
  });
  const longer = definePipeline([...pipeline.stages, count]);
  const parse = (...sets: string[]) => parsePreset(longer, TINY, "preset.yaml", sets);
  assertEquals(isPresent(count, parse()), false);
  const preset = parse("count.files=a.txt");
  assertEquals(isPresent(count, preset), true);
  assertObjectMatch(preset, { count: { files: ["a.txt"], least: 2 } });
  assertEquals(count.out(preset), "data/processed/tiny/words");
  assertEquals(settingsDifferences(count, parse("count.files=b.txt", "device=auto"), preset, longer.schema), [
    { key: "count.files", before: ["b.txt"], now: ["a.txt"] },
  ]);
  assertThrows(
    () => parse("count.files=a.txt", "count.leest=1"),
    UserError,
    "--set count.leest: unknown key; did you mean least?",
  );
  assertThrows(
    () => parsePreset(pipeline, TINY, "preset.yaml", ["count.files=a.txt"]),
    UserError,
    "unknown key",
  );
  assertEquals(longer.pathKeys.at(-1), "count.files");
});
