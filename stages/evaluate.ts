/**
 * Measures checkpoints and compares them.
 *
 *   deno task evaluate --config configs/mini.yaml
 *
 * Writes into models/<name>/evaluate: report.json and report.html. With thresholds in the preset it is a
 * gate: exit code 1 if a figure falls short.
 */
import { join } from "@std/path";
import { readDocuments } from "../lib/data/documents.ts";
import { readQuestions } from "../lib/data/instructions.ts";
import { readPairs } from "../lib/data/pairs.ts";
import { readStories } from "../lib/data/stories.ts";
import { filesIn, WORLD_FOLDER } from "../lib/data/world/folder.ts";
import { Lexicon } from "../lib/data/world/lexicon.ts";
import { ThresholdError } from "../lib/errors.ts";
import { compareCheckpoints } from "../lib/evaluate/compare.ts";
import { EvaluateSection } from "../lib/evaluate/evaluate_section.ts";
import { labelledFiles } from "../lib/evaluate/figures.ts";
import { renderReport, type Report } from "../lib/evaluate/report.ts";
import { StoryJudge } from "../lib/evaluate/stories.ts";
import { readTexts } from "../lib/evaluate/texts.ts";
import { shortfalls } from "../lib/evaluate/thresholds.ts";
import { writeFileAtomic } from "../lib/files.ts";
import type { PresetWith } from "../lib/run/config.ts";
import { runAlone } from "../lib/run/main.ts";
import { defineStage, isPresent } from "../lib/run/stage.ts";
import { checkpointFiles, findCheckpoint } from "../lib/checkpoint/backbone.ts";
import { finetuneClassify } from "./finetune-classify.ts";
import { finetuneInstruct } from "./finetune-instruct.ts";
import { finetunePreference } from "./finetune-preference.ts";
import { prepareCorpus } from "./prepare-corpus.ts";
import { pretrain } from "./pretrain.ts";

const sections = { evaluate: EvaluateSection };
type Preset = PresetWith<typeof sections>;

/** The folder of word lists with which stories are judged. */
const WORDS = join(WORLD_FOLDER, "words");

/** Stages whose models are evaluated if the preset does not list others. */
const makers = (preset: Preset) =>
  [pretrain, finetuneInstruct, finetunePreference, finetuneClassify].filter((stage) =>
    isPresent(stage, preset)
  );

const listed = ({ evaluate: { checkpoints } }: Preset) => Object.keys(checkpoints).length > 0;

/** The checkpoints to evaluate, by name: the preset's list, or all that its stages make. */
function checkpointsOf(preset: Preset): Readonly<Record<string, string>> {
  if (listed(preset)) return preset.evaluate.checkpoints;
  const made = makers(preset).flatMap((stage) =>
    Object.entries(stage.models?.(preset) ?? {}).map((
      [name, within],
    ) => [name, join(stage.out(preset), within)])
  );
  return Object.fromEntries(made);
}

/** The contents of all files, in order. */
const readAll = async <T>(paths: readonly string[], read: (path: string) => Promise<T[]>): Promise<T[]> =>
  (await Promise.all(paths.map(read))).flat();

export const evaluate = defineStage({
  name: "evaluate",
  about:
    "Measures checkpoints side by side: text, questions, minimal pairs, stories, labels, samples, speed.",
  module: import.meta.url,
  sections,
  pathKeys: ["checkpoints.*", "text", "instruct.data", "pairs.data", "stories.data"].map((key) =>
    `evaluate.${key}`
  ),
  settings: ["seed", "device"],
  out: ({ name }) => `models/${name}/evaluate`,
  after: (preset) => [
    ...preset.evaluate.text.length === 0 ? [prepareCorpus] : [],
    ...listed(preset) ? [] : makers(preset),
  ],
  async sources(preset) {
    const { checkpoints, text, instruct, pairs, stories } = preset.evaluate;
    const models = await Promise.all(Object.values(checkpoints).map(checkpointFiles));
    const labelled = await Promise.all(Object.values(checkpoints).map(labelledFiles));
    const words = stories.data.length > 0 ? await filesIn(WORDS) : [];
    const data = [...text, ...instruct.data, ...pairs.data, ...stories.data, ...words];
    return [...new Set([...data, ...models.flat(), ...labelled.flat()])];
  },
  optional: true,
  ranks: true,
  async run({ preset, out, terminal, ranks }) {
    const { device, threads, evaluate: options } = preset;
    const questions = (await readAll(options.instruct.data, readQuestions)).map(({ question }) => question);
    const pairs = await readAll(options.pairs.data, readPairs);
    const stories = await readAll(options.stories.data, readStories);
    const judge = stories.length > 0 ? new StoryJudge(await Lexicon.read(WORDS)) : null;
    const documents = options.text.length > 0
      ? await readTexts(options.text)
      : await readDocuments(join(prepareCorpus.out(preset), "validation.jsonl"));
    const folders: [string, string][] = [];
    for (const [name, folder] of Object.entries(checkpointsOf(preset))) {
      folders.push([name, await findCheckpoint(folder)]);
    }
    const compared = await compareCheckpoints(folders, {
      questions,
      pairs,
      stories,
      judge,
      documents,
      options,
      terminal,
      device,
      threads,
      ranks,
    });
    if (ranks.rank > 0) return { finished: true, metrics: {} };
    const measured = {
      preset: preset.name,
      made: new Date().toISOString(),
      device: compared.device,
      checkpoints: compared.checkpoints,
    };
    const report: Report = { ...measured, shortfalls: shortfalls(measured, options.thresholds) };
    const gated = Object.keys(options.thresholds).length > 0;
    await writeFileAtomic(join(out, "report.json"), JSON.stringify(report, null, 1) + "\n");
    await writeFileAtomic(join(out, "report.html"), renderReport(report, gated, compared.pictures));
    terminal.log(`  ${join(out, "report.html")}`);
    if (report.shortfalls.length > 0) {
      const short = report.shortfalls.map(({ figure, value, bound }) =>
        `${figure} is ${value}, wanted ${bound}`
      );
      throw new ThresholdError(`evaluate: ${short.join("; ")}`);
    }
    return { finished: true, device: compared.device, metrics: { shortfalls: 0 } };
  },
});

if (import.meta.main) runAlone(evaluate, () => import("./pipeline.ts"));
