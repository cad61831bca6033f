/** Predicts labels with a classifier, and measures how accurate they are. */
import { encodeText, type Labelled, padded } from "../data/labelled.ts";
import type { Device } from "../device/device.ts";
import { UserError } from "../errors.ts";
import { Classifier } from "../model/classifier.ts";
import { scope, type Tensor, upload } from "../tensor/tensor.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { valuesApart } from "../checkpoint/adapted.ts";
import { type Checkpoint, readCheckpoint } from "../checkpoint/checkpoint.ts";

/** Texts that go through the model together. */
const BATCH = 32;

/**
 * The pooled states (N, C) of encoded texts. Texts of similar length are batched together, which saves padding.
 */
export async function pooledStates(
  classifier: Classifier,
  texts: readonly Uint32Array[],
): Promise<Float32Array> {
  const { width, context } = classifier.config;
  const { device } = classifier.parameters;
  const out = new Float32Array(texts.length * width);
  const order = Array.from(texts.keys()).sort((a, b) => texts[a].length - texts[b].length);
  for (let at = 0; at < order.length; at += BATCH) {
    const rows = order.slice(at, at + BATCH);
    const tokens = padded(rows.map((i) => texts[i]), context, classifier.pad);
    const states = await scope(() => device.read(classifier.features(tokens).buffer));
    rows.forEach((i, row) => out.set(states.subarray(row * width, (row + 1) * width), i * width));
  }
  return out;
}

/** The pooled states of some texts, as rows of a table, uploaded to the device. */
export function statesOf(
  device: Device,
  states: Float32Array,
  width: number,
  rows: readonly number[],
): Tensor {
  const values = new Float32Array(rows.length * width);
  rows.forEach((i, row) => values.set(states.subarray(i * width, (i + 1) * width), row * width));
  return upload(device, [rows.length, width], values);
}

/** The probability of every label for every text, computed from the pooled states. */
export async function probabilities(
  classifier: Classifier,
  states: Float32Array,
): Promise<Float32Array[]> {
  const { config: { width }, head: { labels }, parameters: { device } } = classifier;
  const n = states.length / width;
  if (n === 0) return [];
  const rows = Array.from({ length: n }, (_, i) => i);
  const scores = await scope(() =>
    device.read(classifier.scores(statesOf(device, states, width, rows)).buffer)
  );
  return rows.map((row) => softmax(scores.subarray(row * labels.length, (row + 1) * labels.length)));
}

function softmax(scores: Float32Array): Float32Array {
  const top = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

export const mostProbable = (p: Float32Array) => p.indexOf(Math.max(...p));

export interface Quality {
  readonly accuracy: number;
  /** The mean of the labels' F1 scores, all weighted equally. */
  readonly macro_f1: number;
  readonly labels: Record<string, { precision: number; recall: number; f1: number; texts: number }>;
  /** Rows are true labels, columns predicted ones, in the order of the labels. */
  readonly confusion: number[][];
}

/** Compares true labels with predicted ones. A label that is never predicted has a precision of 0. */
export function quality(labels: readonly string[], actual: string[], predicted: string[]): Quality {
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  const confusion = labels.map(() => labels.map(() => 0));
  actual.forEach((label, i) => confusion[labels.indexOf(label)][labels.indexOf(predicted[i])]++);
  const each = Object.fromEntries(labels.map((label, i) => {
    const right = confusion[i][i], texts = sum(confusion[i]), given = sum(confusion.map((row) => row[i]));
    const [precision, recall, f1] = [right / given, right / texts, 2 * right / (texts + given)];
    return [label, { precision: precision || 0, recall: recall || 0, f1: f1 || 0, texts }]; // 0 / 0 counts as 0
  }));
  return {
    accuracy: sum(labels.map((_, i) => confusion[i][i])) / actual.length,
    macro_f1: sum(Object.values(each).map(({ f1 }) => f1)) / labels.length,
    labels: each,
    confusion,
  };
}

/** How accurate a classifier is on some texts. */
export async function qualityOn(
  classifier: Classifier,
  tokenizer: Tokenizer,
  examples: readonly Labelled[],
): Promise<Quality> {
  const { config: { context }, head: { labels } } = classifier;
  const texts = examples.map(({ text }) => encodeText(tokenizer, text, context));
  const p = await probabilities(classifier, await pooledStates(classifier, texts));
  return quality(labels, examples.map(({ label }) => label), p.map((row) => labels[mostProbable(row)]));
}

/**
 * Opens a classifier's checkpoint.
 * @throws {UserError} if it holds a language model
 */
export async function openClassifier(
  device: Device,
  folder: string,
): Promise<{ classifier: Classifier; checkpoint: Checkpoint }> {
  const checkpoint = await readCheckpoint(folder);
  return { classifier: classifierOf(device, checkpoint, folder), checkpoint };
}

/**
 * The classifier of a checkpoint that has been read.
 * @throws {UserError} if it holds a language model
 */
export function classifierOf(device: Device, checkpoint: Checkpoint, folder: string): Classifier {
  const { config, head, tokenizer, unmerged: { base = checkpoint, adapter } = {} } = checkpoint;
  if (!head) {
    throw new UserError(
      `${folder} is a language model, not a classifier; train one with deno task finetune-classify`,
    );
  }
  const classifier = new Classifier(device, config, head, tokenizer.special.pad, {
    quantised: base.quantised,
    adapter: adapter?.shape,
  });
  classifier.parameters.load(valuesApart(checkpoint));
  return classifier;
}
