/** Learning from preferences as a user does, and the mistakes a user can make. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "../lib/files.ts";
import { refused, ROOT } from "../lib/run/testing.ts";
import { PRESET, project } from "./testing.ts";

const SECTION = `finetune-preference:
  data: [pairs-to-learn.jsonl]
  validation: 0.2
  epochs: 30
  batch: 8
  lr: 0.01
  warmup: 2
  asked: 12
`;
const WITH = PRESET.replace("context: 16 }", "context: 128 }").replace(
  /finetune-classify:[^]*?finetune-instruct:/,
  "finetune-instruct:",
)
  .replace(/ {2}pairs: [^]*?samples:/, "  samples:")
  .replace("evaluate:", `${SECTION}evaluate:`);
const LINES = Array.from(
  { length: 60 },
  (_, i) => JSON.stringify({ prompt: `¿Qué ${i}?`, chosen: "la luna", rejected: "el mar" }) + "\n",
).join("");

/** With pairs from the world as well, for which all held-out data is checked. */
const WITH_WORLD = WITH.replace(
  "[pairs-to-learn.jsonl]",
  "[pairs-to-learn.jsonl, { world: { pairs: 30, mix: { aritmética: 0.5, no-lo-sé: 0.5 } } }]",
);

async function instructed() {
  const work = await project(WITH);
  await work.write("pairs-to-learn.jsonl", LINES);
  for (const stage of ["prepare-corpus", "build-vocab", "pretrain", "finetune-instruct"]) {
    const { code, output } = await work.run(stage);
    assertEquals(code, 0, output);
  }
  return work;
}

Deno.test("a finetuned model learns to prefer; it can be asked, is evaluated, and its lineage is told", async () => {
  await using work = await project(WITH_WORLD);
  await work.write("pairs-to-learn.jsonl", LINES);
  for (const held of ["data/instruct", "data/evaluate"]) await Deno.symlink(ROOT + held, work.path(held));
  const { code, output } = await work.run("pipeline");
  assertEquals(code, 0, output);
  assertStringIncludes(output, "stage 5 of 6, finetune-preference");
  const report = JSON.parse(await work.read("models/tiny/preference/report.json"));
  const { pairs, before, after } = report;
  assertEquals(pairs.train + pairs.validation + pairs.long, 90);
  assertEquals([before.pairs.accuracy, before.pairs.margin], [0, 0]);
  assert(after.pairs.accuracy > 0.6 && after.pairs.margin > 0, JSON.stringify(after));
  assert(after.pairs.likelier >= before.pairs.likelier, JSON.stringify(report));
  for (const { answers } of [before, after]) {
    const { unanswerable, answerable } = answers;
    assert(unanswerable.questions > 0 && unanswerable.questions + answerable.questions <= 12);
    for (const share of [unanswerable.invented, answerable.declined]) assert(share >= 0 && share <= 1);
  }
  const info = JSON.parse(await work.read("models/tiny/preference/best/checkpoint.json"));
  assertEquals([info.stage, info.format], ["finetune-preference", "chat"]);
  assertEquals(info.validation.accuracy, after.pairs.accuracy);
  const { checkpoints } = JSON.parse(await work.read("models/tiny/evaluate/report.json"));
  assertEquals(Object.keys(checkpoints), ["base", "instruct", "preference"]);
  const lineage = await work.tool("lineage", "models/tiny/preference");
  for (
    const folder of ["models/tiny/instruct", "models/tiny/pretrain", "pairs-to-learn.jsonl", "guesses.yaml"]
  ) {
    assertStringIncludes(lineage.output, folder);
  }
  const asked = await work.tool(
    "ask",
    "--model",
    "models/tiny/preference",
    "--max-new-tokens",
    "5",
    "¿Qué 7?",
  );
  assertEquals(asked.code, 0, asked.output);
  assertStringIncludes((await work.run("finetune-preference")).output, "is up to date");
});

