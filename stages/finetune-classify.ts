/**
 * Classifiers on the pretrained backbone, one for every task of the preset.
 *
 *   deno task finetune-classify --config configs/mini.yaml
 *
 * Writes into models/<name>/classify/<task>: checkpoints last/ and best/, metrics.jsonl, loss.svg,
 * accuracy.svg, confusion.svg and report.json, with baselines on the same texts.
 */
import { join } from "@std/path";
import { drawAlike, encodeText, epochBatch, type Labelled, padded, splitTask } from "../lib/data/labelled.ts";
import type { Device } from "../lib/device/device.ts";
import { writeFileAtomic } from "../lib/files.ts";
import { Classifier, type Freeze } from "../lib/model/classifier.ts";
import { count } from "../lib/progress.ts";
import type { PresetWith } from "../lib/run/config.ts";
import { runAlone } from "../lib/run/main.ts";
import { type Context, defineStage } from "../lib/run/stage.ts";
import { finetuningLoop, openFor } from "../lib/run/training.ts";
import { deriveSeed, uniform } from "../lib/tensor/random.ts";
import { backboneFiles, readBackbone } from "../lib/checkpoint/backbone.ts";
import { readCheckpoint } from "../lib/checkpoint/checkpoint.ts";
import { ClassifySection } from "../lib/train/classify_section.ts";
import {
  mostProbable,
  pooledStates,
  probabilities,
  type Quality,
  quality,
  qualityOn,
  statesOf,
} from "../lib/train/labels.ts";
import { train } from "../lib/train/loop.ts";
import { naiveBayes } from "../lib/train/naive_bayes.ts";
import { plotCurves, plotMatrix } from "../lib/plot.ts";
import { buildVocab } from "./build-vocab.ts";
import { pretrain } from "./pretrain.ts";

const sections = { "finetune-classify": ClassifySection };
type Preset = PresetWith<typeof sections>;
type Splits = Awaited<ReturnType<typeof splitTask>>;
type Backbone = Awaited<ReturnType<typeof readBackbone>>;

const settings = (preset: Preset) => preset["finetune-classify"];
const backboneOf = (preset: Preset) => settings(preset).backbone ?? pretrain.out(preset);

export const finetuneClassify = defineStage({
  name: "finetune-classify",
  about: "Trains classifiers on the pretrained backbone, and compares them with baselines.",
  module: import.meta.url,
  sections,
  pathKeys: ["backbone", "tasks.*.data", "tasks.*.test"].map((key) => `finetune-classify.${key}`),
  settings: ["seed", "device", "precision"],
  out: ({ name }) => `models/${name}/classify`,
  after: (preset) => settings(preset).backbone ? [] : [pretrain],
  async sources(preset) {
    const { backbone, tasks } = settings(preset);
    const files = Object.values(tasks).flatMap(({ data, test }) => test ? [data, test] : [data]);
    return [...new Set(files), ...backbone ? await backboneFiles(backbone, buildVocab.out(preset)) : []];
  },
  backbone: (preset) => ({ key: "finetune-classify.backbone", folder: backboneOf(preset) }),
  models: (preset) => Object.fromEntries(Object.keys(settings(preset).tasks).map((task) => [task, task])),
  optional: true,
  interruptible: true,
  keeps: true,
  async run(context) {
    const { preset, out, terminal } = context;
    const options = settings(preset);
    // Everything that can be wrong with the data is told before the first step of training.
    const tasks: [string, Splits][] = [];
    for (const [name, task] of Object.entries(options.tasks)) {
      const seed = deriveSeed(preset.seed, "classify", name);
      tasks.push([name, await splitTask({ task: name, ...task, seed })]);
    }
    const backbone = await readBackbone(backboneOf(preset), buildVocab.out(preset));
    const device = await openFor(preset, terminal, { config: backbone.config, batch: options.batch });
    terminal.log(`  backbone: ${backbone.folder}, freeze ${options.freeze}`);
    const metrics: Record<string, unknown> = {};
    for (const [name, splits] of tasks) {
      const folder = join(out, name);
      const report = await runTask({ ...context, name, folder, splits, backbone, options, device });
      if (!report) return { finished: false, metrics: {} };
      metrics[name] = report;
    }
    device.close();
    return { finished: true, device: device.description, metrics };
  },
});

interface Task extends Context<Preset> {
  readonly name: string;
  readonly folder: string;
  readonly splits: Splits;
  readonly backbone: Backbone;
  readonly options: ClassifySection;
  readonly device: Device;
}

