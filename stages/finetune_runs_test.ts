/** Finetunings that are kept, and that are stopped. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "../lib/files.ts";
import { refused } from "../lib/run/testing.ts";
import { pretrained } from "./testing.ts";

Deno.test("a finished finetuning is kept; another starts from the same model under another name", async () => {
  await using work = await pretrained();
  assertEquals((await work.run("finetune-instruct")).code, 0);
  const run = await work.run("finetune-instruct", "--set", "finetune-instruct.epochs=1");
  const task = "deno task finetune-instruct --config preset.yaml --set finetune-instruct.epochs=1";
  const other = "--set name=tiny-2 --set finetune-instruct.backbone=models/tiny/pretrain";
  refused(
    run,
    "models/tiny/instruct is a finished training and is kept: it was made with finetune-instruct.epochs=2, and " +
      `this command asks for 1. To train another beside it, run ${task} ${other}. To replace it, run ${task} --force`,
  );
  const beside = await work.run(
    "finetune-instruct",
    ...`--set finetune-instruct.epochs=1 ${other}`.split(" "),
  );
  assertEquals(beside.code, 0, beside.output);
  assert(await exists(work.path("models/tiny-2/instruct/best/model.safetensors")));
});

Deno.test("SIGTERM stops a finetuning with exit code 143, and it starts anew", async () => {
  await using work = await pretrained();
  const long = ["--set", "finetune-instruct.epochs=100000"];
  const process = work.spawn("finetune-instruct", ...long);
  for (let tries = 0; tries < 600 && !await exists(work.path("models/tiny/instruct/best")); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  process.kill("SIGTERM");
  const { code, stderr } = await process.output();
  const output = new TextDecoder().decode(stderr);
  assertEquals(code, 143, output);
  assertStringIncludes(output, "finetune-instruct: stopped; it starts from the beginning");
  const { step, finished } = JSON.parse(await work.read("models/tiny/instruct/last/checkpoint.json"));
  assert(step > 0 && !finished);
  const again = await work.run("finetune-instruct");
  assertEquals(again.code, 0, again.output);
});