Deno.test("pairs longer than the context are left out and counted", async () => {
  await using work = await instructed();
  const long = JSON.stringify({ prompt: "¿".repeat(130), chosen: "la luna", rejected: "el mar" });
  await work.write("pairs-to-learn.jsonl", `${LINES}${long}\n`);
  const { code, output } = await work.run("finetune-preference", "--set", "finetune-preference.epochs=1");
  assertEquals(code, 0, output);
  assertStringIncludes(output, "1 pairs are longer than the context of 128 tokens; left out");
  const { pairs } = JSON.parse(await work.read("models/tiny/preference/report.json"));
  assertEquals([pairs.train + pairs.validation, pairs.long], [60, 1]);
});

const mistakes: { name: string; content?: string; args?: string[]; says: string }[] = [
  {
    name: "a pair without a rejected answer",
    content: `${LINES}{"prompt": "a", "chosen": "b"}\n`,
    says: "pairs-to-learn.jsonl:61: a pair without a rejected answer",
  },
  {
    name: "the same answer twice",
    content: `{"prompt": "a", "chosen": "b", "rejected": "b"}\n`,
    says: "pairs-to-learn.jsonl:1: chosen and rejected are the same answer",
  },
  { name: "a file of zero lines", content: "", says: "pairs-to-learn.jsonl has no examples in it" },
  {
    name: "too few pairs",
    content: `{"prompt": "a", "chosen": "b", "rejected": "c"}\n`,
    says: "finetune-preference.data: pairs for 1 questions are too few",
  },
  {
    name: "pairs that are all too long",
    content: `{"prompt": "${"¿".repeat(130)}", "chosen": "b", "rejected": "c"}\n`,
    says: "finetune-preference.data: all 1 pairs are longer than the context of 128 tokens",
  },
  {
    name: "a batch that takes more memory than there is",
    args: ["--set", "finetune-preference.batch=10000000"],
    says: "lower finetune-preference.batch, or use a GPU",
  },
  {
    name: "a model that does not answer",
    args: ["--set", "finetune-preference.backbone=models/tiny/pretrain"],
    says: "finetune-preference.backbone: models/tiny/pretrain/best is no model that answers",
  },
];

Deno.test("mistakes in preferences are told in one line; a run that is stopped starts anew, a finished one is kept", async (t) => {
  await using work = await instructed();
  const out = "models/tiny/preference";
  for (const { name, content, args = [], says } of mistakes) {
    await t.step(name, async () => {
      if (content !== undefined) await work.write("pairs-to-learn.jsonl", content);
      refused(await work.run("finetune-preference", ...args), says);
      assert(!await exists(work.path(out)) || [...Deno.readDirSync(work.path(out))].length === 0);
      await work.write("pairs-to-learn.jsonl", LINES);
    });
  }
  await t.step("without a model to start from", async () => {
    await work.write(
      "bare.yaml",
      WITH.replace(/finetune-instruct:[^]*?finetune-preference:/, "finetune-preference:"),
    );
    refused(
      await work.run("finetune-preference", "--config", "bare.yaml"),
      "starts from a model that answers",
    );
  });
  await t.step("SIGTERM", async () => {
    const process = work.spawn("finetune-preference", "--set", "finetune-preference.epochs=100000");
    for (let tries = 0; tries < 600 && !await exists(work.path(out, "best")); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    process.kill("SIGTERM");
    const { code, stderr } = await process.output();
    const output = new TextDecoder().decode(stderr);
    assertEquals(code, 143, output);
    assertStringIncludes(output, "finetune-preference: stopped; it starts from the beginning");
    assert(!await exists(work.path(out, "report.json")));
    const again = await work.run("finetune-preference");
    assertEquals(again.code, 0, again.output);
  });
  await t.step("a finished one", async () => {
    refused(
      await work.run("finetune-preference", "--set", "finetune-preference.beta=0.5"),
      "finetune-preference.backbone=models/tiny/instruct",
    );
  });
});
