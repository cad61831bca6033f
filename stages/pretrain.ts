/**
 * Trains a GPT on the corpus, from a random start.
 *
 *   deno task pretrain --config configs/mini.yaml [--resume]
 *
 * Writes into models/<name>/pretrain: checkpoints last/ and best/, metrics.jsonl and loss.svg.
 */
import { join } from "@std/path";
import { openStreams } from "../lib/data/streams.ts";
import { complete } from "../lib/generate/complete.ts";
import { UserError } from "../lib/errors.ts";
import type { ModelConfig } from "../lib/model/config.ts";
import { Decoder } from "../lib/model/decoder.ts";
import { count, Silent, type Terminal } from "../lib/progress.ts";
import type { Preset as AnyPreset, PresetWith } from "../lib/run/config.ts";
import { runAlone } from "../lib/run/main.ts";
import { type AutoModel, isAuto, Model, sizedModel } from "../lib/run/model_section.ts";
import { type Context, defineStage } from "../lib/run/stage.ts";
import { architecture, openFor } from "../lib/run/training.ts";
import { deriveSeed } from "../lib/tensor/random.ts";
import { readTokenizer, type Tokenizer } from "../lib/text/tokenizer.ts";
import { measureCosts } from "../lib/train/costs.ts";
import { train } from "../lib/train/loop.ts";
import { ALONE } from "../lib/ranks/alone.ts";
import type { Ranks } from "../lib/ranks/ranks.ts";
import { requireShareable } from "../lib/train/ranks/shareable.ts";
import { measureSteps } from "../lib/train/measure.ts";
import { requireMemory } from "../lib/train/memory.ts";
import {
  explainPicked,
  type Picked,
  type PickedModel,
  pickModel,
  pickPlan,
  readPicked,
} from "../lib/train/pick.ts";
import { givenPlan, PretrainSection } from "../lib/train/pretrain_section.ts";
import { pretrainingLoop, pretrainingTask, type PretrainingText } from "../lib/train/pretraining.ts";
import { loadUnfinished } from "../lib/train/resume.ts";
import { teacherPathKeys } from "../lib/train/teacher_section.ts";
import { openTeachers, readTeachers, teacherFiles } from "../lib/train/teachers.ts";
import { mayFollow } from "../lib/train/schedule.ts";
import { unigramEntropy } from "../lib/train/validation.ts";
import { buildVocab } from "./build-vocab.ts";
import { prepareCorpus } from "./prepare-corpus.ts";

const sections = { model: Model, pretrain: PretrainSection };
type Preset = PresetWith<typeof sections>;

const outOf = ({ name }: Pick<AnyPreset, "name">) => `models/${name}/pretrain`;

const teacherOf = (preset: Preset) => ({
  key: "pretrain.teacher",
  options: preset.pretrain.teacher,
  vocabulary: buildVocab.out(preset),
  out: outOf(preset),
});

/** Steps with which the speed of a size is measured. */
const MEASURED_STEPS = 3;

/** The longest sequence of a model whose size is picked, unless the preset gives one or the text is too short. */
const AUTO_CONTEXT = 256;

export const pretrain = defineStage({
  name: "pretrain",
  about: "Trains a GPT on the corpus, from a random start.",
  module: import.meta.url,
  sections,
  pathKeys: teacherPathKeys("pretrain"),
  settings: ["seed", "device", "precision"],
  rivals: [
    ["pretrain.steps", "pretrain.minutes"],
    ...["layers", "heads", "width"].map((key) => ["model.size", `model.${key}`] as const),
  ],
  minutes: "pretrain.minutes",
  check: ({ model, pretrain: { minutes } }) =>
    isAuto(model) && minutes === undefined
      ? { key: "model", why: "auto picks a size for a time; give pretrain.minutes, such as --minutes 30" }
      : null,
  out: outOf,
  after: () => [prepareCorpus, buildVocab],
  sources: (preset) => teacherFiles(teacherOf(preset)),
  interruptible: true,
  resumable: true,
  ranks: true,
  goesOn: (change) =>
    mayFollow("pretrain", change, ({ pretrain: options }) => {
      const plan = givenPlan(options);
      return plan && pretrainingLoop(options, { plan, seed: 0, mixed: false }).schedule;
    }),
  keeps: true,
  models: () => ({ base: "." }),
  async run(context) {
    const { preset, out, terminal, resume, run, ranks } = context;
    const { pretrain: options, seed } = preset;
    const tokenizer = await readTokenizer(join(buildVocab.out(preset), "tokenizer.json"));
    using streams = await openStreams(buildVocab.out(preset), tokenizer, preset.model.context ?? 1);
    const text = { tokenizer, streams, seed };
    const given = givenPlan(options);
    requireShareable(ranks, "pretrain", options);
    const picked = given ? null : resume ? readPicked(run, join(out, "last")) : await pick(context, text);
    const plan = picked?.plan ?? given;
    if (!plan) return { finished: false, metrics: {} }; // stopped while measuring

    const config = configOf(preset, tokenizer, picked?.model);
    using opened = await open(preset, config, { tokenizer, terminal, ranks });
    const { device, model, teachers } = opened;
    const { layers, heads, width, context: time } = model.config;
    terminal.log(
      `  model: L${layers} H${heads} C${width} T${time} V${tokenizer.size}, ` +
        `${count(model.parameters.count)} parameters`,
    );
    if (resume) {
      await loadUnfinished(join(out, "last"), model, tokenizer);
      terminal.log(`  resuming after step ${resume.step}`);
    } else model.initialize(deriveSeed(seed, "weights"));

    const entropy = unigramEntropy(streams.validation, tokenizer.size);
    terminal.log(
      `  data: ${count(streams.train.length)} training tokens in ${count(streams.train.documents)} ` +
        `documents, ${count(streams.validation.length)} held out, whose unigram entropy is ` +
        `${entropy.toFixed(4)} nats`,
    );
    const loop = pretrainingLoop(options, { plan, seed, mixed: preset.precision === "mixed" });
    const result = await train(loop, {
      ...context,
      ...picked && { run: { ...run, picked } },
      ...taskOf(model, preset, { ...text, teachers }),
    });
    return {
      finished: result.finished,
      device: device.description,
      metrics: {
        ...result,
        unigram_entropy: entropy,
        parameters: model.parameters.count,
        ...picked && { picked },
      },
    };
  },
});

