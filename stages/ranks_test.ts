/** Pretraining on several processes, started with `mpiexec`. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readSafetensors } from "../lib/checkpoint/safetensors.ts";
import { exists } from "../lib/files.ts";
import { ROOT, sampleText, type Workspace } from "../lib/run/testing.ts";
import { finish, type Launcher, processesOf, testLaunchers } from "../lib/ranks/testing.ts";
import { testGpu } from "../lib/device/testing.ts";
import { copyProgram } from "./testing.ts";
import {
  assertAlike,
  rankArgs,
  type Result,
  resultOf,
  sharedProject,
  stageArgs,
  STEPS,
} from "./testing_ranks.ts";

const OUT = "models/tiny/pretrain";

const SPLIT = ["--set", "pretrain.shard_optimizer=true"];

/** Starts pretraining as its -mpi task does. */
const start = (work: Workspace, { start }: Launcher, ranks: number, ...args: string[]) =>
  start([{ ranks, args: rankArgs(work, "pretrain", ...args) }], { cwd: work.folder });

const run = (...args: Parameters<typeof start>) => finish(start(...args));

const launchers = await testLaunchers();
const gpu = await testGpu();
for (const launcher of launchers) {
  const { family } = launcher;

  Deno.test(`${family}: ${STEPS} steps on 1, 2 and 4 ranks learn the same; twice, or with the state split, bit for bit`, async () => {
    await using work = await sharedProject();
    const results: Result[] = [];
    for (const ranks of [1, 2, 2, 4]) {
      // Only rank 0 needs the right to write.
      const args = rankArgs(work, "pretrain", "--force");
      const others = args.filter((arg) => !arg.startsWith("--allow-write"));
      const parts = [{ ranks: 1, args }, { ranks: ranks - 1, args: others }].slice(0, ranks);
      const { code, output } = await finish(launcher.start(parts, { cwd: work.folder }));
      assertEquals(code, 0, output);
      assertEquals(output.includes(`${family} `), ranks > 1, output);
      assertEquals(output.match(/^step 20\/20 loss/gm)?.length, 1, "other ranks print too");
      results.push(await resultOf(work, OUT));
    }
    const [one, two, again, four] = results;
    assertEquals(one.losses.length, STEPS);
    assertAlike(two, one);
    assertAlike(four, one);
    assertEquals(again, two);
    const optimizer = () => Deno.readFile(work.path(OUT, "last/optimizer.safetensors"));
    const before = await optimizer();
    const { code, output } = await run(work, launcher, 4, "--force", ...SPLIT);
    assertEquals(code, 0, output);
    assertEquals(await resultOf(work, OUT), four, "with the optimizer's state split");
    assertEquals(await optimizer(), before);
    // Its manifest is that of the normal stage, whatever the number of processes.
    assertStringIncludes((await work.run("pretrain")).output, "is up to date");
  });
}

if (gpu) {
  for (const launcher of launchers) {
    Deno.test(`${launcher.family}, webgpu: steps on 1 and 2 ranks learn the same; twice, bit for bit`, async () => {
      await using work = await sharedProject();
      const results: Result[] = [];
      for (const ranks of [1, 2, 2]) {
        const sets = ["device=webgpu", "pretrain.steps=8"].flatMap((set) => ["--set", set]);
        const { code, output } = await run(work, launcher, ranks, "--force", ...sets);
        assertEquals(code, 0, output);
        assertStringIncludes(output, "WebGPU on ");
        results.push(await resultOf(work, OUT));
      }
      const [one, two, again] = results;
      assertEquals(one.losses.length, 8);
      assertAlike(two, one);
      assertEquals(again, two);
    });
  }

  if (gpu.float16 && launchers.length > 0) {
    Deno.test("webgpu: with mixed precision, the loss is scaled on 2 ranks as on 1; twice, bit for bit", async () => {
      await using work = await sharedProject();
      const results: Result[] = [], scalings = [];
      for (const ranks of [1, 2, 2]) {
        const sets = ["device=webgpu", "precision=mixed", "pretrain.steps=8"].flatMap((
          set,
        ) => ["--set", set]);
        const { code, output } = await run(work, launchers[0], ranks, "--force", ...sets);
        assertEquals(code, 0, output);
        results.push(await resultOf(work, OUT));
        const { tensors } = await readSafetensors(work.path(OUT, "last/optimizer.safetensors"));
        scalings.push(tensors.get("scaling")!.data);
      }
      assertEquals(scalings[1], scalings[0]);
      assertEquals(scalings[2], scalings[1]);
      assertEquals(results[2], results[1]);
    });
  }
}

