import { assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "../lib/files.ts";
import { refused, workspace } from "../lib/run/testing.ts";

const TINY = ["--threads", "1", "--device", "cpu", "--size", "tiny"];
const SHORT = ["--set", "pretrain.steps=3", "--set", "pretrain.sample.tokens=4", "--set", "model.context=16"];

Deno.test("one command makes a model of a text, by a preset that anything can go on from", async () => {
  await using work = await workspace();
  const first = await work.trainOn("text.txt", "--name", "mine", ...TINY, ...SHORT);
  assertEquals(first.code, 0, first.output);
  assertStringIncludes(first.output, "train-on: configs/mine.yaml was written\n");
  assertStringIncludes(first.output, "models/mine/pretrain continues what you begin:");
  const asked = await work.tool(
    "ask",
    "--model",
    "models/mine/pretrain",
    "--max-new-tokens",
    "5",
    "--device",
    "cpu",
    "El ",
  );
  assertEquals(asked.code, 0, asked.output);
  assertEquals(asked.output.slice(0, 3), "El ");
  const again = await work.trainOn("text.txt", "--name", "mine", ...TINY, ...SHORT);
  assertEquals(again.code, 0, again.output);
  assertStringIncludes(
    again.output,
    "pretrain: models/mine/pretrain is up to date\n".replace("pretrain: ", ""),
  );
  refused(
    await work.trainOn("text.txt", "--name", "mine", ...TINY),
    "configs/mine.yaml is there and says otherwise",
  );
  refused(await work.trainOn(), "give a text or a folder of texts");
  refused(await work.trainOn("text.txt", "--size", "huge"), "--size huge: expected one of auto, tiny, small");
  refused(await work.trainOn("text.txt", "--minutes", "x"), "--minutes x: expected a number");
  refused(await work.trainOn("none.txt"), "none.txt does not exist");
  refused(await work.trainOn("text.txt", "--name", "Mine"), "name: expected lower-case letters");
  assertEquals([...Deno.readDirSync(work.path("configs"))].map(({ name }) => name), ["mine.yaml"]);
});

Deno.test("a folder of texts is learned from as one", async () => {
  await using work = await workspace();
  await Deno.mkdir(work.path("texts"));
  const texts = ["La primera hoja habla del mar. ", "La segunda hoja habla del monte. "];
  for (const [i, text] of texts.entries()) {
    await Deno.writeTextFile(work.path(`texts/${i}.txt`), text.repeat(60));
  }
  const { code, output } = await work.trainOn("texts", ...TINY, ...SHORT);
  assertEquals(code, 0, output);
  const corpus = work.path("data/processed/texts/corpus");
  const made = await Promise.all(
    ["train", "validation"].map((part) => Deno.readTextFile(`${corpus}/${part}.jsonl`)),
  );
  for (const text of texts) assertStringIncludes(made.join(""), text.trim());
});

Deno.test("--until stops after a stage, and tells of one that is not there", async () => {
  await using work = await workspace();
  const { code, output } = await work.run("pipeline", "--until", "build-vocab");
  assertEquals(code, 0, output);
  assertStringIncludes(output, "stage 2 of 2, build-vocab: making");
  assertEquals(await exists(work.path("models")), false);
  refused(
    await work.run("pipeline", "--until", "build-vocap"),
    "--until build-vocap: did you mean build-vocab? (prepare-corpus, build-vocab, ",
  );
  refused(
    await work.run("pipeline", "--until", "evaluate"),
    "--until evaluate: preset.yaml has no section evaluate",
  );
  refused(await work.run("pretrain", "--until", "pretrain"), "--until: pretrain is one stage; leave it out");
});
