/** Finetunings and the evaluation on several processes, started with `mpiexec`. */
import { assert, assertEquals } from "@std/assert";
import { finish, testLaunchers } from "../lib/ranks/testing.ts";
import { PRESET, pretrained } from "./testing.ts";
import { assertAlike, rankArgs, resultOf } from "./testing_ranks.ts";

const preset = PRESET.replaceAll("epochs: 2\n", "epochs: 2\n  accumulate: 2\n");

/** The stages, each with the folder of a training and the figures of its report that are not times. */
const STAGES = {
  "finetune-classify": { folder: "models/tiny/classify/who", figures: ["test", "train", "baselines"] },
  "finetune-instruct": { folder: "models/tiny/instruct", figures: ["conversations", "step"] },
} as const;

const [launcher] = await testLaunchers();
if (launcher) {
  Deno.test("finetunings and the evaluation do the same on two ranks as in one process, and only rank 0 reports", async () => {
    await using work = await pretrained(preset);
    const run = async (ranks: number, stage: string) => {
      const args = rankArgs(work, stage, "--force");
      const { code, output } = await finish(launcher.start([{ ranks, args }], { cwd: work.folder }));
      assertEquals(code, 0, output);
      assertEquals(output.match(/ done in /g)?.length, 1, output);
    };
    for (const [stage, { folder, figures }] of Object.entries(STAGES)) {
      const results = [], reports = [];
      for (const ranks of [1, 2]) {
        await run(ranks, stage);
        results.push(await resultOf(work, folder));
        reports.push(JSON.parse(await work.read(`${folder}/report.json`)));
      }
      assert(results[0].losses.length >= 4, `${results[0].losses}`);
      assertAlike(results[1], results[0]);
      for (const figure of figures) assertEquals(reports[1][figure], reports[0][figure], figure);
    }
    const evaluated = [];
    for (const ranks of [1, 2]) {
      await run(ranks, "evaluate");
      const { checkpoints } = JSON.parse(await work.read("models/tiny/evaluate/report.json"));
      evaluated.push(
        Object.entries<Record<string, unknown>>(checkpoints).map(([name, found]) => {
          const { speed: _, memory_bytes: __, ...figures } = found;
          return { name, ...figures };
        }),
      );
    }
    assertEquals(evaluated[0].map(({ name }) => name), ["base", "instruct", "who"]);
    assertEquals(evaluated[1], evaluated[0]);
    const refused = rankArgs(work, "finetune-instruct", "--force", "--set", "finetune-instruct.accumulate=1");
    const { output } = await finish(launcher.start([{ ranks: 2, args: refused }], { cwd: work.folder }));
    assert(output.includes("with --set finetune-instruct.accumulate=2"), output);
  });
}
