/** Stages made up for the purpose, to count what a run reads. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { Terminal } from "../progress.ts";
import { FileHashes } from "./hashes.ts";
import { parsePreset } from "./preset.ts";
import { pipeline } from "../../stages/pipeline.ts";
import { runStage, type Stage } from "./stage.ts";
import { TINY } from "./testing.ts";

const NAMES = [
  "prepare-corpus",
  "build-vocab",
  "pretrain",
  "finetune-classify",
  "finetune-instruct",
  "evaluate",
];

/** Six stages, each of which reads all those before it and the same source, and writes one file. */
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
  /** Runs all, and returns the files that were read to hash them. */
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
