/** Finetunings that are kept, and finetunings that are stopped. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "../lib/files.ts";
import { refused, ROOT, type Workspace } from "../lib/run/testing.ts";
import { PRESET, pretrained } from "./testing.ts";

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

/** Waits until a finetuning has recorded more than `count` lines. */
async function lines(work: Workspace, count: number): Promise<number> {
  const metrics = work.path("models/tiny/instruct/metrics.jsonl");
  for (let tries = 0; tries < 1200; tries++) {
    const found = (await Deno.readTextFile(metrics).catch(() => "")).split("\n").length;
    if (found > count) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${metrics} has no more than ${count} lines after a minute`);
}

/** Checks that an interrupted finetuning has the same result as an unbroken one, bit for bit. */
async function assertAsWhole(work: Workspace): Promise<void> {
  for (const name of ["last/model", "last/optimizer", "best/model"]) {
    const [one, other] = ["tiny", "whole"].map((model) =>
      work.path(`models/${model}/instruct/${name}.safetensors`)
    );
    assertEquals(await Deno.readFile(one), await Deno.readFile(other), name);
  }
}

Deno.test({
  name: "a finetuning on the world that is killed and stopped goes on, bit for bit as an unbroken one",
  ignore: Deno.build.os === "windows", // Windows has no such signals
  async fn() {
    await using work = await pretrained(PRESET.replace("context: 16 }", "context: 64 }"));
    for (const held of ["data/instruct", "data/evaluate"]) await Deno.symlink(ROOT + held, work.path(held));
    const settings = {
      data: "[ask.jsonl, { world: { conversations: 4000, mix: { aritmética: 0.5, saludos: 0.5 } } }]",
      ...{ validation: 20, epochs: 2, eval_every: 20, sample_every: 400, save_every: 30 },
    };
    const args = Object.entries(settings).flatMap(([key, value]) => [
      "--set",
      `finetune-instruct.${key}=${value}`,
    ]);
    const checkpoint = async (name: string) =>
      JSON.parse(await work.read(`models/tiny/instruct/${name}/checkpoint.json`));

    const first = work.spawn("finetune-instruct", ...args);
    await lines(work, 70);
    first.kill("SIGKILL");
    await first.output();
    const saved = await checkpoint("last");
    assert(saved.step >= 60 && saved.step % 30 === 0, `${saved.step}`);
    assertEquals((await checkpoint("best")).step % 20, 0);

    const second = work.spawn("finetune-instruct", ...args, "--resume");
    await lines(work, await lines(work, 0) + 20);
    second.kill("SIGTERM");
    const { code, stderr } = await second.output();
    const output = new TextDecoder().decode(stderr);
    assertEquals(code, 143, output);
    assertStringIncludes(output, `resuming after step ${saved.step}`);
    assertStringIncludes(output, "finetune-instruct: stopped; go on with deno task finetune-instruct");
    refused(
      await work.run("finetune-instruct", ...args),
      "models/tiny/instruct/last holds an unfinished run",
    );
    refused(
      await work.run("finetune-instruct", ...args, "--resume", "--set", "finetune-instruct.epochs=3"),
      "was started with finetune-instruct.epochs=2, and this command asks for 3",
    );
    const resumed = await work.run("finetune-instruct", ...args, "--resume");
    assertEquals(resumed.code, 0, resumed.output);

    const beside = ["name=whole", "finetune-instruct.backbone=models/tiny/pretrain"];
    const whole = await work.run("finetune-instruct", ...args, ...beside.flatMap((set) => ["--set", set]));
    assertEquals(whole.code, 0, whole.output);
    assertStringIncludes(whole.output, "4,000 conversations to learn, 500 steps an epoch; 20 to validate");
    await assertAsWhole(work);
    const metrics = (await work.read("models/tiny/instruct/metrics.jsonl")).trim().split("\n")
      .map((line) => JSON.parse(line));
    const at = (key: string) => metrics.filter((line) => key in line).map(({ step }) => step);
    const every = (steps: number) => Array.from({ length: 1000 / steps }, (_, i) => steps * (i + 1));
    assertEquals(at("loss"), every(1));
    assertEquals(at("validation"), every(20));
    assertEquals(at("sample"), [400, 800, 1000]);
  },
});

Deno.test({
  name: "a finetuning that was given minutes picks its steps once, and goes on with them",
  ignore: Deno.build.os === "windows", // Windows has no such signals
  async fn() {
    await using work = await pretrained();
    const timed = ["--minutes", "30"];
    const info = async () => JSON.parse(await work.read("models/tiny/instruct/last/checkpoint.json"));
    const first = work.spawn("finetune-instruct", ...timed);
    const recorded = await lines(work, 20);
    first.kill("SIGTERM");
    const output = new TextDecoder().decode((await first.output()).stderr);
    const { run: { picked }, step } = await info();
    assertStringIncludes(output, `30 minutes: ${picked.plan.steps.toLocaleString("en-US")} steps`);
    assertStringIncludes(output, `--set finetune-instruct.steps=${picked.plan.steps}`);
    assert(picked.plan.steps > step && picked.plan.eval_every < picked.plan.steps, JSON.stringify(picked));

    const second = work.spawn("finetune-instruct", ...timed, "--resume");
    await lines(work, recorded + 50);
    second.kill("SIGTERM");
    const resumed = new TextDecoder().decode((await second.output()).stderr);
    assertStringIncludes(resumed, `resuming after step ${step}`);
    assert(!resumed.includes("measur"), resumed);
    const later = await info();
    assertEquals(later.run.picked, picked);
    assert(later.step > step);
    refused(
      await work.run("finetune-instruct", "--minutes", "31", "--resume"),
      "with finetune-instruct.minutes=30, and this",
    );
  },
});

Deno.test("a finetuning of so many steps ends with them, validated at the end", async () => {
  await using work = await pretrained();
  const { code, output } = await work.run("finetune-instruct", "--set", "finetune-instruct.steps=4");
  assertEquals(code, 0, output);
  const { step, finished } = JSON.parse(await work.read("models/tiny/instruct/last/checkpoint.json"));
  assertEquals([step, finished], [4, true]);
});

Deno.test({
  name:
    "wsd: until the rate falls, a finetuning goes on with other steps as if it had been started with them",
  ignore: Deno.build.os === "windows", // Windows has no such signals
  async fn() {
    await using work = await pretrained();
    const sets = (...values: string[]) => values.flatMap((value) => ["--set", `finetune-instruct.${value}`]);
    const wsd = sets("schedule.kind=wsd", "eval_every=100", "save_every=0", "sample_every=0");
    const first = work.spawn("finetune-instruct", ...wsd, ...sets("steps=100000"));
    await lines(work, 20);
    first.kill("SIGTERM");
    assertEquals((await first.output()).code, 143);
    refused(
      await work.run("finetune-instruct", ...wsd, ...sets("steps=21"), "--resume"),
      "with finetune-instruct.steps=100000, and this command asks for 21, and the learning rate of every step follows",
    );
    const enough = [...wsd, ...sets("steps=1000")];
    const resumed = await work.run("finetune-instruct", ...enough, "--resume");
    assertEquals(resumed.code, 0, resumed.output);
    const beside = ["--set", "name=whole", ...sets("backbone=models/tiny/pretrain")];
    assertEquals((await work.run("finetune-instruct", ...enough, ...beside)).code, 0);
    await assertAsWhole(work);
  },
});
