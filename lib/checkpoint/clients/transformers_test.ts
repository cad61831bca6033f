/** Opens saved and exported folders in transformers.js: with its config and tokenizer classes, and its pipelines. */
import {
  AutoConfig,
  AutoModel,
  AutoTokenizer,
  env,
  pipeline,
  TextClassificationPipeline,
} from "@huggingface/transformers";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { encodeText } from "../../data/labelled.ts";
import { CpuDevice } from "../../device/cpu.ts";
import { Classifier, type HeadConfig } from "../../model/classifier.ts";
import { Decoder } from "../../model/decoder.ts";
import { encodePrompt } from "../../text/prompt.ts";
import { charTokenizer } from "../../text/testing.ts";
import { openClassifier, pooledStates, probabilities } from "../../train/labels.ts";
import { readCheckpoint, saveCheckpoint } from "../checkpoint.ts";
import { exportOnnx } from "../onnx/folder.ts";
import { greedy } from "./greedy.ts";
import { indexOfLargest, MODELS, valuesOf } from "../testing.ts";
import { inTemporaryFolder } from "../../testing.ts";

env.allowRemoteModels = false;
env.localModelPath = "/";

/** Number of tokens to generate. */
const COUNT = 40;

const device = await CpuDevice.open({ threads: 1 });
const tokenizer = charTokenizer("la luna mira el mar; ¿qué sueña un gato?");
const shipped = new URL("../../../models/small/", import.meta.url).pathname;

const info = (format: "chat" | "text" | "labels") => ({
  ...{ stage: "pretrain", format, step: 1, seed: 1, finished: true, validation: null, best: null },
});

for (const [name, { vocab: _, ...options }] of Object.entries(MODELS)) {
  const config = { ...options, vocab: tokenizer.size };

  Deno.test(`${name}: transformers.js generates our ${COUNT} tokens, of a text and of a conversation`, () =>
    inTemporaryFolder(async (folder) => {
      const decoder = new Decoder(device, config);
      decoder.load(valuesOf);
      const saved = join(folder, "saved"), exported = join(folder, "exported");
      await saveCheckpoint(saved, decoder, tokenizer, info("chat"));
      await exportOnnx(saved, exported);
      const generator = await pipeline("text-generation", exported);
      const settings = { max_new_tokens: COUNT, min_new_tokens: COUNT, do_sample: false };
      const text = "la luna mira";
      const [continued] = await generator(text, { ...settings, return_full_text: false });
      const begun = Uint32Array.of(tokenizer.special.bos, ...tokenizer.encode(text));
      assertEquals(
        continued.generated_text,
        tokenizer.decode(await greedy(decoder, begun, tokenizer, COUNT)),
      );

      const [answered] = await generator([{ role: "user", content: "¿qué sueña?" }], settings);
      const asked = encodePrompt(tokenizer, { past: [], instruction: "¿qué sueña?" }, 60).ids;
      const answer = tokenizer.decode(await greedy(decoder, Uint32Array.from(asked), tokenizer, COUNT));
      assertEquals((answered.generated_text as { content: string }[]).at(-1)?.content, answer);
      await generator.dispose();
    }));

  if (name.startsWith("no family")) continue;
  Deno.test(`${name}: its classes read the saved folder's config and tokenizer`, () =>
    inTemporaryFolder(async (folder) => {
      const decoder = new Decoder(device, config);
      await saveCheckpoint(folder, decoder, tokenizer, info("chat"));
      const read = await AutoConfig.from_pretrained(folder);
      const { num_layers, num_heads } = read.normalized_config as Record<string, number>;
      assertEquals([num_layers, num_heads], [config.layers, config.kvHeads]);
      const theirs = await AutoTokenizer.from_pretrained(folder);
      const ids = [tokenizer.special.bos, ...tokenizer.encode("un gato")];
      assertEquals(theirs.encode("un gato"), ids);
      const messages = [{ role: "user", content: "un gato" }];
      const chat = theirs.apply_chat_template(messages, {
        add_generation_prompt: true,
        return_tensor: false,
      });
      const prompt = encodePrompt(tokenizer, { past: [], instruction: "un gato" }, 60).ids;
      assertEquals((chat as { input_ids: number[] }).input_ids ?? chat, [...prompt]);
    }));
}

/** A classification pipeline for a folder; `pipeline` itself only takes model types that transformers.js knows. */
async function labelling(folder: string) {
  const [model, tokenizer] = [
    await AutoModel.from_pretrained(folder),
    await AutoTokenizer.from_pretrained(folder),
  ];
  return new TextClassificationPipeline({ task: "text-classification", model, tokenizer });
}

