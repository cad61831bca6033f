/** Quantises models as a user does, asks them questions and traces their lineage, and tries a user's mistakes. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { saveCheckpoint } from "../checkpoint/checkpoint.ts";
import { CpuDevice } from "../device/cpu.ts";
import { modelConfig } from "../model/config.ts";
import { Decoder } from "../model/decoder.ts";
import { refused, type Workspace, workspace } from "../run/testing.ts";
import { charTokenizer } from "../text/testing.ts";

const device = await CpuDevice.open({ threads: 1 });
const tokenizer = charTokenizer("la luna");

/** Saves a random model that answers, as runs leave it. */
async function model(work: Workspace, name: string, width = 32): Promise<void> {
  const shape = { layers: 1, heads: 2, width, context: 16, vocab: tokenizer.size };
  const model = new Decoder(device, modelConfig(shape));
  model.initialize(1);
  await saveCheckpoint(work.path(`models/${name}/best`), model, tokenizer, {
    ...{ stage: "pretrain", format: "chat", step: 10, seed: 1, finished: true },
    ...{ validation: null, best: null },
  });
}

Deno.test("a quantised model is put beside its own, can be asked and traced back, and its own weights are not taught", async () => {
  await using work = await workspace();
  await model(work, "one");
  for (const [to, times] of [["q8", /3\.\d+ times less/], ["q4", /[56]\.\d+ times less/]] as const) {
    const { code, output } = await work.writer("quantise", "--model", "models/one", "--to", to);
    assertEquals(code, 0, output);
    assertStringIncludes(output, `models/one-${to}: `);
    assertEquals(times.test(output), true, output);
    const ask = [
      "ask",
      "--device",
      "cpu",
      "--max-new-tokens",
      "3",
      "--model",
      `models/one-${to}`,
      "luna",
    ] as const;
    const asked = await work.tool(...ask);
    assertEquals(asked.code, 0, asked.output);
    const lineage = await work.tool("lineage", `models/one-${to}`);
    assertStringIncludes(lineage.output, `  by quantise, to ${to}\n  from models/one/best\n`);
  }
  const teach = ["teach", "--full", "--model", "models/one-q4", "¿La luna?", "Una luna."] as const;
  refused(
    await work.writer(...teach),
    "models/one-q4 is quantised to q4, and cannot be taught with --full; give the model",
  );
});

Deno.test("mistakes in quantising are told in one line, and nothing is written", async () => {
  await using work = await workspace();
  await model(work, "one");
  await model(work, "narrow", 6);
  const mistakes: [args: string[], says: string][] = [
    [["--to", "q8"], "--model is missing"],
    [["--model", "models/one"], "--to is missing: expected q8 or q4"],
    [["--model", "models/one", "--to", "q5"], "--to q5: expected q8 or q4"],
    [["--model", "models/none", "--to", "q8"], "models/none holds no model"],
    [["--model", "models/one", "--to", "q8", "--out", "models/narrow"], "exists, and is no quantised model"],
    [["--model", "models/one", "--to", "q8", "--out", "models/one/best/x"], "hold each other"],
    [["--model", "models/one", "--to", "q8", "--out", "models"], "hold each other"],
    [
      ["--model", "models/one", "--to", "q8", "--out", "elsewhere"],
      "quantise writes under models/ and data/ only",
    ],
    [["--model", "models/narrow", "--to", "q8"], "no matrix whose rows are a multiple of 32 numbers"],
  ];
  for (const [args, says] of mistakes) refused(await work.writer("quantise", ...args), says);
  assertEquals([...Deno.readDirSync(work.path("models"))].map(({ name }) => name).sort(), ["narrow", "one"]);

  const quantise = ["quantise", "--model", "models/one", "--to", "q8"] as const;
  assertEquals((await work.writer(...quantise)).code, 0);
  refused(
    await work.writer(...quantise),
    "models/one-q8 exists; choose another folder, or replace it with --force",
  );
  assertEquals((await work.writer(...quantise, "--force")).code, 0);
});
