/**
 * Trains classifiers on the pretrained backbone, one for each task in the preset.
 *
 *   deno task finetune-classify --config configs/mini.yaml
 *
 * Writes into models/<name>/classify/<task>: checkpoints last/ and best/, metrics.jsonl, loss.svg,
 * accuracy.svg, confusion.svg and report.json, with baselines on the same texts.
 */
import { join } from "@std/path";
import { backboneFiles } from "../lib/checkpoint/backbone.ts";
import { splitTask } from "../lib/data/labelled.ts";
import type { PresetWith } from "../lib/run/config.ts";
import { runAlone } from "../lib/run/main.ts";
import { defineStage } from "../lib/run/stage.ts";
import { openFor } from "../lib/run/training.ts";
import { deriveSeed } from "../lib/tensor/random.ts";
import { describeAdapter, readLearner } from "../lib/train/adapting.ts";
import { ClassifySection } from "../lib/train/classify_section.ts";
import { requireShareable } from "../lib/train/ranks/shareable.ts";
import { compareClassifier } from "../lib/train/compare_classifier.ts";
import { buildVocab } from "./build-vocab.ts";
import { pretrain } from "./pretrain.ts";

const sections = { "finetune-classify": ClassifySection };
type Preset = PresetWith<typeof sections>;

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
  ranks: true,
  keeps: true,
  async run(context) {
    const { preset, out, terminal, ranks } = context;
    const options = settings(preset);
    requireShareable(ranks, "finetune-classify", options);
    // Check the data of all tasks before the first step of training.
    const tasks: [string, Awaited<ReturnType<typeof splitTask>>][] = [];
    for (const [name, task] of Object.entries(options.tasks)) {
      const seed = deriveSeed(preset.seed, "classify", name);
      tasks.push([name, await splitTask({ task: name, ...task, seed })]);
    }
    const backbone = await readLearner(backboneOf(preset), buildVocab.out(preset), {
      section: "finetune-classify",
      options: options.adapter,
      seed: deriveSeed(preset.seed, "classify"),
    });
    const device = await openFor(preset, terminal, {
      config: backbone.config,
      batch: options.batch,
      ranks,
      sharded: options.shard_optimizer,
    });
    terminal.log(
      `  backbone: ${backbone.folder}, ${describeAdapter(backbone) ?? `freeze ${options.freeze}`}`,
    );
    const mixed = preset.precision === "mixed";
    const metrics: Record<string, unknown> = {};
    for (const [name, splits] of tasks) {
      const task = { ...context, name, splits, backbone, options, mixed, device };
      const report = await compareClassifier(task, join(out, name));
      if (!report) return { finished: false, metrics: {} };
      metrics[name] = report;
    }
    device.close();
    return { finished: true, device: device.description, metrics };
  },
});

if (import.meta.main) runAlone(finetuneClassify, () => import("./pipeline.ts"));