/** Trains a task's classifier, tests it beside the baselines, and writes the report. Null if stopped. */
async function runTask(task: Task) {
  const { name, folder, splits, backbone, options, terminal } = task;
  const { labels, train: examples, test } = splits;
  const { context } = backbone.config;
  const cut = [...examples, ...splits.validation, ...test]
    .filter(({ text }) => backbone.tokenizer.encode(text).length + 1 > context).length;
  terminal.log(
    `  ${name}: ${count(examples.length)} texts to train, ${splits.validation.length} to validate, ` +
      `${test.length} to test; labels ${labels.join(", ")}`,
  );
  if (cut > 0) {
    terminal.log(`  ${name}: ${cut} texts are longer than the context of ${context} tokens; cut there`);
  }

  const finetuned = await finetune(task, folder, backbone.values);
  if (!finetuned) return null;
  const actual = test.map(({ label }) => label);
  const counts = labels.map((label) => examples.filter((example) => example.label === label).length);
  const majority = labels[counts.indexOf(Math.max(...counts))];
  const bayes = naiveBayes(examples);
  const baselines: Record<string, Quality> = {
    majority: quality(labels, actual, test.map(() => majority)),
    naive_bayes: quality(labels, actual, test.map(({ text }) => bayes(text))),
  };
  if (options.random_backbone) {
    const random = await finetune(task, join(folder, "random-backbone"), undefined);
    if (!random) return null;
    baselines.random_backbone = random.test;
    await Deno.remove(join(folder, "random-backbone"), { recursive: true });
  }
  const report = {
    task: name,
    data: options.tasks[name].data,
    labels,
    texts: { train: examples.length, validation: splits.validation.length, test: test.length, cut },
    freeze: options.freeze,
    class_weights: classWeights(splits, options) !== undefined,
    backbone: backbone.folder,
    ...finetuned,
    baselines,
    conclusion: conclusion(finetuned.test, baselines),
  };
  await writeFileAtomic(join(folder, "report.json"), JSON.stringify(report, null, 1) + "\n");
  await writeFileAtomic(
    join(folder, "confusion.svg"),
    plotMatrix({
      title: `${name}: ${test.length} texts of the test`,
      rows: { name: "true label", labels },
      columns: { name: "predicted label", labels },
      values: finetuned.test.confusion,
      cell: 76,
    }),
  );
  terminal.log(
    `  ${name}: test accuracy ${percent(finetuned.test.accuracy)}, macro F1 ${
      finetuned.test.macro_f1.toFixed(3)
    }`,
  );
  for (const sentence of report.conclusion) terminal.log(`  ${name}: ${sentence}`);
  const { accuracy, macro_f1 } = finetuned.test;
  return {
    accuracy,
    macro_f1,
    baselines: Object.fromEntries(Object.entries(baselines).map(([key, value]) => [key, value.accuracy])),
  };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** Whether the model beat each baseline, in sentences. */
function conclusion(own: Quality, baselines: Record<string, Quality>): string[] {
  const names: Record<string, string> = {
    majority: "always saying the commonest label",
    naive_bayes: "naive Bayes on words",
    random_backbone: "the same network without pretraining",
  };
  return Object.entries(baselines).map(([key, { accuracy }]) => {
    const verdict = own.accuracy > accuracy
      ? "beats"
      : own.accuracy === accuracy
      ? "equals"
      : "falls short of";
    return `${percent(own.accuracy)} right ${verdict} ${names[key]} (${percent(accuracy)})`;
  });
}

/** The weight of each label in the loss, N / (K·n); undefined where labels are balanced. */
function classWeights(
  { labels, train }: Splits,
  { class_weights }: ClassifySection,
): Float32Array | undefined {
  const counts = labels.map((label) => train.filter((example) => example.label === label).length);
  if (class_weights === "none" || Math.max(...counts) <= 1.1 * Math.min(...counts)) return undefined;
  return Float32Array.from(counts, (n) => train.length / (labels.length * n));
}

/**
 * One training: from the backbone's weights, or from random ones. A frozen backbone computes its states
 * once, and only the head is trained on them.
 */
async function finetune(task: Task, out: string, values: Backbone["values"] | undefined) {
  const { name, splits, backbone, options, preset, device, terminal } = task;
  const { labels } = splits;
  const { tokenizer } = backbone;
  const config = { ...backbone.config, dropout: options.dropout };
  const head = { labels, pooling: options.pooling, norm: options.norm, dropout: options.dropout };
  const freeze: Freeze = options.freeze === "backbone" || options.freeze === "none"
    ? options.freeze
    : Math.min(config.layers, Number(options.freeze.split(" ")[1]));
  const model = new Classifier(device, config, head, tokenizer.special.pad, freeze);
  const { seed } = splits.origin;
  model.initialize(deriveSeed(seed, "weights"), values);
  terminal.log(
    `  ${name}: ${values ? "from the backbone" : "from a random backbone"}, ` +
      `${count(model.parameters.trained)} of ${count(model.parameters.count)} parameters are trained`,
  );
  const encode = (examples: readonly Labelled[]) => ({
    texts: examples.map(({ text }) => encodeText(tokenizer, text, config.context)),
    targets: Uint32Array.from(examples, ({ label }) => labels.indexOf(label)),
  });
  // Training texts, as many of each label as validate: they show whether the model only learns by heart.
  const seen = drawAlike(splits.train, splits.validation, deriveSeed(seed, "seen"));
  const data = {
    train: encode(splits.train),
    seen: encode(seen),
    validation: encode(splits.validation),
    test: encode(splits.test),
  };
  const frozen = freeze === "backbone"
    ? {
      train: await pooledStates(model, data.train.texts),
      seen: await pooledStates(model, data.seen.texts),
      validation: await pooledStates(model, data.validation.texts),
    }
    : null;
  const weights = classWeights(splits, options);
  const mask = tokenizer.special.unk ?? tokenizer.special.pad;
  const n = data.train.texts.length;
  const perEpoch = Math.ceil(n / options.batch);

  const accuracyPoints: Record<"seen" | "validation", [number, number][]> = { seen: [], validation: [] };
  let step = 0;
  const measure = async (part: "seen" | "validation") => {
    const p = await probabilities(model, frozen?.[part] ?? await pooledStates(model, data[part].texts));
    const { targets } = data[part];
    const right = p.filter((row, i) => mostProbable(row) === targets[i]).length;
    const loss = p.reduce((sum, row, i) => sum - Math.log(Math.max(1e-12, row[targets[i]])), 0) / p.length;
    accuracyPoints[part].push([step, right / p.length]);
    return { loss, accuracy: right / p.length };
  };
  const result = await train(finetuningLoop("finetune-classify", options, perEpoch, seed, preset), {
    ...task,
    model,
    tokenizer,
    out,
    origin: splits.origin,
    highestLoss: Infinity, // a few texts, confidently mistaken, cost any amount
    batch(at) {
      step = at;
      const rows = epochBatch(n, options.batch, at - 1, deriveSeed(seed, "batches"));
      const targets = Uint32Array.from(rows, (i) => data.train.targets[i]);
      const hidden = deriveSeed(seed, "hidden", at);
      const tokens = padded(
        rows.map((i, row) => {
          return hideTokens(data.train.texts[i], options.token_dropout, deriveSeed(hidden, row), mask);
        }),
        config.context,
        tokenizer.special.pad,
      );
      return {
        targets: rows.length,
        tokens: tokens.ids.length,
        loss: (passSeed) =>
          model.loss(
            frozen ? statesOf(device, frozen.train, config.width, rows) : tokens,
            targets,
            weights && Float32Array.from(targets, (label) => weights[label]),
            passSeed,
          ),
      };
    },
    async evaluate() {
      await measure("seen");
      return await measure("validation");
    },
    // The loss rises with confidence long before labels get worse; of equals, the later has seen more.
    better: (now, best) => now.accuracy >= best.accuracy,
  });
  if (!result.finished) return null;
  await writeFileAtomic(
    join(out, "accuracy.svg"),
    plotCurves(`${name}: accuracy`, "share right", [
      { name: "training texts", points: accuracyPoints.seen },
      { name: "validation texts", points: accuracyPoints.validation },
    ]),
  );
  model.parameters.load((await readCheckpoint(join(out, "best"))).values);
  return {
    best: result.best,
    validation: result.validation,
    seconds: result.seconds,
    train: await qualityOn(model, tokenizer, seen),
    test: await qualityOn(model, tokenizer, splits.test),
  };
}

/** Some tokens, drawn by seed, become `mask`: a text must be known by more than one of its words. */
function hideTokens(ids: Uint32Array, rate: number, seed: number, mask: number): Uint32Array {
  if (rate === 0) return ids;
  return ids.map((id, i) => i > 0 && uniform(seed, i) < rate ? mask : id);
}

if (import.meta.main) runAlone(finetuneClassify, () => import("./pipeline.ts"));