type Text = Omit<PretrainingText, "teachers">;

/** The architecture: the preset's, or the one that was picked for it. */
function configOf({ model }: Preset, tokenizer: Tokenizer, picked: PickedModel | undefined): ModelConfig {
  return architecture(isAuto(model) ? sizedModel(model, picked!) : model, tokenizer.size);
}

/** The parts of the loop's task that are the same in training and in measuring. */
function taskOf(model: Decoder, { pretrain: options, seed }: Preset, text: PretrainingText) {
  const sample = async () => {
    const { prompt, tokens, temperature, top_k } = options.sample;
    const drawing = { maxNewTokens: tokens, temperature, topK: top_k, seed: deriveSeed(seed, "sample") };
    return prompt + await complete(model, text.tokenizer, prompt, drawing);
  };
  return { ...pretrainingTask(model, options, text), sample };
}

/** The device with a model, whose parameters are still zero, and its teachers. Closing the device frees all of them. */
async function open(
  preset: Preset,
  config: ModelConfig,
  { tokenizer, terminal, ranks = ALONE }: {
    readonly tokenizer: Tokenizer;
    readonly terminal: Terminal;
    readonly ranks?: Ranks;
  },
) {
  const { batch, ema, teacher: options } = preset.pretrain;
  const loaded = await readTeachers(teacherOf(preset), { tokenizer, config });
  const device = await openFor(preset, terminal, {
    config,
    batch,
    ranks,
    sharded: preset.pretrain.shard_optimizer,
  });
  using closing = new DisposableStack();
  closing.defer(() => device.close());
  requireMemory(device, config, {
    section: "pretrain",
    sequences: batch,
    teachers: loaded.map(({ config }) => config),
    ema,
    ranks,
    sharded: preset.pretrain.shard_optimizer,
  });
  const model = new Decoder(device, config);
  const teachers = await openTeachers(device, loaded, {
    options,
    mixed: preset.precision === "mixed",
    batch: { batch, time: config.context },
    terminal,
  });
  const kept = closing.move();
  return { device, model, teachers, [Symbol.dispose]: () => kept.dispose() };
}

interface Time {
  readonly minutes: number;
  /** Seconds since the stage began. */
  elapsed(): number;
}

/** Measures, and picks what the preset leaves open. Null if the user asked to stop meanwhile. */
async function pick(context: Context<Preset>, text: Text): Promise<Picked | null> {
  const { preset, terminal } = context;
  const { pretrain: options, seed } = preset;
  const minutes = options.minutes!, started = performance.now();
  const time = { minutes, elapsed: () => (performance.now() - started) / 1000 };
  terminal.log(`  measuring what fits into ${minutes} minutes`);
  const size = isAuto(preset.model) ? await pickFor(preset.model, context, { ...text, ...time }) : undefined;
  const config = configOf(preset, text.tokenizer, size);
  const measure = async (seconds: number) => {
    using opened = await open(preset, config, { ...text, terminal: new Silent() });
    const { model, teachers } = opened;
    model.initialize(deriveSeed(seed, "weights"));
    const loop = pretrainingLoop(options, { mixed: preset.precision === "mixed", seed });
    const task = taskOf(model, preset, { ...text, teachers });
    return await measureCosts(loop, { ...context, ...task }, seconds);
  };
  const plan = await pickPlan({ section: "pretrain", ...time, given: options, measure });
  if (!plan) return null;
  const picked = { ...plan, ...size && { model: size } };
  for (const line of explainPicked(picked, { section: "pretrain", minutes })) terminal.log(line);
  return picked;
}

/** Picks a size for the time and the text. */
async function pickFor(
  model: AutoModel,
  { preset, terminal, signal }: Context<Preset>,
  { tokenizer, streams, ...time }: Text & Time,
): Promise<PickedModel> {
  const { optimizer: algorithm, batch } = preset.pretrain, textTokens = streams.train.length;
  const context = model.context ?? Math.min(AUTO_CONTEXT, textTokens - 1);
  const training = { algorithm, mixed: preset.precision === "mixed" };
  return await pickModel({
    ...time,
    textTokens,
    batch,
    given: { context, dropout: model.dropout },
    configOf: (size) => configOf(preset, tokenizer, { ...size, context, dropout: 0 }),
    async speed(config) {
      if (signal.aborted) return null;
      try {
        using opened = await open(preset, config, { tokenizer, terminal: new Silent() });
        const { device } = opened;
        return (await measureSteps(device, { ...config, batch }, MEASURED_STEPS, training)).tokens_per_s;
      } catch (error) {
        if (error instanceof UserError) return null; // the model does not fit into the device
        throw error;
      }
    },
    log: terminal.log,
  });
}

if (import.meta.main) runAlone(pretrain, () => import("./pipeline.ts"));
