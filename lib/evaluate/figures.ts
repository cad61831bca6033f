/** Measures the figures of a checkpoint: of a language model, or of a classifier. */
import { dirname, join } from "@std/path";
import { z } from "zod";
import { validationBatches } from "../data/batches.ts";
import { tokenStream } from "../data/documents.ts";
import type { Question } from "../data/instructions.ts";
import type { Pair } from "../data/pairs.ts";
import type { Story } from "../data/stories.ts";
import { repeatSplit } from "../data/labelled.ts";
import { inMemory } from "../data/token_stream.ts";
import type { Device } from "../device/device.ts";
import { UserError } from "../errors.ts";
import { exists } from "../files.ts";
import { picture } from "../page.ts";
import { plotMatrix } from "../plot.ts";
import { findCheckpoint } from "../checkpoint/backbone.ts";
import { type Checkpoint, readCheckpointInfo } from "../checkpoint/checkpoint.ts";
import { openDecoder } from "../checkpoint/open_model.ts";
import { openClassifier, qualityOn } from "../train/labels.ts";
import { evaluateLoss } from "../train/validation.ts";
import { copying } from "./copying.ts";
import type { EvaluateSection } from "./evaluate_section.ts";
import { askAll, drawSamples, measureSpeed, score, scoreFamilies, variety } from "./language.ts";
import { pairScore, pairScores, scorePairs } from "./pairs.ts";
import { lossByPosition } from "./positions.ts";
import { continueStories, type StoryJudge, storyScore } from "./stories.ts";

/** Texts that go through a model together. */
export const TEXTS = 8;

export interface LanguageInputs {
  readonly questions: readonly Question[];
  readonly pairs: readonly Pair[];
  readonly stories: readonly Story[];
  /** Judges the stories' continuations; null if there are no stories. */
  readonly judge: StoryJudge | null;
  readonly documents: readonly string[];
  readonly options: Pick<EvaluateSection, "instruct" | "stories" | "samples" | "speed">;
  /** Called with how many of all questions, pairs or stories are done. */
  onProgress(done: number, all: number, what: string): void;
}

/** A language model's figures on text, questions, pairs, stories, samples and speed. */
export async function languageFigures(
  device: Device,
  checkpoint: Checkpoint,
  { questions, pairs, stories, judge, documents, options, onProgress }: LanguageInputs,
) {
  const { config, tokenizer } = checkpoint;
  const model = openDecoder(device, checkpoint);
  const stream = inMemory(tokenStream(documents, tokenizer));
  const batches = validationBatches(stream, { batch: TEXTS, time: config.context, limit: Infinity });
  const text = await evaluateLoss(model, batches, tokenizer);
  const positions = await lossByPosition(model, stream);
  const copied = await copying(model, stream);
  const speed = await measureSpeed(model, options.speed.prompt, options.speed.tokens);
  const samples = await drawSamples(model, tokenizer, options.samples);
  const progress = (items: readonly unknown[], what: string) => (done: number) =>
    onProgress(done, items.length, what);
  const scored = await scorePairs(model, tokenizer, pairs, progress(pairs, "pairs"));
  const written = progress(stories, "stories");
  const continued = judge ? await continueStories(model, tokenizer, stories, options.stories, written) : [];
  const judged = continued.map((continuation) => judge!.judge(continuation));
  const asked = progress(questions, "questions");
  const answers = await askAll(model, tokenizer, questions, options.instruct.max_new_tokens, asked);
  return {
    text,
    positions,
    copying: copied,
    ...pairs.length > 0 && { pairs: { all: pairScore(scored), phenomena: pairScores(scored), scored } },
    ...stories.length > 0 && { stories: { all: storyScore(judged), judged } },
    ...questions.length > 0 &&
      { instruct: { all: score(answers), families: scoreFamilies(answers), answers } },
    weights_bytes: model.parameters.bytes,
    samples,
    variety: variety(samples.map(({ text }) => text)),
    speed,
  };
}

/** A classifier's figures on the texts that its own training held out for testing, and a picture of its confusions. */
export async function classifierFigures(device: Device, folder: string, name: string) {
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
  const title = {
    en: `${name}: ${test.length} texts of the test`,
    es: `${name}: ${test.length} textos de la prueba`,
  };
  const matrix = picture(title, (word) =>
    plotMatrix({
      title: word(title),
      rows: { name: word({ en: "true label", es: "etiqueta verdadera" }), labels },
      columns: { name: word({ en: "predicted label", es: "etiqueta predicha" }), labels },
      values: figures.confusion,
      cell: 76,
    }));
  const weights_bytes = classifier.parameters.bytes;
  const baselines = await baselinesOf(folder, test.length);
  const classify = { task: origin.task, ...figures, ...baselines && { baselines } };
  return { classify, weights_bytes, matrix };
}

const Score = z.object({ accuracy: z.number(), macro_f1: z.number() });
const ClassifyReport = z.object({
  texts: z.object({ test: z.number() }),
  baselines: z.record(z.string(), Score),
});

/** The scores of baselines on the same test texts, from the report that training left beside the classifier. */
async function baselinesOf(folder: string, texts: number) {
  try {
    const path = join(dirname(folder), "report.json");
    const report = ClassifyReport.parse(JSON.parse(await Deno.readTextFile(path)));
    return report.texts.test === texts ? report.baselines : null;
  } catch {
    return null; // there is no report, or its format differs
  }
}

/** The files of a classifier's training data, as far as they still exist. */
export async function labelledFiles(folder: string): Promise<string[]> {
  const info = await readCheckpointInfo(await findCheckpoint(folder));
  const files = Object.keys(info?.origin?.hashes ?? {});
  const there = await Promise.all(files.map(exists));
  return files.filter((_, i) => there[i]);
}
