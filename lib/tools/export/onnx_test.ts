/** Exports models to ONNX as a user does, and tries a user's mistakes. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import protobuf from "protobufjs";
import { saveCheckpoint } from "../../checkpoint/checkpoint.ts";
import { huggingFaceFiles } from "../../checkpoint/huggingface.ts";
import { MODELS, valuesOf } from "../../checkpoint/testing.ts";
import { CpuDevice } from "../../device/cpu.ts";
import { writeFolderAtomic } from "../../folders.ts";
import { Decoder, parameterSpecs } from "../../model/decoder.ts";
import { refused, type Workspace, workspace } from "../../run/testing.ts";
import { charTokenizer } from "../../text/testing.ts";

const device = await CpuDevice.open({ threads: 1 });
const tokenizer = charTokenizer("la luna");
const schema = await Deno.readTextFile(new URL("../../checkpoint/onnx/onnx.proto", import.meta.url));
const Onnx = protobuf.parse(schema).root.lookupType("onnx.ModelProto");

/** Saves a model as a run leaves it. */
async function save(work: Workspace, name: string): Promise<void> {
  const decoder = new Decoder(device, { ...MODELS.gpt2, vocab: tokenizer.size });
  decoder.load(valuesOf);
  await saveCheckpoint(work.path(`models/${name}/best`), decoder, tokenizer, {
    ...{ stage: "pretrain", format: "chat", step: 1, seed: 1, finished: true, validation: null, best: null },
  });
}

interface Port {
  readonly name: string;
  readonly type: { tensorType: { shape: { dim: { dimValue?: number; dimParam?: string }[] } } };
}

/** Inputs and outputs of a model in ONNX, by name, with their shapes. */
async function portsOf(path: string): Promise<Record<string, string>> {
  const { graph } = Onnx.toObject(Onnx.decode(await Deno.readFile(path)), { longs: Number });
  const ports: Port[] = [...graph.input, ...graph.output];
  return Object.fromEntries(ports.map(({ name, type: { tensorType: { shape } } }) => {
    return [name, shape.dim.map(({ dimValue, dimParam }) => dimValue ?? dimParam).join(" ")];
  }));
}

Deno.test("a model is exported to ONNX beside it, with its tokenizer and what it was made of", async () => {
  await using work = await workspace();
  await save(work, "a");
  const { code, output } = await work.writer("export", "--model", "models/a", "--to", "onnx");
  assertEquals(code, 0, output);
  assertStringIncludes(output, "models/a-onnx: ");
  const names = [...Deno.readDirSync(work.path("models/a-onnx"))].map(({ name }) => name).sort();
  const texts = [
    "generation_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
  ];
  assertEquals(names, ["config.json", "export.json", "onnx", ...texts].sort());
  assertStringIncludes(await work.read("models/a-onnx/tokenizer_config.json"), "chat_template");
  const { model, files } = JSON.parse(await work.read("models/a-onnx/export.json"));
  assertEquals([model, Object.keys(files).includes("model.safetensors")], ["models/a/best", true]);
  const ports = await portsOf(work.path("models/a-onnx/onnx/model.onnx"));
  const cache = ["0.key", "0.value", "1.key", "1.value"];
  assertEquals(ports, {
    input_ids: "batch_size sequence_length",
    attention_mask: "batch_size total_sequence_length",
    position_ids: "batch_size sequence_length",
    logits: `batch_size sequence_length ${tokenizer.size}`,
    ...Object.fromEntries(cache.map((n) => [`past_key_values.${n}`, "batch_size 4 past_sequence_length 6"])),
    ...Object.fromEntries(cache.map((n) => [`present.${n}`, "batch_size 4 total_sequence_length 6"])),
  });
});

Deno.test("a folder of Hugging Face's is exported with the files that it has", async () => {
  await using work = await workspace();
  const config = MODELS.qwen3, specs = parameterSpecs(config);
  const values = new Map(specs.map((spec) => [spec.name, valuesOf(spec)]));
  const texts = { "tokenizer.json": "{}", "notes.txt": "none of it" };
  const files = huggingFaceFiles({ config, specs, values }, "bfloat16", 5000);
  await writeFolderAtomic(work.path("theirs"), { ...files, ...texts });
  const out = ["--out", "data/theirs", "--to", "onnx"];
  const { code, output } = await work.writer("export", "--model", "theirs", ...out);
  assertEquals(code, 0, output);
  const names = [...Deno.readDirSync(work.path("data/theirs"))].map(({ name }) => name).sort();
  assertEquals(names, ["config.json", "export.json", "onnx", "tokenizer.json"]);
  assertEquals(JSON.parse(await work.read("data/theirs/config.json")).model_type, "qwen3");
});

Deno.test("mistakes in exporting to ONNX are told in one line, and nothing is written", async () => {
  await using work = await workspace();
  await save(work, "a");
  await Deno.mkdir(work.path("models/empty"));
  await Deno.mkdir(work.path("bert"));
  await Deno.writeTextFile(work.path("bert/config.json"), '{"model_type": "bert"}');
  const mistakes: [args: string[], says: string][] = [
    [["--model", "models/a", "--to", "constructor"], "--to constructor: expected gguf or onnx"],
    [["--model", "models/a", "--to", "onnx", "--as", "f16"], "--as f16: ONNX is written in float32"],
    [["--model", "models/none", "--to", "onnx"], "models/none holds no model"],
    [["--model", "models/empty", "--to", "onnx"], "models/empty holds no model"],
    [["--model", "bert", "--to", "onnx", "--out", "models/x"], 'model_type: "bert" is none of gpt2, llama'],
    [
      ["--model", "models/a", "--to", "onnx", "--out", "elsewhere"],
      "export writes under models/ and data/ only",
    ],
    [["--model", "models/a", "--to", "onnx", "--out", "models/empty"], "exists, and is no such export"],
    [["--model", "models/a", "--to", "onnx", "--out", "models/a"], "exists, and is no such export"],
  ];
  for (const [args, says] of mistakes) refused(await work.writer("export", ...args), says);
  assertEquals([...Deno.readDirSync(work.path("models"))].map(({ name }) => name).sort(), ["a", "empty"]);

  const again = ["export", "--model", "models/a/best", "--to", "onnx"] as const;
  assertEquals((await work.writer(...again)).code, 0);
  refused(await work.writer(...again), "--out models/a-onnx exists; choose another path, or replace it");
  assertEquals((await work.writer(...again, "--force")).code, 0);
  const weights = work.path("models/a/best/model.safetensors");
  await Deno.truncate(weights, 1000);
  refused(await work.writer(...again, "--force"), "model.safetensors is truncated or was altered");
  assert((await Deno.stat(work.path("models/a-onnx/onnx/model.onnx"))).size > 1000);
});
