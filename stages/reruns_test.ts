/** Reruns, as with make: what is made again, what is kept, and which commands the messages propose. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "../lib/files.ts";
import { refused, sampleText, workspace } from "../lib/run/testing.ts";

Deno.test("the pipeline runs once, then is up to date, and reruns just what a change touches", async () => {
  await using work = await workspace();
  const first = await work.run("pipeline");
  assertEquals(first.code, 0, first.output);
  for (const name of ["last/model.safetensors", "best/model.safetensors", "metrics.jsonl", "loss.svg"]) {
    assert(await exists(work.path("models/tiny/pretrain", name)), name);
  }
  assertStringIncludes(await work.read("models/tiny/pretrain/loss.svg"), "<svg");
  const second = await work.run("pipeline");
  assertEquals(second.output.match(/is up to date/g)?.length, 3, second.output);

  const chain = (await work.tool("lineage", "models/tiny/pretrain/last")).output;
  for (const part of ["by pretrain", "by build-vocab", "by prepare-corpus", "text.txt"]) {
    assertStringIncludes(chain, part);
  }

  assert(/pipeline: done in \d+s/.test(second.output), second.output);

  const shown = await work.run(
    "pipeline",
    "--set",
    "pretrain.log_every=1",
    "--set",
    "pretrain.sample.tokens=3",
  );
  assertEquals(shown.output.match(/is up to date/g)?.length, 3, "what is only shown makes nothing stale");
  const changed = await work.run("pipeline", "--set", "tokenizer.min_count=2");
  // The resulting vocabulary is the same, so everything trained with it stays up to date.
  assertEquals(changed.output.match(/is up to date/g)?.length, 2, changed.output);
  assertStringIncludes(
    changed.output,
    "stage 2 of 3, build-vocab: making data/processed/tiny/vocabulary (it was made with tokenizer.min_count=1, " +
      "and this command asks for 2)",
  );
  await work.write("text.txt", sampleText(420));
  const other = await work.run("pipeline");
  assertStringIncludes(
    other.output,
    "prepare-corpus: making data/processed/tiny/corpus (it was made from another text.txt)",
  );
  assertStringIncludes(other.output, "build-vocab: making");
});

Deno.test("a stage names the command that makes an input it misses, or that is out of date", async () => {
  await using work = await workspace();
  refused(
    await work.run("pretrain"),
    "it does not exist; run deno task prepare-corpus --config preset.yaml first",
  );
  assertEquals((await work.run("prepare-corpus")).code, 0);
  refused(await work.run("pretrain"), "run deno task build-vocab --config preset.yaml first");
  assertEquals((await work.run("build-vocab")).code, 0);
  await work.write("text.txt", sampleText(500));
  refused(await work.run("pretrain"), "it was made from another text.txt");
  assertEquals((await work.run("prepare-corpus")).code, 0);
  refused(await work.run("pretrain"), "vocabulary: it was made from another data/processed/tiny/corpus/");
});

Deno.test("a stage whose input has other settings names the key, both values and both ways on", async () => {
  await using work = await workspace();
  const made = ["--set", "prepare-corpus.lowercase=true", "--set", "prepare-corpus.pack=40"];
  assertEquals((await work.run("prepare-corpus", ...made)).code, 0);
  const given = ["--set", "tokenizer.min_count=2", "--device", "cpu"];
  const run = await work.run("build-vocab", ...given);
  const rest = "--config preset.yaml --set tokenizer.min_count=2 --device cpu";
  const repeat = "--set prepare-corpus.lowercase=true --set prepare-corpus.pack=40";
  refused(
    run,
    "data/processed/tiny/corpus was made with prepare-corpus.lowercase=true, and this command asks for false; " +
      "with prepare-corpus.pack=40, and this command asks for 0. To use it as it is, put those values into " +
      `preset.yaml, or run deno task build-vocab ${rest} ${repeat}. To make it again, run deno task ` +
      `prepare-corpus ${rest}`,
  );
  assertEquals((await work.run("build-vocab", ...given, ...made)).code, 0, "the first way on");
  assertEquals((await work.run("prepare-corpus", ...given)).code, 0, "the second way on");
  assertEquals((await work.run("build-vocab", ...given)).code, 0);
});

Deno.test("a finished training is kept, however its settings and inputs differ, until it is asked for", async () => {
  await using work = await workspace();
  assertEquals((await work.run("pipeline")).code, 0);
  const weights = () => Deno.readFile(work.path("models/tiny/pretrain/best/model.safetensors"));
  const before = await weights();
  const faster = ["--set", "pretrain.lr=0.02"];
  refused(
    await work.run("pipeline", ...faster),
    "models/tiny/pretrain is a finished training and is kept: it was made with pretrain.lr=0.01, and this " +
      "command asks for 0.02. To train another beside it, run deno task pipeline --config preset.yaml --set " +
      "pretrain.lr=0.02 --set name=tiny-2. To replace it, run deno task pretrain --config preset.yaml --set " +
      "pretrain.lr=0.02 --force",
  );
  refused(await work.run("pretrain", ...faster, "--resume"), "is a finished training and is kept");
  await work.write("text.txt", sampleText(420));
  refused(await work.run("pipeline"), "it was made from another data/processed/tiny/corpus/validation.jsonl");
  assertEquals(await weights(), before);

  const beside = await work.run("pipeline", ...faster, "--set", "name=tiny-2");
  assertEquals(beside.code, 0, beside.output);
  assertEquals(await weights(), before);
  const replaced = await work.run("pretrain", ...faster, "--force");
  assertEquals(replaced.code, 0, replaced.output);
  assert((await weights()).join() !== before.join());
});

Deno.test("a preset under another name shares the corpus and the vocabulary that have its settings", async () => {
  await using work = await workspace();
  assertEquals((await work.run("pipeline")).code, 0);
  const [old, other] = ["data/processed/tiny", "data/processed/other"];
  const run = await work.run("pretrain", "--set", "name=other", "--set", "pretrain.steps=6");
  assertEquals(run.code, 0, run.output);
  for (const name of ["corpus", "vocabulary"]) {
    assertStringIncludes(run.output, `${other}/${name} is the same as ${old}/${name}, and shares its files`);
  }
  const [a, b] = [old, other].map((folder) => Deno.statSync(work.path(folder, "corpus/train.jsonl")));
  assertEquals(a.ino, b.ino);
  const again = await work.run("pipeline", "--set", "name=other", "--set", "pretrain.steps=6");
  assertEquals(again.output.match(/is up to date/g)?.length, 3, again.output);
  const chain = (await work.tool("lineage", "models/other/pretrain")).output;
  assertStringIncludes(chain, `${other}/vocabulary`);
  assert(!chain.includes(old), chain);

  // A result made again under one name does not affect the other.
  const lower = ["--set", "prepare-corpus.lowercase=true"];
  assertEquals((await work.run("prepare-corpus", "--set", "name=other", ...lower)).code, 0);
  assertStringIncludes((await work.run("prepare-corpus")).output, "is up to date");
  const third = await work.run("prepare-corpus", "--set", "name=third", "--set", "seed=5");
  assertStringIncludes(third.output, "prepare-corpus: making data/processed/third/corpus");
});