for (const launcher of launchers) {
  Deno.test(`${launcher.family}: a signal to any rank, or to the launcher, stops all after the same step, and saves once`, async () => {
    await using work = await sharedProject();
    for (const to of ["rank", "launcher"]) {
      const sets = ["pretrain.steps=100000", "pretrain.save_every=0"].flatMap((set) => ["--set", set]);
      const args = rankArgs(work, "pretrain", "--force", ...sets);
      // Otherwise, Open MPI's launcher kills its ranks a second after it is told to end.
      const env: Record<string, string> = to === "launcher"
        ? { OMPI_MCA_odls_base_sigkill_timeout: "10" }
        : {};
      await Deno.remove(work.path(OUT), { recursive: true }).catch(() => {});
      const process = launcher.start([{ ranks: 2, args }], { cwd: work.folder, env });
      const output = finish(process);
      const stepped = async () =>
        await exists(work.path(OUT, "metrics.jsonl")) && await work.read(`${OUT}/metrics.jsonl`);
      while (!await stepped()) await new Promise((resolve) => setTimeout(resolve, 20));
      if (to === "launcher") process.kill("SIGINT");
      else Deno.kill((await processesOf(work.folder)).get(1)!, "SIGINT");
      const { code, output: text } = await output;
      assert(code !== 0, text);
      const goOn = "stopped; go on with mpiexec -n 2 deno task pretrain-mpi --config preset.yaml";
      assertEquals(text.split(goOn).length, 2, text);
      assert(!text.includes("error"), text);
      const { step } = JSON.parse(await work.read(`${OUT}/last/checkpoint.json`));
      const { losses } = await resultOf(work, OUT);
      assertEquals(losses.length, step);
    }
  });

  Deno.test(`${launcher.family}: a mistake in the command of the task itself is one line of error`, async () => {
    const args = ["task", "-q", "pretrain-mpi", "--set", "nmae=x"];
    const { code, output } = await finish(launcher.start([{ ranks: 2, args }], { cwd: ROOT }));
    assert(code !== 0, output);
    assertEquals(output.match(/^error.*nmae: /gm)?.length, 1, output);
    assertEquals(output.match(/^error/gm)?.length, 1, output);
  });
}

const [launcher] = launchers;
if (launcher) {
  Deno.test("a run saved on 4 ranks goes on with 1, 2 or 3, whether they split the optimizer's state or not", async () => {
    await using work = await sharedProject();
    const wsd = ["--set", "pretrain.schedule.kind=wsd"];
    const process = start(work, launcher, 4, ...wsd, ...SPLIT, "--set", "pretrain.steps=100000");
    const output = finish(process);
    while (!await exists(work.path(OUT, "last/checkpoint.json"))) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    process.kill("SIGKILL");
    await output;
    const { step } = JSON.parse(await work.read(`${OUT}/last/checkpoint.json`));
    const results: Result[] = [];
    for (const ranks of [1, 2, 3]) {
      const models = `models-${ranks}`;
      await new Deno.Command("cp", { args: ["-r", "models", models], cwd: work.folder }).output();
      const split = ranks === 3 ? SPLIT : [];
      const more = ["--resume", ...wsd, ...split, "--set", `pretrain.steps=${step + 10}`];
      const { code, output } = await run(work, launcher, ranks, ...more);
      assertEquals(code, 0, output);
      assertStringIncludes(output, `resuming after step ${step}`);
      results.push(await resultOf(work, OUT));
      await Deno.remove(work.path("models"), { recursive: true });
      await Deno.rename(work.path(models), work.path("models"));
    }
    assertAlike(results[1], results[0]);
    assertAlike(results[2], results[0]);
  });

  Deno.test("ranks that were given other settings are refused at the start, with what differs", async () => {
    await using work = await sharedProject();
    const parts = [0.01, 0.02].map((lr) => {
      return { ranks: 1, args: stageArgs(work, "pretrain", ["--set", `pretrain.lr=${lr}`]) };
    });
    const { code, output } = await finish(launcher.start(parts, { cwd: work.folder }));
    assertEquals(code, 2, output);
    assertMatch(output, /^error: rank 1 on \S+ differs from rank 0 on \S+: pretrain.lr is 0.02, not 0.01; /m);
    assertEquals(output.match(/^error/gm)?.length, 1, output);
    assert(!await exists(work.path(OUT, "last")));
  });

  Deno.test("ranks that have other data or other code are refused at the start, with the file that differs", async () => {
    await using work = await sharedProject();
    await using other = await sharedProject(undefined, sampleText(390));
    const program = await Deno.makeTempDir() + "/";
    await copyProgram(program);
    await Deno.writeTextFile(`${program}lib/ops/mlp.ts`, "\n", { append: true, create: false });
    const args = stageArgs(work, "pretrain");
    const others = [
      { part: { ranks: 1, args, cwd: other.folder }, differs: "data/processed/tiny/corpus/" },
      {
        part: { ranks: 1, args: stageArgs(work, "pretrain", [], { root: program }) },
        differs: "lib/ops/mlp.ts",
      },
    ];
    for (const { part, differs } of others) {
      const { code, output } = await finish(launcher.start([{ ranks: 1, args }, part], { cwd: work.folder }));
      assertEquals(code, 2, output);
      assertMatch(
        output,
        new RegExp(`^error: rank 1 on \\S+ differs from rank 0 on \\S+: ${differs}\\S* is `, "m"),
      );
      assertEquals(output.match(/^error/gm)?.length, 1, output);
    }
    await Deno.remove(program, { recursive: true });
  });

  Deno.test("what ranks cannot share, and tasks that may not call MPI, are refused in one line", async () => {
    await using work = await sharedProject();
    const refused = async (ranks: number, args: readonly string[], says: string, lines = 1) => {
      const { code, output } = await finish(launcher.start([{ ranks, args }], { cwd: work.folder }));
      assertEquals(code, 2, output);
      assertStringIncludes(output, says);
      assertEquals(output.match(/^error/gm)?.length, lines, output);
    };
    const args = (...more: string[]) => stageArgs(work, "pretrain", more);
    await refused(2, args("--set", "pretrain.accumulate=1"), "with --set pretrain.accumulate=2");
    await refused(2, args("--minutes", "1"), "with several, give steps");
    await refused(2, args("--set", "pretrain.no=1"), "pretrain.no: unknown key");
    // Every rank that cannot join the others says so.
    await refused(
      2,
      stageArgs(work, "pretrain", [], { rights: [] }),
      "start deno task pretrain-mpi with it",
      2,
    );
    await refused(2, stageArgs(work, "finetune-preference"), "start this task without it", 2);
  });
}
