/** Exports models as a user does and opens the results, and tries a user's mistakes. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { baseOf, withAdapter } from "../checkpoint/adapted.ts";
import { readBackbone } from "../checkpoint/backbone.ts";
import { readCheckpoint, saveCheckpoint } from "../checkpoint/checkpoint.ts";
import { openDecoder } from "../checkpoint/open_model.ts";
import { valuesOf } from "../checkpoint/testing.ts";
import { CpuDevice } from "../device/cpu.ts";
import { TARGETS } from "../model/adapter.ts";
import { modelConfig, type ModelOptions } from "../model/config.ts";
import { Decoder, parameterSpecs } from "../model/decoder.ts";
import { qwen3 } from "../model/families/qwen3.ts";
import { refused, sampleText, type Workspace, workspace } from "../run/testing.ts";
import { ModelStore } from "../server/models.ts";
import { searchModels } from "../server/search.ts";
import { charTokenizer } from "../text/testing.ts";
import { type Tokenizer, vocabularyBuilder } from "../text/tokenizer.ts";

const device = await CpuDevice.open({ threads: 1 });
const builder = vocabularyBuilder("bpe");
builder.add(sampleText());
const bpe = builder.build({ minCount: 1, always: "", size: 300 });

/** Saves a random model that answers, as a run leaves it. */
async function save(work: Workspace, name: string, tokenizer: Tokenizer, given: Partial<ModelOptions>) {
  const shape = { layers: 1, heads: 2, width: 32, context: 16, vocab: tokenizer.size };
  const model = new Decoder(device, modelConfig({ ...shape, ...given }));
  model.initialize(1);
  await saveCheckpoint(work.path(`models/${name}/best`), model, tokenizer, {
    ...{ stage: "finetune-instruct", format: "chat", step: 1, seed: 1, finished: true },
    ...{ validation: null, best: null },
  });
}

Deno.test("an exported model is asked, listed and finetuned like the checkpoint that it was made from", async () => {
  await using work = await workspace();
  await save(work, "a", bpe, qwen3.options!);
  const made = await work.writer("export", "--model", "models/a/", "--to", "gguf", "--as", "f32");
  assertEquals(made.code, 0, made.output);
  assertStringIncludes(made.output, "models/a/model-f32.gguf: ");
  assertStringIncludes(made.output, " parameters in f32, ");
  const again = ["export", "--model", "models/a/model-f32.gguf", "--to", "gguf", "--as", "Q8_0"] as const;
  const eight = await work.writer(...again, "--out", "models/b/model.gguf");
  assertEquals(eight.code, 0, eight.output);

  const ask = ["ask", "--device", "cpu", "--max-new-tokens", "6", "--raw", "La luna", "--model"] as const;
  const answers = await Promise.all(
    ["models/a", "models/a/model-f32.gguf", "models/b", "models/b/model.gguf"].map((model) =>
      work.tool(...ask, model)
    ),
  );
  for (const { code, output } of answers) assertEquals(code, 0, output);
  assertEquals(answers[1].output, answers[0].output);
  assertEquals(answers[3].output, answers[2].output);

  const listed = await searchModels(work.path("models"), (why) => {
    throw new Error(why);
  });
  assertEquals(listed.map(({ id, kind }) => [id, kind]), [["a", "chat"], ["b", "chat"]]);
  assertEquals(listed[1].folder, work.path("models/b/model.gguf"));

  const store = await ModelStore.find(work.path("models"), "cpu", { rows: 1, queue: 1, searchAfter: 0 });
  const opened = await store.open("b");
  assertEquals(opened?.kind, "chat");
  await store.refresh();
  assertEquals(await store.open("b"), opened);
  const anew = await work.writer(...again, "--out", "models/b/model.gguf", "--force");
  assertEquals(anew.code, 0, anew.output);
  await store.refresh();
  assert(await store.open("b") !== opened, "a file that took its place is not opened");
  await store.close();

  const backbone = await readBackbone(work.path("models/b"), "nowhere");
  assertEquals([backbone.folder, backbone.tokenizer.size], [work.path("models/b/model.gguf"), bpe.size]);
  // Blocks stay blocks unless they are to be trained.
  const frozen = await readBackbone(work.path("models/b"), "nowhere", true);
  assertEquals([backbone.quantised!.size > 0, frozen.quantised!.size > 0], [false, true]);
});

