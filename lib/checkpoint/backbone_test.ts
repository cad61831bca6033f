import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { CpuDevice } from "../device/cpu.ts";
import { UserError } from "../errors.ts";
import { modelConfig } from "../model/config.ts";
import { Decoder } from "../model/decoder.ts";
import { huggingFaceFiles } from "./huggingface.ts";
import type { Content } from "../files.ts";
import { writeFolderAtomic } from "../folders.ts";
import { ALPHABET } from "../text/byte_alphabet.ts";
import { backboneFiles, readBackbone } from "./backbone.ts";
import { readCheckpoint, saveCheckpoint } from "./checkpoint.ts";

const WIDTH = 8;
const vocab = Object.fromEntries([...ALPHABET, "<|endoftext|>"].map((token, id) => [token, id]));
const tokenizerJson = {
  added_tokens: [{ id: 256, content: "<|endoftext|>", special: true }],
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false },
  model: { type: "BPE", vocab, merges: [] },
};

/** Calls a test with a Hugging Face folder of a model with 257 tokens, and the model's weights. */
async function withForeign(
  use: (folder: string, values: Map<string, Float32Array>, model: Decoder) => Promise<void>,
  options: { tied: boolean; files?: Record<string, Content> },
) {
  const device = await CpuDevice.open({ threads: 1 });
  const shape = { context: 16, layers: 1, heads: 1, width: WIDTH, tied: options.tied };
  const model = new Decoder(device, modelConfig({ vocab: 257, ...shape }));
  model.initialize(1);
  const values = model.parameters.split(await device.read(model.parameters.weights.buffer));
  const folder = join(await Deno.makeTempDir(), "foreign");
  const { config, parameters: { specs } } = model;
  await writeFolderAtomic(folder, {
    ...huggingFaceFiles({ config, specs, values }),
    ...options.files ?? { "tokenizer.json": JSON.stringify(tokenizerJson) },
  });
  await use(folder, values, model);
  await Deno.remove(join(folder, ".."), { recursive: true });
  device.close();
}

for (const tied of [true, false]) {
  Deno.test(`a folder from elsewhere brings its tokenizer, and a ${tied ? "tied" : "separate"} head grows with it`, () =>
    withForeign(async (folder, before) => {
      const { config, tokenizer, values } = await readBackbone(folder, "none");
      assertEquals(tokenizer.special, { pad: 257, unk: null, bos: 256, eos: 256, instr: 258, resp: 259 });
      assertEquals([config.vocab, tokenizer.size], [260, 260]);
      const device = await CpuDevice.open({ threads: 1 });
      const model = new Decoder(device, config);
      model.load(values);
      const after = model.parameters.split(await device.read(model.parameters.weights.buffer));
      for (const name of ["embed.tokens.weight", ...tied ? [] : ["head.weight"]]) {
        const rows = before.get(name)!, grown = after.get(name)!;
        assertEquals(grown.slice(0, rows.length), rows);
        const mean = rows.reduce((sum, x, i) => i % WIDTH === 3 ? sum + x : sum, 0) / 257;
        assertEquals(grown[258 * WIDTH + 3], Math.fround(mean));
      }
      // A model finetuned from it can be read again, with its tokenizer.
      const saved = join(folder, "..", "saved");
      const info = { stage: "finetune-instruct", format: "chat", step: 1, seed: 1, finished: true } as const;
      await saveCheckpoint(saved, model, tokenizer, { ...info, validation: null, best: null });
      const read = await readCheckpoint(saved);
      assertEquals(read.tokenizer.special, tokenizer.special);
      assertEquals((await readBackbone(saved, "none")).config.vocab, 260);
      const json = async (name: string) => JSON.parse(await Deno.readTextFile(join(saved, name)));
      const { bos_token_id, eos_token_id, pad_token_id } = await json("config.json");
      assertEquals([bos_token_id, eos_token_id, pad_token_id], [256, 256, 257]);
      const names = await json("special_tokens_map.json");
      assertEquals([names.eos_token, names.pad_token], ["<|endoftext|>", "<pad>"]);
      device.close();
    }, { tied }));
}

Deno.test("a finetuning depends on the preset's vocabulary only if the folder has no tokenizer", async () => {
  const names = (paths: string[]) => paths.map((path) => path.replace(/.*\//, ""));
  const model = ["config.json", "model.safetensors"];
  await withForeign(async (folder) => {
    assertEquals(names(await backboneFiles(folder, "vocabulary")), [...model, "tokenizer.json"]);
  }, { tied: true });
  await withForeign(async (folder) => {
    assertEquals((await backboneFiles(folder, "vocabulary")).at(-1), "vocabulary/tokenizer.json");
    const files = { "vocab.json": JSON.stringify(vocab), "merges.txt": "#version: 0.2\n" };
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(folder, name), text);
    assertEquals(names(await backboneFiles(folder, "vocabulary")), [
      "config.json",
      "merges.txt",
      model[1],
      "vocab.json",
    ]);
    assertEquals((await readBackbone(folder, "none")).config.vocab, 260);
  }, { tied: true, files: {} });
});

Deno.test("a tokenizer of far more tokens than its model is refused", () => {
  const added_tokens = Array.from(
    { length: 20 },
    (_, i) => ({ id: 256 + i, content: `<${i}>`, special: true }),
  );
  const files = { "tokenizer.json": JSON.stringify({ ...tokenizerJson, added_tokens }) };
  return withForeign(async (folder) => {
    await assertRejects(() => readBackbone(folder, "none"), UserError, "was trained with 257 tokens");
  }, { tied: true, files });
});
