/**
 * How good checkpoints are, side by side.
 *
 *   deno task evaluate --config configs/mini.yaml
 *
 * Writes into models/<name>/evaluate: report.json and report.html. With thresholds in the preset it is a
 * gate: exit code 1 if a figure falls short.
 */
import { dirname, join } from "@std/path";
import { validationBatches } from "../lib/data/batches.ts";
import { readDocuments, tokenStream } from "../lib/data/documents.ts";
import { type Question, readQuestions } from "../lib/data/instructions.ts";
import { repeatSplit } from "../lib/data/labelled.ts";
import type { Device } from "../lib/device/device.ts";
import { ThresholdError, UserError } from "../lib/errors.ts";
import {
  askAll,
  drawSamples,
  measureSpeed,
  score,
  scoreFamilies,
  variety,
} from "../lib/evaluate/language.ts";
import { EvaluateSection } from "../lib/evaluate/evaluate_section.ts";
import { lossByPosition } from "../lib/evaluate/positions.ts";
import { type CheckpointReport, type Pictures, renderReport, type Report } from "../lib/evaluate/report.ts";
import { shortfalls } from "../lib/evaluate/thresholds.ts";
import { openDevice } from "../lib/device/open.ts";
import { exists, writeFileAtomic } from "../lib/files.ts";
import { promptTokens } from "../lib/generate/answer.ts";
import { inferOnce } from "../lib/checkpoint/infer_once.ts";
import { attentionWeights } from "../lib/model/attention_weights.ts";
import { Decoder } from "../lib/model/decoder.ts";
import { bar, type Terminal } from "../lib/progress.ts";
import type { PresetWith } from "../lib/run/config.ts";
import { runAlone } from "../lib/run/main.ts";
import { defineStage, isPresent } from "../lib/run/stage.ts";
import type { Tokenizer } from "../lib/text/tokenizer.ts";
import { checkpointFiles, findCheckpoint } from "../lib/checkpoint/backbone.ts";
import { type Checkpoint, readCheckpoint, readCheckpointInfo } from "../lib/checkpoint/checkpoint.ts";
import { openClassifier, qualityOn } from "../lib/train/labels.ts";
import { evaluateLoss } from "../lib/train/held_out.ts";
import type { Picture } from "../lib/page.ts";
import { plotMatrix } from "../lib/plot.ts";
import { finetuneClassify } from "./finetune-classify.ts";
import { finetuneInstruct } from "./finetune-instruct.ts";
import { prepareCorpus } from "./prepare-corpus.ts";
import { pretrain } from "./pretrain.ts";

const sections = { evaluate: EvaluateSection };
type Preset = PresetWith<typeof sections>;

/** Stages whose models are evaluated if the preset does not list others. */
const makers = (preset: Preset) =>
  [pretrain, finetuneInstruct, finetuneClassify].filter((stage) => isPresent(stage, preset));

const listed = ({ evaluate: { checkpoints } }: Preset) => Object.keys(checkpoints).length > 0;

/** What is evaluated, by name: the preset's list, or all that its stages make. */
function checkpointsOf(preset: Preset): Readonly<Record<string, string>> {
  if (listed(preset)) return preset.evaluate.checkpoints;
  const made = makers(preset).flatMap((stage) =>
    Object.entries(stage.models?.(preset) ?? {}).map((
      [name, within],
    ) => [name, join(stage.out(preset), within)])
  );
  return Object.fromEntries(made);
}

