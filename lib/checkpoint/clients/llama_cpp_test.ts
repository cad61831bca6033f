/**
 * Opens GGUF files in llama.cpp, through node-llama-cpp with its prebuilt binary. package.json replaces all other
 * binaries by the one for Linux on x64: those for CUDA take 340 MB, and not every registry has all of them.
 */
import { assert, assertEquals, assertLess } from "@std/assert";
import { join } from "@std/path";
import {
  getLlama,
  JinjaTemplateChatWrapper,
  type LlamaModel,
  readGgufFileInfo,
  type Token,
} from "node-llama-cpp";
import { dequantise, quantise } from "../../device/blocks.ts";
import { CpuDevice } from "../../device/cpu.ts";
import type { Args, Binding, Buffer, Kernel, Params } from "../../device/device.ts";
import { OracleDevice } from "../../device/oracle.ts";
import { generate } from "../../generate/generate.ts";
import type { ModelConfig } from "../../model/config.ts";
import { Decoder } from "../../model/decoder.ts";
import { matmulQuantised } from "../../ops/quantised.ts";
import { scope } from "../../tensor/tensor.ts";
import { SENTENCES, TEXT } from "../../text/clients/sentences.ts";
import { compose } from "../../text/compose.ts";
import { encodePrompt } from "../../text/prompt.ts";
import { vocabularyBuilder } from "../../text/tokenizer.ts";
import { Optimizer } from "../../train/optimizer.ts";
import { computeGradients, languageBatch, updateWeights } from "../../train/step.ts";
import { type Checkpoint, readCheckpoint } from "../checkpoint.ts";
import { readGguf } from "../gguf/model.ts";
import { ggufConfigs, randomCheckpoint } from "../gguf/testing.ts";
import { EXPORT_TYPES, type ExportType, writeGguf } from "../gguf/write.ts";
import { openDecoder } from "../open_model.ts";

const ROOT = new URL("../../../", import.meta.url);

const builder = vocabularyBuilder("bpe");
builder.add(TEXT);
const tokenizer = builder.build({ minCount: 1, always: "", size: 1024 });
const configs = ggufConfigs(tokenizer.size);
const device = await CpuDevice.open({ threads: 1 });
const llama = await getLlama({
  ...{ gpu: false, build: "never", skipDownload: true, progressLogs: false, maxThreads: 1 } as const,
  logger: () => {},
});

/** A text that models learn by heart, and one that they never saw. */
const plain = SENTENCES.filter((_, i) => i % 2 === 0);
const LEARNED = Uint32Array.from(plain.flatMap((text) => [...tokenizer.encode(text)])).subarray(0, 4 * 65);
const UNSEEN = tokenizer.encode(TEXT.slice(-200)).subarray(0, 20);
const PROMPT = LEARNED.subarray(0, 12);

const STEPS = 120, ROWS = 4;

/**
 * Trains a tiny model until it knows a text by heart, so that there is no doubt about the most probable token.
 * @param ids of the text: four sequences as long as the model's context, each with one token more
 */
async function memorised(config: ModelConfig, ids: Uint32Array): Promise<Decoder> {
  const decoder = new Decoder(device, config);
  decoder.initialize(1);
  const optimizer = new Optimizer(decoder.parameters, {
    ...{ algorithm: "adamw", beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, clip: 1 },
  });
  const time = config.context;
  const rows = (shift: number) =>
    Uint32Array.from(
      { length: ROWS * time },
      (_, i) => ids[(time + 1) * Math.floor(i / time) + i % time + shift],
    );
  const batch = languageBatch(decoder, { tokens: { ids: rows(0), batch: ROWS, time }, targets: rows(1) });
  for (let step = 1; step <= STEPS; step++) {
    computeGradients(optimizer, [batch], step);
    await updateWeights(optimizer, step, 3e-3, 1).norm.data();
  }
  return decoder;
}

