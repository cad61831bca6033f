/** Checkpoints side by side: the figures of each, and the pictures of the report. */
import { type DeviceChoice, openDevice } from "../device/open.ts";
import { inferOnce } from "../checkpoint/infer_once.ts";
import type { Picture } from "../page.ts";
import { bar, type Terminal } from "../progress.ts";
import { readCheckpoint } from "../checkpoint/checkpoint.ts";
import type { EvaluateSection } from "./evaluate_section.ts";
import { classifierFigures, languageFigures, type LanguageInputs, TEXTS } from "./figures.ts";
import { attentionPictures, curvesOf } from "./pictures.ts";
import type { Pictures } from "./report.ts";
import { type CheckpointReport, summary } from "./report_checkpoint.ts";

interface Comparison {
  readonly checkpoints: Record<string, CheckpointReport>;
  readonly pictures: Pictures;
  /** What it was measured on. */
  readonly device: string;
}

/** Measures checkpoints one after another, each on a device of its own, so that its memory is its own. */
export async function compareCheckpoints(
  folders: readonly (readonly [name: string, folder: string])[],
  { options, terminal, device: choice, threads, ...sets }: Omit<LanguageInputs, "options" | "onProgress"> & {
    readonly options: EvaluateSection;
    readonly terminal: Terminal;
    readonly device: DeviceChoice;
    readonly threads: number | "auto";
  },
): Promise<Comparison> {
  const checkpoints: Record<string, CheckpointReport> = {};
  const matrices: Picture[] = [];
  let attention: Pictures["attention"] = null;
  let description = "";
  for (const [name, folder] of folders) {
    const checkpoint = await readCheckpoint(folder);
    const { device } = await openDevice(choice, {
      ...threads !== "auto" && { threads },
      trial: (gpu) => inferOnce(gpu, checkpoint, TEXTS),
    });
    description = device.description;
    const { stage, format, step, parameters } = checkpoint.info;
    const measured = { folder, stage, step, parameters };
    if (checkpoint.head) {
      const { matrix, ...figures } = await classifierFigures(device, folder, name);
      matrices.push(matrix);
      checkpoints[name] = { ...measured, ...figures, memory_bytes: device.memory().peak };
    } else {
      const onProgress = (done: number, all: number, what: string) => {
        terminal.progress([[bar(done / all), 1], [`${name}: ${done}/${all} ${what}`, 0]]);
      };
      const figures = await languageFigures(device, checkpoint, { ...sets, options, onProgress });
      if (format === "chat" || !attention) {
        const text = options.attention || sets.questions[0]?.instruction || "La casa del río.";
        attention = { text, heads: await attentionPictures(device, checkpoint, text) };
      }
      checkpoints[name] = { ...measured, ...figures, memory_bytes: device.memory().peak };
    }
    device.close();
    terminal.log(`  ${name}: ${summary(checkpoints[name])}`);
  }
  return {
    checkpoints,
    pictures: { curves: await curvesOf(folders), matrices, attention },
    device: description,
  };
}