export const evaluate = defineStage({
  name: "evaluate",
  about: "Measures checkpoints side by side: text, questions, labels, samples, speed.",
  module: import.meta.url,
  sections,
  pathKeys: ["checkpoints.*", "text", "instruct.data"].map((key) => `evaluate.${key}`),
  settings: ["seed", "device"],
  out: ({ name }) => `models/${name}/evaluate`,
  after: (preset) => [
    ...preset.evaluate.text.length === 0 ? [prepareCorpus] : [],
    ...listed(preset) ? [] : makers(preset),
  ],
  async sources(preset) {
    const { checkpoints, text, instruct } = preset.evaluate;
    const models = await Promise.all(Object.values(checkpoints).map(checkpointFiles));
    const labelled = await Promise.all(Object.values(checkpoints).map(labelledFiles));
    return [...new Set([...text, ...instruct.data, ...models.flat(), ...labelled.flat()])];
  },
  optional: true,
  async run({ preset, out, terminal }) {
    const options = preset.evaluate;
    const questions: Question[] = [];
    for (const path of options.instruct.data) questions.push(...await readQuestions(path));
    const documents = await readTexts(preset);
    const folders: [string, string][] = [];
    for (const [name, folder] of Object.entries(checkpointsOf(preset))) {
      folders.push([name, await findCheckpoint(folder)]);
    }
    const checkpoints: Record<string, CheckpointReport> = {};
    const matrices: Picture[] = [];
    let attention: Pictures["attention"] = null;
    let description = "";
    for (const [name, folder] of folders) {
      const checkpoint = await readCheckpoint(folder);
      // A device for each, so that its memory is its own.
      const { device } = await openDevice(preset.device, {
        ...preset.threads !== "auto" && { threads: preset.threads },
        trial: (gpu) => inferOnce(gpu, checkpoint, TEXTS),
      });
      description = device.description;
      const { stage, format, step, parameters } = checkpoint.info;
      const figures = checkpoint.head
        ? await evaluateClassifier(device, folder, name, matrices)
        : await evaluateLanguage(device, checkpoint, name, preset, { questions, documents, terminal });
      if (!checkpoint.head && (format === "chat" || !attention)) {
        const text = options.attention || questions[0]?.instruction || "La casa del río.";
        attention = { text, heads: await attentionPictures(device, checkpoint, text) };
      }
      checkpoints[name] = { folder, stage, step, parameters, ...figures, memory_bytes: device.memory().peak };
      device.close();
      terminal.log(`  ${name}: ${summary(checkpoints[name])}`);
    }
    const measured = {
      preset: preset.name,
      made: new Date().toISOString(),
      device: description,
      checkpoints,
    };
    const report: Report = { ...measured, shortfalls: shortfalls(measured, options.thresholds) };
    const gated = Object.keys(options.thresholds).length > 0;
    const pictures = { curves: await curvesOf(folders), matrices, attention };
    await writeFileAtomic(join(out, "report.json"), JSON.stringify(report, null, 1) + "\n");
    await writeFileAtomic(join(out, "report.html"), renderReport(report, gated, pictures));
    terminal.log(`  ${join(out, "report.html")}`);
    if (report.shortfalls.length > 0) {
      const short = report.shortfalls.map(({ figure, value, bound }) =>
        `${figure} is ${value}, wanted ${bound}`
      );
      throw new ThresholdError(`evaluate: ${short.join("; ")}`);
    }
    return { finished: true, device: description, metrics: { shortfalls: 0 } };
  },
});

/** The data that a classifier was trained on, as far as it is there. */
async function labelledFiles(folder: string): Promise<string[]> {
  const info = await readCheckpointInfo(await findCheckpoint(folder));
  const files = Object.keys(info?.origin?.hashes ?? {});
  const there = await Promise.all(files.map(exists));
  return files.filter((_, i) => there[i]);
}

/** Held-out documents: the corpus's, or the files that the preset names. */
async function readTexts(preset: Preset): Promise<string[]> {
  const { text } = preset.evaluate;
  if (text.length === 0) return await readDocuments(join(prepareCorpus.out(preset), "validation.jsonl"));
  const documents: string[] = [];
  for (const path of text) {
    if (path.endsWith(".jsonl")) documents.push(...await readDocuments(path));
    else {
      documents.push(
        await Deno.readTextFile(path).catch(() => {
          throw new UserError(`evaluate.text: ${path} cannot be read; give a file of UTF-8 text`);
        }),
      );
    }
  }
  if (documents.every((document) => document.trim() === "")) {
    throw new UserError(`evaluate.text: ${text.join(", ")}: there is no text in it`);
  }
  return documents;
}

/** Texts that go through a model at once. */
const TEXTS = 8;

interface Inputs {
  readonly questions: readonly Question[];
  readonly documents: readonly string[];
  readonly terminal: Terminal;
}