/** Runs a test with a file that llama.cpp has opened. */
async function opened(
  checkpoint: Checkpoint,
  as: ExportType,
  test: (model: LlamaModel, path: string) => Promise<void> | void,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "desde-cero-" });
  try {
    const path = join(folder, "model.gguf");
    await writeGguf(path, checkpoint, { as, model: "tiny", name: "tiny" });
    const model = await llama.loadModel({ modelPath: path, useMmap: false });
    await test(model, path);
    await model.dispose();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Our probabilities after every token of a text. */
async function ours(decoder: Decoder, ids: Uint32Array): Promise<Float32Array[]> {
  const tokens = { ids, batch: 1, time: ids.length }, { device } = decoder.parameters;
  const logits = await scope(() => device.read(decoder.logits(tokens).buffer));
  return Array.from(ids, (_, at) => {
    const row = logits.slice(at * decoder.config.vocab, (at + 1) * decoder.config.vocab);
    const exp = row.map((x) => Math.exp(x - Math.max(...row)));
    const total = exp.reduce((a, b) => a + b);
    return exp.map((x) => x / total);
  });
}

/** By default, llama.cpp stores keys and values in float16, and computes attention in it. */
const CONTEXT = {
  ...{ contextSize: 64, batchSize: 64, threads: 1, flashAttention: false },
  ...{ experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32" } as const,
};

/** The largest difference between its probabilities and ours, after every token of a text. */
async function difference(model: LlamaModel, decoder: Decoder, ids: Uint32Array): Promise<number> {
  const context = await model.createContext(CONTEXT);
  const sequence = context.getSequence();
  const input = Array.from(ids, (id) => [id as Token, { generateNext: { probabilities: true } }]);
  const after = await sequence.controlledEvaluate(
    input as Parameters<typeof sequence.controlledEvaluate>[0],
  );
  await context.dispose();
  const expected = await ours(decoder, ids);
  return Math.max(...after.map((one, at) => {
    const theirs = one!.next.probabilities! as ReadonlyMap<number, number>;
    assertEquals(theirs.size, decoder.config.vocab);
    return Math.max(...[...theirs].map(([id, p]) => Math.abs(p - expected[at][id])));
  }));
}

/** The 40 most probable tokens after a prompt, markers included. */
async function greedy(model: LlamaModel, prompt: Uint32Array): Promise<number[]> {
  const context = await model.createContext(CONTEXT), settings = { temperature: 0, yieldEogToken: true };
  const ids: number[] = [];
  for await (const id of context.getSequence().evaluate([...prompt] as Token[], settings)) {
    ids.push(id);
    if (ids.length === 40) break;
  }
  await context.dispose();
  return ids;
}

/** The same in our decoder. */
async function ourGreedy(decoder: Decoder, prompt: Uint32Array): Promise<number[]> {
  const settings = { temperature: 0, topK: 0, maxNewTokens: 40, seed: 1, stop: -1 };
  return await Array.fromAsync(generate(decoder, prompt, settings));
}

/** The oracle, but the inputs of quantised matrices are rounded to 8 bits, as llama.cpp does. */
class RoundedInputs extends OracleDevice {
  override dispatch<P extends Params, B extends readonly Binding[]>(
    kernel: Kernel<P, B>,
    buffers: Buffer[],
    args: Args<P>,
  ): void {
    if (kernel.name !== matmulQuantised.name) return super.dispatch(kernel, buffers, args);
    const [x, ...rest] = buffers;
    const rounded = dequantise(quantise(Float32Array.from(this.values(x)), "q8_0"), "q8_0");
    super.dispatch(kernel, [this.upload(rounded), ...rest], args);
  }
}

for (const [name, config] of Object.entries(configs)) {
  Deno.test(`${name}: llama.cpp writes our 40 tokens, with our probabilities, whatever numbers are stored in`, async () => {
    const trained = await memorised(config, LEARNED);
    const values = trained.parameters.split(await device.read(trained.parameters.weights.buffer));
    const checkpoint: Checkpoint = {
      ...randomCheckpoint(config, tokenizer),
      values: ({ name }) => values.get(name)!,
    };
    for (const as of Object.keys(EXPORT_TYPES) as ExportType[]) {
      await opened(checkpoint, as, async (model, path) => {
        const read = await readGguf(path);
        const decoder = new Decoder(device, read.config);
        decoder.load(read.values);
        const ids = await ourGreedy(decoder, PROMPT);
        assertEquals(ids, [...LEARNED.subarray(12, 52)], "it does not know the text by heart");
        assertEquals(await greedy(model, PROMPT), ids, as);
        assertLess(await difference(model, decoder, PROMPT), 1e-3, as);
        // The inputs of 8- and 4-bit matrices are rounded to 8 bits, which matters where no token is certain. Nothing
        // here repeats llama.cpp's GELU, a table of float16 numbers, so GPT-2 has a wider bound.
        const table = config.mlp === "gelu" && (as === "q8_0" || as === "q4_0");
        const like = table ? decoder : openDecoder(new RoundedInputs(), read);
        assertLess(await difference(model, like, UNSEEN), table ? 0.03 : 1e-3, as);
      });
    }
  });
}

Deno.test("llama.cpp answers as the model that ships does here, with its probabilities", async () => {
  const checkpoint = await readCheckpoint(new URL("models/small/instruct/best", ROOT).pathname);
  const decoder = openDecoder(device, checkpoint);
  await opened(checkpoint, "f16", async (model) => {
    for (const instruction of ["¿Qué es la luna?", "¿Cuánto es 12 + 30?"]) {
      const prompt = Uint32Array.from(encodePrompt(checkpoint.tokenizer, { past: [], instruction }, 20).ids);
      const ids = await ourGreedy(decoder, prompt);
      assertEquals(await greedy(model, prompt), ids);
      assertLess(await difference(model, decoder, Uint32Array.of(...prompt, ...ids)), 1e-3);
    }
  });
});

Deno.test("llama.cpp gives our ids for odd sentences and long texts, and knows the special tokens", async () => {
  await opened(randomCheckpoint(configs.qwen3, tokenizer), "f16", (model) => {
    const { bos, eos, pad, instr, resp } = tokenizer.special;
    assert(SENTENCES.length > 500);
    for (const text of [...SENTENCES, TEXT.slice(0, 50_000)]) {
      const ids = [...tokenizer.encode(text)];
      assertEquals([...model.tokenize(compose(text))], ids, JSON.stringify(text.slice(0, 300)));
      assertEquals(model.detokenize(ids as Token[]), tokenizer.decode(ids));
    }
    const { tokens } = model;
    assertEquals([tokens.bos, tokens.eos, tokens.shouldPrependBosToken], [bos, eos, true]);
    const markers = "<pad><bos><eos><instr><resp>";
    assertEquals([...model.tokenize(markers, true)], [pad, bos, eos, instr, resp]);
    // Text is never read as a marker unless the caller asks for it.
    assertEquals([...model.tokenize(markers)], [...tokenizer.encode(markers)]);
  });
});

Deno.test("the chat template of the file gives a conversation's ids", async () => {
  await opened(randomCheckpoint(configs.llama, tokenizer, "chat"), "f16", async (model, path) => {
    const { metadata } = await readGgufFileInfo(path);
    assertEquals(metadata.general.name, "tiny");
    assertEquals(model.tokens.shouldPrependBosToken, false);
    const wrapper = new JinjaTemplateChatWrapper({ template: metadata.tokenizer.chat_template! });
    const { contextText } = wrapper.generateContextState({
      chatHistory: [
        { type: "user", text: "¿qué es un gato?" },
        { type: "model", response: ["un animal"] },
        { type: "user", text: "¿y un perro?" },
        { type: "model", response: [] },
      ],
    });
    const past = [{ instruction: "¿qué es un gato?", response: "un animal" }];
    const { ids } = encodePrompt(tokenizer, { past, instruction: "¿y un perro?" }, 1000);
    assertEquals([...contextText.tokenize(model.tokenizer)], [...ids]);
  });
});
