/** Training with teachers, as a user runs it. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { refused } from "../lib/run/testing.ts";
import { pretrained } from "./testing.ts";

const sets = (...values: string[]) => values.flatMap((value) => ["--set", value]);

Deno.test("a student learns from teachers in pretraining and finetuning, and is stale once they are others", async () => {
  await using work = await pretrained();
  assertEquals((await work.run("finetune-instruct")).code, 0);
  const student = sets("name=small", "model.width=8", "pretrain.teacher.checkpoint=models/tiny/pretrain");
  const first = await work.run("pretrain", ...student);
  assertEquals(first.code, 0, first.output);
  const told =
    /teacher: models\/tiny\/pretrain\/best \([\d,.]+ ?k? parameters\), reading .* tokens\/s; temperature 2, weight 0.5/;
  assertMatch(first.output, told);
  assertStringIncludes((await work.run("pretrain", ...student)).output, "is up to date");
  assertStringIncludes(
    (await work.tool("lineage", "models/small/pretrain")).output,
    "models/tiny/pretrain\n",
  );

  const two = "finetune-instruct.teacher.checkpoints=[models/tiny/instruct, models/tiny/instruct/last]";
  const finetuned = await work.run("finetune-instruct", ...student, ...sets(two));
  assertEquals(finetuned.code, 0, finetuned.output);
  assertMatch(
    finetuned.output,
    /teachers: models\/tiny\/instruct\/best \(.*\), models\/tiny\/instruct\/last \(/,
  );

  assertEquals((await work.run("pretrain", "--force", ...sets("pretrain.lr=0.02"))).code, 0);
  refused(
    await work.run("pretrain", ...student),
    "models/small/pretrain is a finished training and is kept: it was made from another models/tiny/pretrain/best/",
  );
  refused(
    await work.run("pretrain", ...student, ...sets("pretrain.teacher.checkpoint=models/small/pretrain")),
    "pretrain.teacher: models/small/pretrain is what this training writes; give another teacher",
  );
  refused(
    await work.run("pretrain", ...student, ...sets("pretrain.teacher={}")),
    "--set pretrain.teacher: no teacher is named; give checkpoint, a folder",
  );
});
