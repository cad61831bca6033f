/**
 * Trains a GPT on the corpus, from a random start.
 *
 *   deno task pretrain --config configs/mini.yaml [--resume]
 *
 * Writes into models/<name>/pretrain: checkpoints last/ and best/, metrics.jsonl and loss.svg.
 */
import { join } from "@std/path";
import { trainingBatch, validationBatches } from "../lib/data/batches.ts";
import { openStreams } from "../lib/data/streams.ts";
import { complete } from "../lib/generate/complete.ts";
import { Decoder } from "../lib/model/decoder.ts";
import { count } from "../lib/progress.ts";
import type { Preset, PresetWith } from "../lib/run/config.ts";
import { runAlone } from "../lib/run/main.ts";
import { Model } from "../lib/run/model_section.ts";
import { defineStage } from "../lib/run/stage.ts";
import { architecture, openFor } from "../lib/run/training.ts";
import { deriveSeed } from "../lib/tensor/random.ts";
import { readTokenizer } from "../lib/text/tokenizer.ts";
import { loadUnfinished } from "../lib/train/resume.ts";
import { evaluateLoss, unigramEntropy } from "../lib/train/validation.ts";
import { train } from "../lib/train/loop.ts";
import { optimizerOptions, scheduleOf } from "../lib/train/optimization_section.ts";
import { PretrainSection } from "../lib/train/pretrain_section.ts";
import { highestLanguageLoss, languageBatch } from "../lib/train/step.ts";
import { requireMemory } from "../lib/train/memory.ts";
import { teacherPathKeys } from "../lib/train/teacher_section.ts";
import { openTeachers, readTeachers, teacherFiles } from "../lib/train/teachers.ts";
import { buildVocab } from "./build-vocab.ts";
import { prepareCorpus } from "./prepare-corpus.ts";

const sections = { model: Model, pretrain: PretrainSection };

const outOf = ({ name }: Pick<Preset, "name">) => `models/${name}/pretrain`;

const teacherOf = (preset: PresetWith<typeof sections>) => ({
  key: "pretrain.teacher",
  options: preset.pretrain.teacher,
  vocabulary: buildVocab.out(preset),
  out: outOf(preset),
});

export const pretrain = defineStage({
  name: "pretrain",
  about: "Trains a GPT on the corpus, from a random start.",
  module: import.meta.url,
  sections,
  pathKeys: teacherPathKeys("pretrain"),
  settings: ["seed", "device", "precision"],
  out: outOf,
  after: () => [prepareCorpus, buildVocab],
  sources: (preset) => teacherFiles(teacherOf(preset)),
  interruptible: true,
  resumable: true,
  keeps: true,
  models: () => ({ base: "." }),
  async run(context) {
    const { preset, out, terminal, resume } = context;
    const { model: { context: time }, pretrain: options, seed } = preset;
    const tokenizer = await readTokenizer(join(buildVocab.out(preset), "tokenizer.json"));
    using streams = await openStreams(buildVocab.out(preset), tokenizer, time);
    const config = architecture(preset.model, tokenizer.size);
    const loaded = await readTeachers(teacherOf(preset), { tokenizer, config });
    const device = await openFor(preset, terminal, { config, batch: options.batch });
    using closing = new DisposableStack();
    closing.defer(() => device.close());
    requireMemory(device, config, options.batch, {
      section: "pretrain",
      teachers: loaded.map(({ config }) => config),
    });
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

    const mixed = preset.precision === "mixed";
    const batch = { batch: options.batch, time };
    const teachers = await openTeachers(device, loaded, { options: options.teacher, mixed, batch, terminal });
    const entropy = unigramEntropy(streams.validation, tokenizer.size);
    terminal.log(
      `  data: ${count(streams.train.length)} training tokens in ${count(streams.train.documents)} ` +
        `documents, ${count(streams.validation.length)} held out, whose unigram entropy is ` +
        `${entropy.toFixed(4)} nats`,
    );
    const held = { ...batch, limit: options.eval_batches };
    const sample = async ({ prompt, tokens, temperature, top_k }: typeof options.sample) => {
      const drawing = { maxNewTokens: tokens, temperature, topK: top_k, seed: deriveSeed(seed, "sample") };
      return prompt + await complete(model, tokenizer, prompt, drawing);
    };
    const result = await train({
      stage: "pretrain",
      format: "text",
      seed,
      schedule: scheduleOf(options, options.steps),
      optimizer: optimizerOptions(options),
      accumulate: options.accumulate,
      mixed,
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
      highestLoss: highestLanguageLoss(model, teachers),
      batch(step, micro) {
        const index = (step - 1) * options.accumulate + micro;
        const own = { ...batch, seed: deriveSeed(seed, "batches"), step: index };
        return languageBatch(model, trainingBatch(streams.train, own), teachers);
      },
      evaluate: () => evaluateLoss(model, validationBatches(streams.validation, held), tokenizer),
      sample: () => sample(options.sample),
    });
    return {
      finished: result.finished,
      device: device.description,
      metrics: { ...result, unigram_entropy: entropy, parameters: model.parameters.count },
    };
  },
});

if (import.meta.main) runAlone(pretrain, () => import("./pipeline.ts"));