Deno.test("an adapter is exported together with its base, and a quantised copy as the numbers that it stands for", async () => {
  await using work = await workspace();
  await save(work, "a", bpe, qwen3.options!);
  const done = async (program: string, ...args: string[]) => {
    const { code, output } = await work.writer(program, ...args);
    assertEquals(code, 0, output);
  };
  await done("quantise", "--model", "models/a", "--to", "q4");
  const base = work.path("models/a/best"), adapter = work.path("models/b/best");
  const options = { rank: 2, alpha: 4, dropout: 0, targets: TARGETS };
  const learner = openDecoder(device, withAdapter(await readCheckpoint(base), options, 1, "adapter"));
  learner.load(valuesOf);
  const { info } = await readCheckpoint(base);
  await saveCheckpoint(adapter, learner, bpe, info, { adapter: { options, base: await baseOf(base) } });
  for (const [model, folder] of [["models/a-q4", work.path("models/a-q4")], ["models/b", adapter]]) {
    const gguf = work.path(`${model}.gguf`), onnx = ["--to", "onnx", "--out"] as const;
    await done("export", "--model", model, "--to", "gguf", "--as", "f32", "--out", `${model}.gguf`);
    const [ours, theirs] = [await readCheckpoint(folder), await readCheckpoint(gguf)];
    for (const spec of parameterSpecs(ours.config)) assertEquals(theirs.values(spec), ours.values(spec));
    await done("export", "--model", model, ...onnx, `${model}-1`);
    await done("export", "--model", `${model}.gguf`, ...onnx, `${model}-2`);
    const [one, other] = [1, 2].map((n) => Deno.readFileSync(work.path(`${model}-${n}/onnx/model.onnx`)));
    assertEquals(one, other, "of the numbers in the GGUF file, the same graph");
  }
});

Deno.test("mistakes in exporting are told in one line, and nothing is written", async () => {
  await using work = await workspace();
  await save(work, "a", bpe, {});
  await save(work, "alibi", bpe, { position: "alibi" });
  await save(work, "char", charTokenizer("la luna"), {});
  const gguf = ["--to", "gguf"];
  const mistakes: [args: string[], says: string][] = [
    [gguf, "--model is missing"],
    [["--model", "models/a"], "--to is missing: the format, gguf or onnx"],
    [["--model", "models/a", "--to", "ggml"], "--to ggml: expected gguf or onnx"],
    [["--model", "models/a", ...gguf, "--as", "q2"], "--as q2: expected f32, f16, q8_0 or q4_0"],
    [["--model", "models/none", ...gguf], "models/none holds no model: no config.json or model.gguf there"],
    [["--model", "models/none.gguf", ...gguf], "models/none.gguf does not exist"],
    [["--model", "models/a", ...gguf, "--out", "x.gguf"], "export writes under models/ and data/ only"],
    [
      ["--model", "models/a", ...gguf, "--out", "models/a/best"],
      "--out models/a/best exists, and is no such export; choose another path",
    ],
    [
      ["--model", "models/alibi", ...gguf],
      "models/alibi: position: alibi, not learned; GGUF has gpt2, llama, qwen3",
    ],
    [
      ["--model", "models/char", ...gguf],
      "models/char: its vocabulary is of the kind char, and GGUF has byte-level",
    ],
  ];
  for (const [args, says] of mistakes) refused(await work.writer("export", ...args), says);
  assertEquals([...Deno.readDirSync(work.path("models/a"))].map(({ name }) => name), ["best"]);

  const make = ["export", "--model", "models/a", ...gguf] as const;
  assertEquals((await work.writer(...make)).code, 0);
  refused(
    await work.writer(...make),
    "models/a/model-f16.gguf exists; choose another path, or replace it with --force",
  );
  assertEquals((await work.writer(...make, "--force")).code, 0);
  refused(
    await work.writer("average", "models/a", "models/a/model-f16.gguf", "--out", "models/x"),
    "models/a/model-f16.gguf is a GGUF file, which average does not read",
  );
  await Deno.truncate(work.path("models/a/model-f16.gguf"), 5000);
  refused(
    await work.tool("ask", "--model", "models/a/model-f16.gguf", "hola"),
    "model-f16.gguf is no whole GGUF file",
  );
});
