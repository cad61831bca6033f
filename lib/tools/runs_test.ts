/** `deno task runs` and `deno task compare`, as a person calls them. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { makeUpRun } from "../runs/testing.ts";
import { refused, workspace } from "../run/testing.ts";
import { columns, sparkline } from "./runs_text.ts";

Deno.test("runs lists trainings, and tells one of them: curves, figures by epoch, samples", async () => {
  await using work = await workspace();
  const none = await work.tool("runs");
  assertEquals(none.code, 0, none.output);
  assertStringIncludes(none.output, "no run below models yet; train one with deno task pretrain");
  await makeUpRun(work.path("models/a/pretrain"), { steps: 400, done: 300, every: 100 });
  await makeUpRun(work.path("models/a/instruct"), {
    ...{ steps: 900, epoch: 300, every: 150, seed: 2, stage: "finetune-instruct" },
  });
  const all = (await work.tool("runs")).output;
  assert(/^a\/pretrain +pretrain +stopped +300\/400 /m.test(all), all);
  const { code, output } = await work.tool("runs", "models/a/instruct/");
  assertEquals(code, 0, output);
  assertStringIncludes(output, "a/instruct: finetune-instruct, stopped");
  assert(/^ *0?\.5 +150 /m.test(output), "the middle of an epoch is half of one");
  assertStringIncludes(output, "sample at step 600\n");
  const json = JSON.parse((await work.tool("runs", "a/instruct", "--json")).output);
  assertEquals(json.runs[0].validation.points.step, [150, 300, 450, 600, 750, 900]);
});

Deno.test("compare sets runs side by side, and marks settings that differ", async () => {
  await using work = await workspace();
  await makeUpRun(work.path("models/a/pretrain"), { steps: 400, every: 100, seed: 1 });
  await makeUpRun(work.path("models/b/pretrain"), {
    ...{ steps: 200, every: 100, seed: 1 },
    preset: { seed: 1, pretrain: { steps: 200, lr: 1, batch: 8 } },
  });
  const { code, output } = await work.tool("compare", "a/pretrain", "b/pretrain");
  assertEquals(code, 0, output);
  const lines = output.split("\n");
  const settings = lines.slice(lines.findIndex((line) => line.startsWith("settings that differ")) + 1);
  assertEquals(
    settings.filter((line) => line !== "").map((line) => line.split(/ +/)),
    [["pretrain.steps", "400", "200"], ["pretrain.lr", "0.003", "1"]],
  );
  assert(/^400 +[\d.]+ +–$/m.test(output), "one of them did not come so far");
  const everything = (await work.tool("compare", "a/pretrain", "b/pretrain", "--all")).output;
  assert(/^pretrain.batch +8 +8$/m.test(everything) && /^\* pretrain.lr /m.test(everything), everything);
  assertStringIncludes(
    (await work.tool("compare", "a/pretrain", "b/pretrain", "--by", "time")).output,
    "loss at time",
  );
});

Deno.test("a run that is not there, one too few and an unknown axis are each told in a line", async () => {
  await using work = await workspace();
  refused(await work.tool("runs", "a"), "a: there is no run below models; train one with deno task pretrain");
  await makeUpRun(work.path("models/a/pretrain"), { steps: 3 });
  refused(await work.tool("runs", "b"), "b: there is no such run below models; there are a/pretrain");
  refused(await work.tool("compare", "a/pretrain"), "give at least two runs");
  refused(await work.tool("compare", "--by", "epoch"), "--by epoch: expected step, tokens or time");
  const elsewhere = await work.tool("runs", "--models", "nowhere");
  assertStringIncludes(elsewhere.output, "no run below nowhere yet");
});

Deno.test("tables keep their columns with letters of any width, and no control characters", () => {
  assertEquals(columns([["a", "1"], ["ñandú\x1b[2J", "22"]]), "a           1\nñandú [2J  22");
});

Deno.test("a curve of characters rises with its values, and is no longer than it may be", () => {
  assertEquals(sparkline([1, 2, 3, null, 8], 10), "▁▂▃ █");
  assertEquals([...sparkline(Array.from({ length: 1000 }, (_, i) => i), 64)].length, 64);
  assertEquals(sparkline([], 10), "");
  assertEquals(sparkline([2, 2], 10), "▁▁");
});
