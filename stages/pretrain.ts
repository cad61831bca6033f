/**
 * Trains a GPT on the corpus, from a random start.
 *
 *   deno task pretrain --config configs/mini.yaml [--resume]
 *
 * Writes into models/<name>/pretrain: checkpoints last/ and best/, metrics.jsonl and loss.svg.
 */
import { join } from "@std/path";
import { trainingBatch, validationBatches } from "../lib/data/batches.ts";
import { readDocuments, tokenStream } from "../lib/data/documents.ts";
import { UserError } from "../lib/errors.ts";
import { generate } from "../lib/generate/generate.ts";
import { Decoder } from "../lib/model/decoder.ts";
import { count } from "../lib/progress.ts";
import type { PresetWith } from "../lib/run/config.ts";
import { runAlone } from "../lib/run/main.ts";
import { Model } from "../lib/run/model_section.ts";
import { defineStage } from "../lib/run/stage.ts";
import { architecture, openFor } from "../lib/run/training.ts";
import { deriveSeed } from "../lib/tensor/random.ts";
import { readTokenizer, type Tokenizer } from "../lib/text/tokenizer.ts";
import { architectureDifferences, readCheckpoint } from "../lib/checkpoint/checkpoint.ts";
import { evaluateLoss, unigramEntropy } from "../lib/train/held_out.ts";
import { train } from "../lib/train/loop.ts";
import { PretrainSection } from "../lib/train/pretrain_section.ts";
import { highestLanguageLoss, languageBatch } from "../lib/train/step.ts";
import { trainingBytes } from "../lib/train/measure.ts";
import { buildVocab } from "./build-vocab.ts";
import { prepareCorpus } from "./prepare-corpus.ts";

const sections = { model: Model, pretrain: PretrainSection };
type Preset = PresetWith<typeof sections>;

export const pretrain = defineStage({
  name: "pretrain",
  about: "Trains a GPT on the corpus, from a random start.",
  module: import.meta.url,
  sections,
  settings: ["seed", "device", "precision"],
  out: ({ name }) => `models/${name}/pretrain`,
  after: () => [prepareCorpus, buildVocab],
  interruptible: true,
  resumable: true,
  keeps: true,
  models: () => ({ base: "." }),
  async run(context) {
    const { preset, out, terminal, resume } = context;
    const { model: { context: time }, pretrain: options, seed } = preset;
    const tokenizer = await readTokenizer(join(buildVocab.out(preset), "tokenizer.json"));
    const streams = await readStreams(preset, tokenizer);
    const config = architecture(preset.model, tokenizer.size);
    const device = await openFor(preset, terminal, { config, batch: options.batch });
    const bytes = trainingBytes(config, options.batch);
    const { reach } = device.memory();
    if (bytes > reach) {
      const [needed, there] = [bytes, reach].map((n) => `${(n / 2 ** 30).toFixed(1)} GiB`);
      throw new UserError(
        `training this model takes about ${needed}, the ${device.name} device reaches ${there} here; ` +
          "lower pretrain.batch, model.context, model.width or model.layers, or use a GPU",
      );
    }
    const model = new Decoder(device, config);
    const { layers, heads, width } = model.config;
    terminal.log(
      `  model: L${layers} H${heads} C${width} T${time} V${tokenizer.size}, ` +
        `${count(model.parameters.count)} parameters`,
    );
    if (resume) {
      await loadUnfinished(join(out, "last"), model, tokenizer);
      terminal.log(`  resuming after step ${resume.step}`);
    } else model.initialize(deriveSeed(seed, "weights"));

    const entropy = unigramEntropy(streams.validation);
    terminal.log(
      `  data: ${count(streams.train.length)} training tokens, ${count(streams.validation.length)} held ` +
        `out, whose unigram entropy is ${entropy.toFixed(4)} nats`,
    );
    const batches = validationBatches(streams.validation, {
      batch: options.batch,
      time,
      limit: options.eval_batches,
    });
    const result = await train({
      stage: "pretrain",
      format: "text",
      seed,
      schedule: { ...options, min_lr: options.min_lr ?? options.lr / 10 },
      optimizer: { ...options, weightDecay: options.weight_decay },
      accumulate: options.accumulate,
      mixed: preset.precision === "mixed",
      every: {
        log: options.log_every,
        evaluate: options.eval_every,
        sample: options.sample_every,
        save: options.save_every,
      },
    }, {
      ...context,
      resumable: true,
      model,
      tokenizer,
      highestLoss: highestLanguageLoss(model),
      batch(step, micro) {
        const index = (step - 1) * options.accumulate + micro;
        const batch = trainingBatch(streams.train, {
          batch: options.batch,
          time,
          seed: deriveSeed(seed, "batches"),
          step: index,
        });
        return languageBatch(model, batch);
      },
      evaluate: () => evaluateLoss(model, batches, tokenizer),
      sample: () => sample(model, tokenizer, preset),
    });
    device.close();
    return {
      finished: result.finished,
      device: device.description,
      metrics: { ...result, unigram_entropy: entropy, parameters: model.parameters.count },
    };
  },
});

async function readStreams(preset: Preset, tokenizer: Tokenizer) {
  const read = async (name: string) =>
    tokenStream(await readDocuments(join(prepareCorpus.out(preset), name)), tokenizer);
  const streams = { train: await read("train.jsonl"), validation: await read("validation.jsonl") };
  const { context } = preset.model;
  if (streams.train.length <= context) {
    throw new UserError(
      `model.context: ${context} tokens are more than the training text's ` +
        `${streams.train.length}; lower it to at most ${streams.train.length - 1}, or add text`,
    );
  }
  if (streams.validation.length < 2) {
    throw new UserError("prepare-corpus.validation.share: no text is held out; raise it, or add text");
  }
  return streams;
}

/** Loads the weights to go on with, if they are of this architecture and vocabulary. */
async function loadUnfinished(folder: string, model: Decoder, tokenizer: Tokenizer): Promise<void> {
  const checkpoint = await readCheckpoint(folder);
  const remedy = "undo the change, or start anew with --force";
  const differences = architectureDifferences(checkpoint.config, model.config);
  if (differences.length > 0) {
    throw new UserError(
      `--resume: ${folder} has another architecture (${differences.join(", ")}); ${remedy}`,
    );
  }
  if (JSON.stringify(checkpoint.tokenizer.toJson()) !== JSON.stringify(tokenizer.toJson())) {
    throw new UserError(`--resume: ${folder} was trained with the vocabulary of another corpus; ${remedy}`);
  }
  model.load(checkpoint.values);
}

async function sample(
  model: Decoder,
  tokenizer: Tokenizer,
  { seed, pretrain: { sample } }: Preset,
): Promise<string> {
  const prompt = Uint32Array.of(tokenizer.special.bos, ...tokenizer.encode(sample.prompt));
  const ids: number[] = [];
  const options = {
    maxNewTokens: sample.tokens,
    temperature: sample.temperature,
    topK: sample.top_k,
    seed: deriveSeed(seed, "sample"),
    stop: tokenizer.special.eos,
  };
  for await (const id of generate(model, prompt, options)) ids.push(id);
  return sample.prompt + tokenizer.decode(ids);
}

if (import.meta.main) runAlone(pretrain, () => import("./pipeline.ts"));
