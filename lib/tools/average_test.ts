/** Makes averages as a user does, asks them questions and traces their lineage, and tries a user's mistakes. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CpuDevice } from "../device/cpu.ts";
import { modelConfig } from "../model/config.ts";
import { Decoder } from "../model/decoder.ts";
import { saveCheckpoint } from "../checkpoint/checkpoint.ts";
import { exists } from "../files.ts";
import { refused, type Workspace, workspace } from "../run/testing.ts";
import { charTokenizer } from "../text/testing.ts";

const device = await CpuDevice.open({ threads: 1 });
const tokenizer = charTokenizer("la luna");

/** Saves random models that answer, as runs leave them. */
async function models(work: Workspace, names: readonly string[]): Promise<void> {
  const shape = { layers: 1, heads: 2, width: 8, context: 16, vocab: tokenizer.size };
  for (const [seed, name] of names.entries()) {
    const model = new Decoder(device, modelConfig(shape));
    model.initialize(seed);
    await saveCheckpoint(work.path(`models/${name}/best`), model, tokenizer, {
      ...{ stage: "pretrain", format: "chat", step: 10 * (seed + 1), seed, finished: true },
      ...{ validation: null, best: null },
    });
    await Deno.copyFile(
      new URL("../../models/small/pretrain/manifest.json", import.meta.url),
      work.path(`models/${name}/manifest.json`),
    );
  }
}

Deno.test("an average can be asked, averaged again and traced back to what it was made of", async () => {
  await using work = await workspace();
  await models(work, ["a", "b", "c"]);
  const made = await work.writer(
    "average",
    "models/a",
    "models/b",
    "--out",
    "models/ab/",
    "--weights",
    "3,1",
  );
  assertEquals(made.code, 0, made.output);
  assertStringIncludes(made.output, "75.0 %  models/a/best\n");
  const twice = await work.writer("average", "models/ab", "models/c", "--out", "models/abc");
  assertEquals(twice.code, 0, twice.output);
  const ask = ["ask", "--device", "cpu", "--max-new-tokens", "3", "--model", "models/abc", "luna"] as const;
  const asked = await work.tool(...ask);
  assertEquals(asked.code, 0, asked.output);

  await models(work, ["b"]); // trained anew, with other weights
  await Deno.remove(work.path("models/c"), { recursive: true });
  const { code, output } = await work.tool("lineage", "models/abc");
  assertEquals(code, 0, output);
  const lines = output.split("\n");
  for (
    const line of [
      "models/abc",
      "  by average, of 2 checkpoints",
      "  50.0 % of models/ab, at step 20",
      "  50.0 % of models/c/best, at step 30; not here any more",
      "  models/ab",
      "    75.0 % of models/a/best, at step 10",
      "    25.0 % of models/b/best, at step 20; replaced since, its weights are others now",
      "    models/a",
    ]
  ) assert(lines.includes(line), `${line} is missing in\n${output}`);
  assert(lines.some((line) => line.startsWith("      by pretrain, ")), output);
});

Deno.test("mistakes in averaging are told in one line, and nothing is written", async () => {
  await using work = await workspace();
  await models(work, ["a", "b"]);
  const mistakes: [args: string[], says: string][] = [
    [["models/a", "--out", "models/x"], "average: give at least two checkpoints"],
    [["models/a", "models/b"], "--out is missing"],
    [["models/a", "models/none", "--out", "models/x"], "models/none holds no model"],
    [["models/a", "models/a/best", "--out", "models/x"], "models/a/best is given twice"],
    [["models/a", "models/b", "--out", "models/b"], "--out models/b exists, and is no average"],
    [["models/a", "models/b", "--out", "models/b", "--force"], "--out models/b exists, and is no average"],
    [["models/a", "models/b", "--out", "models/a/best/x"], "is in models/a/best, which is to be averaged"],
    [["models/a", "models/b", "--out", "elsewhere"], "average writes under models/ and data/ only"],
    [["models/a", "models/b", "--out", "models/x", "--weights", "1"], "--weights 1: 1 for 2 checkpoints"],
    [["models/a", "models/b", "--out", "models/x", "--weights", "1,0"], "expected positive numbers"],
    [["models/a", "models/b", "--out", "models/x", "--weights", "1,dos"], "expected positive numbers"],
  ];
  for (const [args, says] of mistakes) refused(await work.writer("average", ...args), says);
  assertEquals([...Deno.readDirSync(work.path("models"))].map(({ name }) => name).sort(), ["a", "b"]);
  assert(await exists(work.path("models/b/best/model.safetensors")));

  const average = ["average", "models/a", "models/b", "--out", "models/x"] as const;
  assertEquals((await work.writer(...average)).code, 0);
  refused(
    await work.writer(...average),
    "--out models/x exists; choose another folder, or replace it with --force",
  );
  assertEquals((await work.writer(...average, "--force")).code, 0);
});
