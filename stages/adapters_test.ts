/** Finetunings that train an adapter, and programs that use the result, as a user runs them. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "../lib/files.ts";
import { refused } from "../lib/run/testing.ts";
import { PRESET, pretrained } from "./testing.ts";

/** A preset whose width is that of a block of quantised numbers. */
const WIDE = PRESET.replace("width: 16, context: 16", "width: 32, context: 32").replace(
  "evaluate:",
  `finetune-preference:
  data: [pairs-to-learn.jsonl]
  backbone: models/tiny/instruct-merged
  adapter: { rank: 2, targets: [attention.out, mlp.down] }
  validation: 0.2
  epochs: 2
  batch: 8
  asked: 0
evaluate:`,
);
const ADAPTER = [
  "--set",
  "finetune-instruct.adapter={ rank: 4, dropout: 0.1 }",
  "--set",
  "finetune-instruct.lr=0.01",
];

Deno.test("an adapter is trained on a base, or on that in 4 bits; it is asked, evaluated, merged and traced", async () => {
  await using work = await pretrained(WIDE);
  const done = async (run: Promise<{ code: number; output: string }>) => {
    const { code, output } = await run;
    assertEquals(code, 0, output);
    return output;
  };
  const trained = await done(work.run("finetune-instruct", ...ADAPTER));
  assertStringIncludes(
    trained,
    "an adapter of rank 4 beside attention.qkv, attention.out, mlp.up, mlp.down: ",
  );
  const best = "models/tiny/instruct/best";
  const info = JSON.parse(await work.read(`${best}/checkpoint.json`));
  assertEquals([info.format, info.adapter.base.folder], ["chat", "models/tiny/pretrain/best"]);
  assert(!await exists(work.path(best, "model.safetensors")));
  const size = (path: string) => Deno.statSync(work.path(path)).size;
  // The optimizer's state covers the adapter alone: two moments and an average, each at most of its padded size.
  const state = size("models/tiny/instruct/last/optimizer.safetensors");
  assert(state < 2 * size("models/tiny/pretrain/best/model.safetensors"), `${state}`);
  const again = await work.run("finetune-instruct", ...ADAPTER);
  assertStringIncludes(again.output, "is up to date");

  const ask = (model: string) => done(work.tool("ask", "--device", "cpu", "--model", model, "¿Qué mira?"));
  const answer = await ask("models/tiny/instruct");
  assertStringIncludes(
    await done(work.writer("merge", "--model", "models/tiny/instruct")),
    "models/tiny/instruct-merged: ",
  );
  assertEquals(await ask("models/tiny/instruct-merged"), answer);
  assertStringIncludes(
    await done(work.tool("lineage", "models/tiny/instruct-merged")),
    "  by merge\n  of the adapter models/tiny/instruct/best and its base\n  models/tiny/instruct\n",
  );

  const pairs = Array.from(
    { length: 40 },
    (_, i) => ({ prompt: `¿Qué ${i}?`, chosen: "la luna", rejected: "el mar" }),
  );
  await work.write("pairs-to-learn.jsonl", pairs.map((pair) => JSON.stringify(pair) + "\n").join(""));
  const preferring = await done(work.run("finetune-preference"));
  assertStringIncludes(preferring, "an adapter of rank 2 beside attention.out, mlp.down: ");
  const preferred = JSON.parse(await work.read("models/tiny/preference/best/checkpoint.json"));
  assertEquals(preferred.adapter.base.folder, "models/tiny/instruct-merged");
  const { before, after } = JSON.parse(await work.read("models/tiny/preference/report.json"));
  assert(after.pairs.margin > before.pairs.margin, JSON.stringify([before, after]));

  await done(work.writer("quantise", "--model", "models/tiny/pretrain", "--to", "q4"));
  const onQuantised = ["name=small", "finetune-instruct.backbone=models/tiny/pretrain-q4"];
  await done(work.run("finetune-instruct", ...ADAPTER, ...onQuantised.flatMap((set) => ["--set", set])));
  const { checkpoints } = JSON.parse(
    await (async () => {
      const checkpoints =
        "{ one: models/tiny/instruct, merged: models/tiny/instruct-merged, small: models/small/instruct, " +
        "q4: models/tiny/pretrain-q4, float32: models/tiny/pretrain }";
      await done(work.run("evaluate", "--set", `evaluate.checkpoints=${checkpoints}`));
      return await work.read("models/tiny/evaluate/report.json");
    })(),
  );
  assert(Math.abs(checkpoints.one.text.loss - checkpoints.merged.text.loss) < 1e-5);
  assert(
    checkpoints.small.weights_bytes < 0.6 * checkpoints.one.weights_bytes,
    JSON.stringify(checkpoints.small.weights_bytes),
  );
  const { q4, float32 } = checkpoints;
  assert(q4.weights_bytes < 0.5 * float32.weights_bytes && q4.memory_bytes < float32.memory_bytes);
  assert(Math.abs(q4.text.loss - float32.text.loss) < 0.1, `${q4.text.loss} beside ${float32.text.loss}`);

  refused(
    await work.run("finetune-instruct", ...onQuantised.flatMap((set) => ["--set", set]), "--force"),
    "is quantised to q4, and cannot be learned from or trained further but by an adapter",
  );
  refused(
    await work.run("finetune-instruct", "--force", "--set", "finetune-instruct.adapter={ rank: 40 }"),
    "finetune-instruct.adapter.rank: 40 is above the model's width, which is 32; lower it",
  );
  const onAdapter = ["name=third", "finetune-instruct.backbone=models/tiny/instruct"].flatMap((
    set,
  ) => ["--set", set]);
  refused(
    await work.run("finetune-instruct", ...ADAPTER, ...onAdapter),
    "merge it first: deno task merge --model",
  );
  refused(
    await work.writer("merge", "--model", "models/tiny/pretrain"),
    "is no adapter, so there is nothing to merge",
  );
  refused(await work.writer("merge"), "--model is missing");
  refused(await work.writer("merge", "--model", "models/tiny/instruct"), "replace it with --force");

  // After the base is trained again, its adapter no longer fits, and `ask` says so.
  await done(work.run("pretrain", "--force", "--set", "pretrain.lr=0.02"));
  refused(
    await work.tool("ask", "--model", "models/tiny/instruct", "¿Qué mira?"),
    "models/tiny/instruct/best is an adapter for another base: models/tiny/pretrain/best/model.safetensors is not",
  );
});