async function evaluateLanguage(
  device: Device,
  { config, values, tokenizer }: Checkpoint,
  name: string,
  preset: Preset,
  { questions, documents, terminal }: Inputs,
) {
  const options = preset.evaluate;
  const model = new Decoder(device, config);
  model.load(values);
  const stream = tokenStream(documents, tokenizer);
  const batches = validationBatches(stream, { batch: TEXTS, time: config.context, limit: Infinity });
  const text = await evaluateLoss(model, batches, tokenizer);
  const positions = await lossByPosition(model, stream);
  const speed = await measureSpeed(model, options.speed.prompt, options.speed.tokens);
  const samples = await drawSamples(model, tokenizer, options.samples);
  const n = questions.length;
  const answers = await askAll(model, tokenizer, questions, options.instruct.max_new_tokens, (done) => {
    terminal.progress([[bar(done / n), 1], [`${name}: ${done}/${n} questions`, 0]]);
  });
  return {
    text,
    positions,
    ...n > 0 && { instruct: { all: score(answers), families: scoreFamilies(answers), answers } },
    samples,
    variety: variety(samples.map(({ text }) => text)),
    speed,
  };
}

/** A classifier's figures on the texts that its own training held out. */
async function evaluateClassifier(device: Device, folder: string, name: string, matrices: Picture[]) {
  const where = `evaluate.checkpoints.${name}`;
  const { classifier, checkpoint: { info: { origin }, tokenizer } } = await openClassifier(device, folder);
  if (!origin) {
    throw new UserError(
      `${where}: ${folder} does not say which texts it was trained on, so none can be told to be new to it; ` +
        "train it again with deno task finetune-classify",
    );
  }
  const { test } = await repeatSplit(origin).catch((error) => {
    throw error instanceof UserError ? new UserError(`${where}: ${error.message}`) : error;
  });
  const figures = await qualityOn(classifier, tokenizer, test);
  const { labels } = classifier.head;
  const title = `${name}: ${test.length} texts of the test`;
  const svg = plotMatrix({
    title,
    rows: { name: "true label", labels },
    columns: { name: "predicted label", labels },
    values: figures.confusion,
    cell: 76,
  });
  matrices.push({ title, svg });
  return { classify: { task: origin.task, ...figures } };
}

/** Tokens that a picture of attention has room for. */
const PICTURED = 40;

async function attentionPictures(
  device: Device,
  { config, values, tokenizer, info }: Checkpoint,
  text: string,
): Promise<Picture[]> {
  const model = new Decoder(device, config);
  model.load(values);
  const ids =
    (info.format === "chat"
      ? promptTokens(tokenizer, config.context, text)
      : Uint32Array.of(tokenizer.special.bos, ...tokenizer.encode(text)).subarray(0, config.context)).slice(
        0,
        PICTURED,
      );
  const every = Array.from({ length: config.heads }, (_, head) => head);
  const last = await attentionWeights(model, ids, config.layers - 1, every);
  const labels = [...ids].map((id) => visible(tokenizer, id));
  const n = ids.length;
  return last.map((weights, head) => {
    const title = `layer ${config.layers}, head ${head + 1}`;
    const cell = (row: number, column: number) => {
      if (column > row) return undefined;
      return Number(weights[row * n + column].toFixed(3));
    };
    const values = Array.from(
      { length: n },
      (_, row) => Array.from({ length: n }, (_, column) => cell(row, column)),
    );
    const axis = { name: "", labels };
    return { title, svg: plotMatrix({ title, rows: axis, columns: axis, values, cell: 12 }) };
  });
}

const visible = (tokenizer: Tokenizer, id: number) =>
  tokenizer.label(id).replace(/^ $/, "␣").replace(/^\n$/, "⏎");

/** The curves that training left beside each checkpoint. */
async function curvesOf(folders: [string, string][]): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const [name, folder] of folders) {
    for (const file of ["loss", "accuracy"]) {
      const svg = await Deno.readTextFile(join(dirname(folder), `${file}.svg`)).catch(() => null);
      if (svg) pictures.push({ title: `${name}: ${file}`, svg });
    }
  }
  return pictures;
}

function summary({ text, instruct, classify, speed }: CheckpointReport): string {
  const percent = (share: number | null) => share === null ? "–" : `${(100 * share).toFixed(1)} %`;
  return [
    ...text ? [`${text.bpc.toFixed(3)} bits per character`] : [],
    ...instruct ? [`${percent(instruct.all.contains)} of ${instruct.all.questions} questions right`] : [],
    ...classify ? [`${percent(classify.accuracy)} of labels right`] : [],
    ...speed ? [`${speed.decode_tokens_per_s} tokens/s`] : [],
  ].join(", ");
}

if (import.meta.main) runAlone(evaluate, () => import("./pipeline.ts"));
