/** Runs read while they grow: bounded curves, figures, states, settings and lineage. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { lockFolder } from "../lock.ts";
import { Curve, MOST_POINTS } from "./curve.ts";
import { lineageOf } from "./lineage.ts";
import { MetricsFile } from "./metrics_file.ts";
import { Runs } from "./runs.ts";
import { compareSettings } from "./settings.ts";
import { madeUpLine, makeUpRun } from "./testing.ts";
import { inTemporaryFolder } from "../testing.ts";

Deno.test("a curve of any length keeps a bounded number of points, and their means", () => {
  const curve = new Curve(), steps = 100_000;
  for (let step = 1; step <= steps; step++) curve.add({ step, tokens: 2 * step }, { loss: step });
  assert(curve.length <= MOST_POINTS && curve.length > MOST_POINTS / 2 - 1, `${curve.length} points`);
  const { each, columns } = curve.columns();
  assertEquals(columns.step.at(-1), steps);
  columns.step.forEach((step, i) => {
    const first = i * each + 1;
    assertAlmostEquals(columns.figures.loss[i]!, (first + step) / 2, .5);
    assertEquals(columns.tokens[i], 2 * step);
  });
  const few = curve.columns(50).columns;
  assert(few.step.length <= 50, `${few.step.length} points`);
  assertEquals(few.step.at(-1), steps);
  assertEquals(few.figures.loss[0], (1 + few.step[0]) / 2);
});

Deno.test("a curve leaves out what is no number, and steps that do not go on", () => {
  const curve = new Curve();
  curve.add({ step: 1 }, { loss: 1, lr: "x", norm: NaN });
  curve.add({ step: 1 }, { loss: 9 });
  curve.add({ step: 2 }, { norm: 3 });
  assertEquals(curve.columns().columns.figures, { loss: [1, null], norm: [null, 3] });
});

Deno.test("metrics are read as they are appended, cut lines when they are whole, and anew when the file is another", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "metrics.jsonl");
    const file = new MetricsFile(path);
    assertEquals(await file.update(), false);
    const append = (text: string) => Deno.writeTextFile(path, text, { append: true });
    await append(madeUpLine(1) + madeUpLine(2).slice(0, 20));
    assertEquals(await file.update(), true);
    assertEquals(file.training.length, 1);
    await append(madeUpLine(2).slice(20) + '{"step":2,"validation":{"loss":2,"bpb":1}}\nno JSON\n[1]\n');
    await append('{"step":2,"sample":"hola"}\n');
    await file.update();
    assertEquals(file.training.length, 2);
    assertEquals(file.lastValidation, { step: 2, figures: { loss: 2, bpb: 1 } });
    assertEquals(file.samples, [{ step: 2, text: "hola" }]);
    const before = file.generation;
    await Deno.remove(path);
    assertEquals(await file.update(), false);
    await append(madeUpLine(1));
    await file.update();
    assertEquals([file.generation, file.training.length, file.samples.length], [before + 1, 1, 0]);
  }));

Deno.test("a line without an end is left out, and what comes after it is read", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "metrics.jsonl");
    await Deno.writeTextFile(path, `{"step":1,"sample":"${"a".repeat(3_000_000)}`);
    const file = new MetricsFile(path);
    await file.update();
    await Deno.writeTextFile(path, `"}\n${madeUpLine(2)}`, { append: true });
    await file.update();
    assertEquals([file.samples.length, file.training.columns().columns.step], [0, [2]]);
  }));

Deno.test("of many samples some are kept, the first and the last among them", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "metrics.jsonl");
    const lines = Array.from(
      { length: 1000 },
      (_, i) => `{"step":${i + 1},"sample":"${"b".repeat(9000)}"}\n`,
    );
    await Deno.writeTextFile(path, lines.join(""));
    const { samples, ...file } = await (async () => {
      const read = new MetricsFile(path);
      await read.update();
      return read;
    })();
    assert(samples.length <= 64 && file !== null, `${samples.length}`);
    assertEquals([samples[0].step, samples.every(({ text }) => text.length <= 4000)], [1, true]);
  }));

Deno.test("a run is training while a process has its folder, and finished once it left a manifest", () =>
  inTemporaryFolder(async (root) => {
    const folder = join(root, "a/pretrain");
    await makeUpRun(folder, { steps: 100, done: 40 });
    const summary = async () => await (await new Runs(root).get("a/pretrain"))!.summary();
    assertEquals((await summary()).state, "stopped");
    const earlier = new Date(Date.now() - 1000);
    await Deno.utime(join(folder, "metrics.jsonl"), earlier, earlier);
    {
      await using _lock = await lockFolder(folder, "pretrain");
      assertEquals((await summary()).state, "starting");
      await Deno.writeTextFile(join(folder, "metrics.jsonl"), madeUpLine(41), { append: true });
      const { state, step, steps, left } = await summary();
      assertEquals([state, step, steps], ["training", 41, 100]);
      assertAlmostEquals(left!, 59 * .71, 1);
    }
    assertEquals((await summary()).left, null);
    const manifest = { stage: "pretrain", preset: {}, code: "", inputs: {}, outputs: {}, metrics: {} };
    await Deno.writeTextFile(
      join(folder, "manifest.json"),
      JSON.stringify({ ...manifest, device: null, seed: 1, seconds: 1, made: "2026", versions: {} }),
    );
    assertEquals((await summary()).state, "finished");
  }));

Deno.test("runs are found below a folder, come and go, and are not looked for in checkpoints", () =>
  inTemporaryFolder(async (root) => {
    const runs = new Runs(root);
    assertEquals(await runs.list(), []);
    assertEquals(await runs.get("../x"), null);
    for (const id of ["a/pretrain", "a/pretrain/best", "a/classify/temas", "a/measured.tmp"]) {
      await makeUpRun(join(root, id), { steps: 3 });
    }
    const ids = async (of: Runs) => (await of.list()).map(({ id }) => id).sort();
    assertEquals(await ids(new Runs(root)), ["a/classify/temas", "a/pretrain"]);
    const known = new Runs(root);
    await known.list();
    await Deno.remove(join(root, "a/pretrain"), { recursive: true });
    assertEquals((await ids(known)).length, 2, "figures are read again a moment later");
    await new Promise((resolve) => setTimeout(resolve, 500));
    assertEquals(await ids(known), ["a/classify/temas"]);
    assertEquals(await known.get("a/pretrain"), null);
    await makeUpRun(join(root, "a/new"), { steps: 3 });
    await new Promise((resolve) => setTimeout(resolve, 150));
    assertEquals(
      (await known.get("a/new"))?.id,
      "a/new",
      "one that has just begun is found when it is asked for",
    );
  }));

Deno.test("someone who follows a run hears all of it once, and then only what is new", () =>
  inTemporaryFolder(async (root) => {
    const folder = join(root, "a/pretrain");
    await makeUpRun(folder, { steps: 3000, done: 2500, every: 250 });
    const run = (await new Runs(root).get("a/pretrain"))!;
    const follower = run.follow(100);
    const first = (await follower.change())!;
    assertEquals(first.training!.from, 0);
    assert(first.training!.points.step.length <= 100);
    assertEquals([first.validation!.points.step.length, first.samples!.length], [10, 2]);
    assertEquals(await follower.change(), null);
    await Deno.writeTextFile(join(folder, "metrics.jsonl"), madeUpLine(2501), { append: true });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { training, validation, samples } = (await follower.change())!;
    assertEquals([validation, samples], [null, null]);
    assertEquals(training!.points.step.at(-1), 2501);
    assert(training!.from >= first.training!.points.step.length - 1 && training!.points.step.length <= 2);
  }));

Deno.test("a run that goes on for an hour keeps no more points and samples, and tells no more at once", () =>
  inTemporaryFolder(async (root) => {
    const folder = join(root, "a/pretrain"), hour = 36_000, looks = 60; // ten steps a second
    await makeUpRun(folder, { steps: hour, done: 0 });
    const run = (await new Runs(root).get("a/pretrain"))!;
    const follower = run.follow(1000), file = run.file;
    const kept: number[] = [], told: number[] = [];
    for (let step = 0; step < hour;) {
      const lines: string[] = [];
      for (const end = step + hour / looks; step < end;) {
        lines.push(madeUpLine(++step));
        if (step % 100 === 0) lines.push(`{"step":${step},"validation":{"loss":2},"average":{"loss":1}}\n`);
        if (step % 100 === 0) lines.push(`{"step":${step},"seen":{"loss":1}}\n`);
        if (step % 100 === 0) lines.push(`{"step":${step},"sample":"hola ${step}"}\n`);
      }
      await Deno.writeTextFile(join(folder, "metrics.jsonl"), lines.join(""), { append: true });
      await file.update();
      const { training, validation, average, seen, samples } = (await follower.change())!;
      kept.push(
        [file.training, file.validation, file.average, file.seen, file.samples].reduce(
          (sum, { length }) => sum + length,
          0,
        ),
      );
      const lengths = [training, validation, average, seen].map((one) =>
        one ? one.from + one.points.step.length : 0
      );
      assert(lengths.every((length) => length <= 1000), `${lengths} points at step ${step}`);
      told.push((samples ?? []).length);
    }
    for (const curve of [file.training, file.validation, file.average, file.seen]) {
      assertEquals(curve.columns().columns.step.at(-1), hour);
    }
    assert(Math.max(...kept) <= MOST_POINTS + 3 * hour / 100 + 64, `${kept}`);
    assert(file.training.length <= MOST_POINTS && Math.max(...told) <= 64, `${told}`);
  }));

Deno.test("runs of older versions have tokens and time by their settings and speed", () =>
  inTemporaryFolder(async (root) => {
    const shipped = new URL("../../models/small/pretrain", import.meta.url).pathname;
    const folder = join(root, "small/pretrain");
    await Deno.mkdir(join(folder, "best"), { recursive: true });
    for (const file of ["manifest.json", "best/checkpoint.json"]) {
      await Deno.copyFile(join(shipped, file), join(folder, file));
    }
    const lines = (await Deno.readTextFile(join(shipped, "metrics.jsonl"))).trim().split("\n");
    const older = lines.map((line) => {
      const { tokens: _, seconds: __, ...rest } = JSON.parse(line) as Record<string, unknown>;
      return JSON.stringify(rest) + "\n";
    });
    await Deno.writeTextFile(join(folder, "metrics.jsonl"), older.join(""));
    const runs = new Runs(root);
    const { columns } = (await runs.get("small/pretrain"))!.file.training.columns();
    assertEquals(columns.tokens.at(-1), columns.step.at(-1)! * 8 * 256);
    const summary = await (await runs.get("small/pretrain"))!.summary();
    assertEquals([summary.state, summary.stage, summary.parameters], ["finished", "pretrain", 2_951_616]);
    assertAlmostEquals(summary.seconds!, summary.tokens! / summary.tokens_per_s!, 1);
  }));

Deno.test("settings stand side by side, without those of other stages", () => {
  const preset = {
    name: "a",
    seed: 1,
    pretrain: { lr: 1, roles: {} },
    "finetune-instruct": { lr: 2 },
    evaluate: {},
  };
  const rows = compareSettings([
    { stage: "pretrain", preset },
    { stage: "pretrain", preset: { ...preset, pretrain: { lr: 3, batch: 4 } } },
    { stage: null, preset: null },
  ]);
  assertEquals(rows.map(({ key }) => key), ["seed", "pretrain.lr", "pretrain.batch"]);
  assertEquals(rows[1], { key: "pretrain.lr", values: ["1", "3", null], differs: true });
});

Deno.test("an unfinished run has a lineage too: what it reads, and what is missing of that", () =>
  inTemporaryFolder(async (root) => {
    const folder = join(root, "a/pretrain");
    await makeUpRun(folder, { steps: 3 });
    const file = JSON.parse(await Deno.readTextFile(join(folder, "run.json")));
    const text = join(root, "text.txt");
    await Deno.writeTextFile(text, "hola");
    await Deno.writeTextFile(
      join(folder, "run.json"),
      JSON.stringify({ ...file, inputs: { [text]: "1", "data/processed/none/x.json": "2" } }),
    );
    const { by, made, files, missing } = await lineageOf(folder, []);
    assertEquals([by, made, files[0].path, files[0].bytes], ["pretrain", null, text, 4]);
    assertEquals(missing.map(({ path }) => path), ["data/processed/none/x.json"]);
  }));