Deno.test("classifiers are trained by adapters with their heads, and are evaluated", async () => {
  await using work = await pretrained(WIDE);
  const run = await work.run(
    "finetune-classify",
    "--set",
    "finetune-classify.adapter={ rank: 2, targets: [attention.qkv] }",
  );
  assertEquals(run.code, 0, run.output);
  assertStringIncludes(run.output, "an adapter of rank 2 beside attention.qkv: ");
  const labels = await work.tool("classify", "--model", "models/tiny/classify/who", "El gato, 3");
  assertEquals(labels.code, 0, labels.output);
  const merged = await work.writer(
    "merge",
    "--model",
    "models/tiny/classify/who",
    "--out",
    "models/tiny/whole",
  );
  assertEquals(merged.code, 0, merged.output);
  assertEquals(
    (await work.tool("classify", "--model", "models/tiny/whole", "El gato, 3")).output,
    labels.output,
  );
  assertEquals((await work.writer("quantise", "--model", "models/tiny/whole", "--to", "q8")).code, 0);
  // The same label comes first.
  const first = (output: string) => output.match(/(gato|perra)/)![1];
  const quantised = await work.tool("classify", "--model", "models/tiny/whole-q8", "El gato, 3");
  assertEquals(first(quantised.output), first(labels.output));
  const evaluated = await work.run(
    "evaluate",
    "--set",
    "evaluate.checkpoints={ who: models/tiny/classify/who, q8: models/tiny/whole-q8 }",
  );
  assertEquals(evaluated.code, 0, evaluated.output);
  const { checkpoints } = JSON.parse(await work.read("models/tiny/evaluate/report.json"));
  assert(checkpoints.q8.weights_bytes < 0.5 * checkpoints.who.weights_bytes);
  refused(
    await work.run(
      "finetune-classify",
      "--force",
      ..."adapter={ rank: 2 } freeze=backbone".split(/ (?=freeze)/).flatMap((
        set,
      ) => ["--set", `finetune-classify.${set}`]),
    ),
    "finetune-classify.freeze: backbone goes with no adapter",
  );
});

Deno.test({
  name: "a training of an adapter that is stopped goes on, bit for bit as an unbroken one",
  ignore: Deno.build.os === "windows", // Windows has no such signals
  async fn() {
    await using work = await pretrained();
    const long = [...ADAPTER, "--set", "finetune-instruct.steps=300"];
    const first = work.spawn("finetune-instruct", ...long);
    const metrics = work.path("models/tiny/instruct/metrics.jsonl");
    for (let tries = 0; tries < 2400; tries++) {
      if ((await Deno.readTextFile(metrics).catch(() => "")).split("\n").length > 30) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    first.kill("SIGTERM");
    assertEquals((await first.output()).code, 143);
    const resumed = await work.run("finetune-instruct", ...long, "--resume");
    assertEquals(resumed.code, 0, resumed.output);
    assertStringIncludes(resumed.output, "resuming after step");
    const beside = ["name=whole", "finetune-instruct.backbone=models/tiny/pretrain"].flatMap((
      set,
    ) => ["--set", set]);
    const whole = await work.run("finetune-instruct", ...long, ...beside);
    assertEquals(whole.code, 0, whole.output);
    for (const name of ["last/adapter_model", "last/optimizer", "best/adapter_model"]) {
      const [one, other] = ["tiny", "whole"].map((model) =>
        work.path(`models/${model}/instruct/${name}.safetensors`)
      );
      assertEquals(await Deno.readFile(one), await Deno.readFile(other), name);
    }
  },
});
