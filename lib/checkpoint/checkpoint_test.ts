import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { CpuDevice } from "../device/cpu.ts";
import { UserError } from "../errors.ts";
import { modelConfig } from "../model/config.ts";
import { Decoder } from "../model/decoder.ts";
import { ModelStore } from "../server/models.ts";
import { vocabularyBuilder } from "../text/tokenizer.ts";
import { backboneFiles, checkpointFiles, findCheckpoint, readBackbone } from "./backbone.ts";
import { readCheckpoint, readCheckpointInfo, saveCheckpoint } from "./checkpoint.ts";

const builder = vocabularyBuilder("char");
builder.add("¿Qué son los gatos?");
const tokenizer = builder.build({ minCount: 1, always: "", size: 0 });

/** A run's folder with checkpoints of a tiny model. */
async function inRun(
  names: readonly string[],
  test: (folder: string, save: (name: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const device = await CpuDevice.open({ threads: 1 });
  const shape = { context: 8, layers: 1, heads: 1, width: 8, hidden: 8 };
  const model = new Decoder(device, modelConfig({ vocab: tokenizer.size, ...shape }));
  let step = 0;
  const save = (name: string) => {
    model.initialize(++step);
    const best = names.includes("best") ? { step: 1, loss: 1 } : null;
    return saveCheckpoint(join(folder, name), model, tokenizer, {
      ...{
        stage: "pretrain",
        format: "text" as const,
        step,
        seed: 1,
        finished: true,
        validation: null,
        best,
      },
    });
  };
  try {
    for (const name of names) await save(name);
    await test(folder, save);
  } finally {
    device.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const list = (folder: string) => [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();

Deno.test("a checkpoint is read around what a kill left, and the leftovers stay", () =>
  inRun(["best", "last"], async (folder) => {
    const best = join(folder, "best");
    await Deno.mkdir(`${best}.old`);
    await Deno.mkdir(join(folder, "last.partial"));
    await Deno.rename(best, `${best}.new`);
    const left = list(folder);
    assertEquals(await findCheckpoint(folder), best);
    assertEquals((await readCheckpoint(best)).info.step, 1);
    assertEquals((await readCheckpointInfo(best))?.step, 1);
    assertEquals((await readBackbone(folder, "none")).folder, best);
    assertEquals((await checkpointFiles(folder)).length, 4);
    assertEquals(list(folder), left);
  }));

Deno.test("leftovers are never listed as models; a complete one that has not its place yet is", () =>
  inRun(["a/best", "b/best", "c/best"], async (folder) => {
    await Deno.rename(join(folder, "a/best"), join(folder, "a/best.new"));
    await Deno.rename(join(folder, "b/best"), join(folder, "b/best.old"));
    await Deno.mkdir(join(folder, "c/best.partial"));
    const { listed } = await ModelStore.find(folder, "cpu", { rows: 1, queue: 1 });
    assertEquals(listed.map(({ id }) => id).sort(), ["a", "c"]);
    assertEquals(list(join(folder, "a")), ["best.new"]);
  }));

Deno.test("checkpoints that are replaced while they are read are whole each time", () =>
  inRun(["best"], async (folder, save) => {
    let done = false, saves = 0;
    const writing = (async () => {
      for (; !done; saves++) await save("best");
    })();
    try {
      for (let reads = 0; reads < 50 || saves < 20; reads++) {
        await readCheckpoint(await findCheckpoint(folder));
      }
    } finally {
      done = true;
      await writing;
    }
  }));

Deno.test("a run whose best checkpoint is damaged or gone is told; the last is not taken instead", () =>
  inRun(["best", "last"], async (folder) => {
    const config = join(folder, "best/config.json");
    await Deno.remove(config);
    const best = await findCheckpoint(folder);
    assertEquals(best, join(folder, "best"));
    await assertRejects(
      () => readCheckpoint(best),
      UserError,
      "config.json is missing; the checkpoint is damaged",
    );
    await Deno.remove(join(folder, "best/checkpoint.json"));
    for (const read of [readBackbone, backboneFiles]) {
      await assertRejects(
        () => read(folder, "none"),
        UserError,
        "/best lacks checkpoint.json, so it is damaged",
      );
    }
    await Deno.remove(join(folder, "best"), { recursive: true });
    await assertRejects(
      () => findCheckpoint(folder),
      UserError,
      "/best is gone (it was saved at step 1); restore",
    );
    assertEquals(await findCheckpoint(join(folder, "last")), join(folder, "last"));
  }));

Deno.test("the files that a run depends on are all that hold weights, and not what only training goes on from", () =>
  inRun(["x"], async (folder) => {
    const place = join(folder, "x");
    for (
      const name of [
        "model-00001-of-00002.safetensors",
        "model.safetensors.index.json",
        "optimizer.safetensors",
      ]
    ) {
      await Deno.writeTextFile(join(place, name), "");
    }
    assertEquals((await checkpointFiles(place)).map((path) => path.slice(place.length + 1)), [
      ...[
        "config.json",
        "model-00001-of-00002.safetensors",
        "model.safetensors",
        "model.safetensors.index.json",
      ],
      ...["tokenizer.json", "tokenizer_config.json"],
    ]);
  }));

Deno.test("a server tells of runs whose best checkpoint is damaged or gone, and lists the others", () =>
  inRun(["a/best", "a/last", "b/best", "b/last", "c/last", "best"], async (folder) => {
    await Deno.remove(join(folder, "a/best/checkpoint.json"));
    await Deno.remove(join(folder, "b/best"), { recursive: true });
    const told: string[] = [];
    const before = console.error;
    console.error = (line: string) => told.push(line);
    try {
      const { listed } = await ModelStore.find(folder, "cpu", { rows: 1, queue: 1 });
      assertEquals(listed.map(({ folder }) => folder), [join(folder, "best")]);
    } finally {
      console.error = before;
    }
    assertEquals(told.map((line) => line.replaceAll(folder, "").replace(/\(.*\)/, "()")).sort(), [
      "left out: /a/best lacks checkpoint.json, so it is damaged, or not made here; train again, or restore it",
      "left out: /b/best is gone (); restore it, or give /b/last to use the last one",
      "left out: /c/best is gone (); restore it, or give /c/last to use the last one",
    ]);
  }));

Deno.test("a run without validation has no best checkpoint, and its last one is taken", () =>
  inRun(["last"], async (folder) => assertEquals(await findCheckpoint(folder), join(folder, "last"))));

Deno.test({
  name: "in a terminal, ask wants no permission to read a model with leftovers beside it",
  ignore: Deno.build.os !== "linux", // `script` has other arguments elsewhere
  fn: () =>
    inRun(["best"], async (folder) => {
      await Deno.mkdir(join(folder, "best.old"));
      const root = new URL("../../", import.meta.url).pathname;
      const command =
        `${Deno.execPath()} task -q ask --model ${folder} --max-new-tokens 1 --device cpu gatos`;
      const { code, stdout } = await new Deno.Command("script", {
        args: ["-qec", command, "/dev/null"],
        cwd: root,
        env: { NO_COLOR: "1" },
        stdin: "null",
      }).output();
      const output = new TextDecoder().decode(stdout);
      assertEquals(code, 0, output);
      assertEquals(output.includes("requests"), false, output);
      assertEquals(list(folder), ["best", "best.old"]);
    }),
});

Deno.test("a checkpoint says what it is for, and older ones are told by their stage", async () => {
  const small = new URL("../../models/small/", import.meta.url).pathname;
  const formatOf = async (folder: string) => (await readCheckpointInfo(folder))!.format;
  assertEquals(await formatOf(`${small}pretrain/best`), "text");
  assertEquals(await formatOf(`${small}instruct/best`), "chat");
  assertEquals(await formatOf(`${small}classify/temas/best`), "labels");
  await inRun(["last"], async (folder) => {
    const path = join(folder, "last/checkpoint.json");
    const info = JSON.parse(await Deno.readTextFile(path));
    assertEquals(info.format, "text");
    await Deno.writeTextFile(path, JSON.stringify({ ...info, format: "chat" }));
    assertEquals(await formatOf(join(folder, "last")), "chat");
  });
});