/** Compares every label's probability for texts of different lengths, so that some are padded. */
async function compareLabels(checkpoint: string, exported: string, texts: readonly string[]): Promise<void> {
  const { classifier, checkpoint: { tokenizer } } = await openClassifier(device, checkpoint);
  const encoded = texts.map((text) => encodeText(tokenizer, text, classifier.config.context));
  const ours = await probabilities(classifier, await pooledStates(classifier, encoded));
  const { labels } = classifier.head;
  const pipe = await labelling(exported);
  const theirs = await pipe([...texts], { top_k: labels.length }) as unknown as {
    label: string;
    score: number;
  }[][];
  for (const [i, scores] of theirs.entries()) {
    assertEquals(scores[0].label, labels[indexOfLargest(ours[i])]);
    assertEquals(scores.length, labels.length);
    for (const { label, score } of scores) assertAlmostEquals(score, ours[i][labels.indexOf(label)], 1e-4);
  }
  await pipe.dispose();
}

const heads: Readonly<Record<string, HeadConfig>> = {
  "the mean": { labels: ["sí", "no", "quizá"], pooling: "mean", norm: false, dropout: 0 },
  "the last token, normed": { labels: ["sí", "no"], pooling: "last", norm: true, dropout: 0 },
};
for (const [name, head] of Object.entries(heads)) {
  for (const family of ["gpt2", "llama, grouped queries", "no family: alibi, relu2, softcap"]) {
    Deno.test(`a classifier of ${name}, ${family}: transformers.js gives our probabilities`, () =>
      inTemporaryFolder(async (folder) => {
        const config = { ...MODELS[family], vocab: tokenizer.size };
        const classifier = new Classifier(device, config, head, tokenizer.special.pad);
        classifier.parameters.load((spec) => valuesOf(spec));
        const saved = join(folder, "saved"), exported = join(folder, "exported");
        await saveCheckpoint(saved, classifier, tokenizer, info("labels"));
        await exportOnnx(saved, exported);
        await compareLabels(saved, exported, ["un gato mira", "la luna", "¿qué sueña el mar; un gato?"]);
      }));
  }
}

Deno.test("the model that ships answers in transformers.js as it does here", () =>
  inTemporaryFolder(async (folder) => {
    const checkpoint = join(shipped, "instruct/best"), exported = join(folder, "exported");
    await exportOnnx(checkpoint, exported);
    const { config, values, tokenizer } = await readCheckpoint(checkpoint);
    const decoder = new Decoder(device, config);
    decoder.load(values);
    const generator = await pipeline("text-generation", exported);
    for (const content of ["¿Qué es la luna?", "¿Cuánto es 12 + 30?"]) {
      const settings = { max_new_tokens: COUNT, min_new_tokens: COUNT, do_sample: false };
      const [{ generated_text }] = await generator([{ role: "user", content }], settings);
      const prompt = encodePrompt(tokenizer, { past: [], instruction: content }, 100).ids;
      const answer = tokenizer.decode(await greedy(decoder, Uint32Array.from(prompt), tokenizer, COUNT));
      assertEquals((generated_text as { content: string }[]).at(-1)?.content, answer);
    }
    await generator.dispose();
  }));

Deno.test("the classifiers that ship label in transformers.js as they do here", () =>
  inTemporaryFolder(async (folder) => {
    const texts = [
      "El equipo ganó el partido.",
      "Se bate el huevo con la harina y un poco de sal, y se hornea.",
    ];
    for (const name of ["temas", "mensajes"]) {
      const checkpoint = join(shipped, "classify", name, "best"), exported = join(folder, name);
      await exportOnnx(checkpoint, exported);
      await assertRejects(
        () => pipeline("text-classification", exported),
        Error,
        "Unsupported model type: desde-cero",
      );
      await compareLabels(checkpoint, exported, texts);
    }
  }));

Deno.test("weights in a file of their own are found", () =>
  inTemporaryFolder(async (folder) => {
    const saved = join(folder, "saved"), exported = join(folder, "exported");
    const config = { ...MODELS.gpt2, vocab: tokenizer.size, width: 64, headWidth: 16 };
    const decoder = new Decoder(device, config);
    decoder.load(valuesOf);
    await saveCheckpoint(saved, decoder, tokenizer, info("text"));
    await exportOnnx(saved, exported, 1000);
    assert((await Deno.stat(join(exported, "onnx/model.onnx_data"))).size > 100_000);
    const generator = await pipeline("text-generation", exported);
    const settings = { max_new_tokens: 9, min_new_tokens: 9, do_sample: false, return_full_text: false };
    const [{ generated_text }] = await generator("la luna", settings);
    const begun = Uint32Array.of(tokenizer.special.bos, ...tokenizer.encode("la luna"));
    const chosen = (await greedy(decoder, begun, tokenizer, COUNT)).slice(0, 9);
    assertEquals(generated_text, tokenizer.decode(chosen));
    await generator.dispose();
  }));
