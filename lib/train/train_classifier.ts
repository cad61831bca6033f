/** Trains a classifier on labelled texts. */
import { join } from "@std/path";
import { valuesApart } from "../checkpoint/adapted.ts";
import { readCheckpoint } from "../checkpoint/checkpoint.ts";
import { drawAlike, encodeText, epochBatch, type Labelled, padded, splitTask } from "../data/labelled.ts";
import type { Device } from "../device/device.ts";
import { writeFileAtomic } from "../files.ts";
import { Classifier, type Freeze } from "../model/classifier.ts";
import { plotCurves } from "../plot.ts";
import { count } from "../progress.ts";
import { deriveSeed, uniform } from "../tensor/random.ts";
import type { Learner } from "./adapting.ts";
import type { ClassifySection } from "./classify_section.ts";
import { epochsPlan, loopOptions, microIndex, stepsPerEpoch } from "./loop_options.ts";
import { mostProbable, pooledStates, probabilities, qualityOn, statesOf } from "./labels.ts";
import { type LoopTask, train } from "./loop.ts";
import { parseMetrics } from "./metrics.ts";
import type { Ranks } from "../ranks/ranks.ts";
import type { MicroBatch } from "./step.ts";

type Splits = Awaited<ReturnType<typeof splitTask>>;

/** What a classifier is trained on, and how. */
export interface ClassifierTask extends Pick<LoopTask, "resume" | "run" | "begin" | "terminal" | "signal"> {
  /** The processes that share the training; only rank 0 writes. */
  readonly ranks: Ranks;
  readonly name: string;
  readonly splits: Splits;
  readonly backbone: Learner;
  readonly options: ClassifySection;
  /** Whether it trains in mixed precision. */
  readonly mixed: boolean;
  readonly device: Device;
}

/** The weight of each label in the loss, N / (K·n); undefined where labels are balanced. */
export function classWeights(
  { labels, train }: Splits,
  { class_weights }: ClassifySection,
): Float32Array | undefined {
  const counts = labels.map((label) => train.filter((example) => example.label === label).length);
  if (class_weights === "none" || Math.max(...counts) <= 1.1 * Math.min(...counts)) return undefined;
  return Float32Array.from(counts, (n) => train.length / (labels.length * n));
}

/** Labelled texts, encoded for a model. */
interface Part {
  readonly texts: readonly Uint32Array[];
  /** The index of each text's label. */
  readonly targets: Uint32Array;
  /** The texts' pooled states (N, C), if the backbone is frozen. */
  readonly states: Float32Array | null;
}

async function preparePart(
  model: Classifier,
  { backbone: { tokenizer }, splits: { labels }, options }: ClassifierTask,
  examples: readonly Labelled[],
): Promise<Part> {
  const texts = examples.map(({ text }) => encodeText(tokenizer, text, model.config.context));
  return {
    texts,
    targets: Uint32Array.from(examples, ({ label }) => labels.indexOf(label)),
    states: options.freeze === "backbone" ? await pooledStates(model, texts) : null,
  };
}

/** What a classifier starts from: the backbone's weights, or random ones, which are all trained. */
type Start = "backbone" | "random";

/** A classifier before training. */
function untrained(task: ClassifierTask, start: Start): Classifier {
  const { name, splits: { labels, origin }, backbone, options, device, terminal } = task;
  const config = { ...backbone.config, dropout: options.dropout };
  const { base = backbone, adapter } = backbone.unmerged ?? {};
  const head = { labels, pooling: options.pooling, norm: options.norm, dropout: options.dropout };
  const freeze: Freeze = options.freeze === "backbone" || options.freeze === "none"
    ? options.freeze
    : Math.min(config.layers, Number(options.freeze.split(" ")[1]));
  const model = new Classifier(device, config, head, backbone.tokenizer.special.pad, {
    freeze,
    ...start === "backbone" && { quantised: base.quantised, adapter: adapter?.shape },
  });
  model.initialize(
    deriveSeed(origin.seed, "weights"),
    start === "backbone" ? valuesApart(backbone) : undefined,
  );
  terminal.log(
    `  ${name}: from ${start === "backbone" ? "the" : "a random"} backbone, ` +
      `${count(model.parameters.trained)} of ${count(model.parameters.count)} parameters are trained`,
  );
  return model;
}

/** The mean loss, and the share of texts whose label is predicted right. */
async function measure(model: Classifier, { texts, targets, states }: Part) {
  const p = await probabilities(model, states ?? await pooledStates(model, texts));
  const right = p.filter((row, i) => mostProbable(row) === targets[i]).length;
  const loss = p.reduce((sum, row, i) => sum - Math.log(Math.max(1e-12, row[targets[i]])), 0) / p.length;
  return { loss, accuracy: right / p.length };
}

/** Training batches by step: every text appears once per epoch, with some of its tokens masked. */
function batchesOf(model: Classifier, task: ClassifierTask, { texts, targets, states }: Part) {
  const { splits, backbone: { tokenizer: { special } }, options, device } = task;
  const { width, context } = model.config;
  const { seed } = splits.origin;
  const weights = classWeights(splits, options);
  const mask = special.unk ?? special.pad;
  return (step: number, micro: number): MicroBatch => {
    const index = microIndex(options, step, micro);
    const rows = epochBatch(texts.length, options.batch, index, deriveSeed(seed, "batches"));
    const labels = Uint32Array.from(rows, (i) => targets[i]);
    const hidden = deriveSeed(seed, "hidden", index + 1);
    const shown = rows.map((i, row) =>
      hideTokens(texts[i], options.token_dropout, deriveSeed(hidden, row), mask)
    );
    const tokens = padded(shown, context, special.pad);
    return {
      targets: rows.length,
      tokens: tokens.ids.length,
      loss: (passSeed) =>
        model.loss(
          states ? statesOf(device, states, width, rows) : tokens,
          labels,
          weights && Float32Array.from(labels, (label) => weights[label]),
          passSeed,
        ),
    };
  };
}

/**
 * Trains one classifier: from the backbone's weights, or from random ones. If the backbone is frozen, its states are
 * computed once, and only the head is trained on them.
 */
async function trainWeights(
  task: ClassifierTask,
  out: string,
  start: Start,
) {
  const { splits, backbone: { tokenizer, adapter }, options, mixed } = task;
  const { seed } = splits.origin;
  const model = untrained(task, start);
  // Training texts, with as many of each label as in validation: they show whether the model memorises.
  const alike = drawAlike(splits.train, splits.validation, deriveSeed(seed, "seen"));
  const learned = await preparePart(model, task, splits.train);
  const seen = await preparePart(model, task, alike);
  const validation = await preparePart(model, task, splits.validation);
  const perEpoch = stepsPerEpoch(splits.train.length, options);
  const loop = loopOptions(options, {
    stage: "finetune-classify",
    format: "labels",
    plan: epochsPlan(options, perEpoch),
    seed,
    mixed,
  });
  const batch = batchesOf(model, task, learned);
  const result = await train(loop, {
    ...task,
    model,
    tokenizer,
    out,
    adapter: start === "backbone" ? adapter : undefined,
    origin: splits.origin,
    epoch: perEpoch,
    unit: "nats per text",
    highestLoss: Infinity, // a few texts, misjudged with confidence, can cost any amount
    batch,
    evaluate: () => measure(model, validation),
    evaluateSeen: () => measure(model, seen),
    // The loss rises with confidence long before accuracy falls; of two equal checkpoints the later has seen more.
    better: (now, best) => now.accuracy >= best.accuracy,
  });
  return { model, result, alike };
}

/** Runs a task's trainings on a rank that reports nothing. Returns whether all were finished. */
export async function trainAlong(task: ClassifierTask, out: string): Promise<boolean> {
  const starts: Start[] = ["backbone", ...task.options.random_backbone ? ["random" as const] : []];
  for (const start of starts) if (!(await trainWeights(task, out, start)).result.finished) return false;
  return true;
}

/**
 * Trains and tests a classifier.
 * @returns its quality on the test texts; null if it was stopped
 */
export async function trainClassifier(
  task: ClassifierTask,
  out: string,
  start: Start,
) {
  const { name, splits, backbone: { tokenizer } } = task;
  const { model, result, alike } = await trainWeights(task, out, start);
  if (!result.finished) return null;
  const lines = parseMetrics(await Deno.readTextFile(join(out, "metrics.jsonl")));
  const accuracies = (part: "seen" | "validation" | "average") =>
    lines.flatMap(({ step, [part]: figures }) => figures ? [[step, figures.accuracy] as const] : []);
  await writeFileAtomic(
    join(out, "accuracy.svg"),
    plotCurves(
      `${name}: accuracy`,
      "share right",
      [
        { name: "training texts", points: accuracies("seen") },
        { name: "validation texts", points: accuracies("validation") },
        { name: "validation texts, averaged weights", points: accuracies("average") },
      ].filter(({ points }) => points.length > 0),
    ),
  );
  model.parameters.load(valuesApart(await readCheckpoint(join(out, "best"))));
  return {
    best: result.best,
    validation: result.validation,
    seconds: result.seconds,
    train: await qualityOn(model, tokenizer, alike),
    test: await qualityOn(model, tokenizer, splits.test),
  };
}

/** Replaces random tokens, chosen by seed, with `mask`, so that a classifier cannot rely on a single word. */
function hideTokens(ids: Uint32Array, rate: number, seed: number, mask: number): Uint32Array {
  if (rate === 0) return ids;
  return ids.map((id, i) => i > 0 && uniform(seed, i) < rate ? mask : id);
}
