/** Compares checkpoints: the figures of each, and the pictures for the report. */
import { type DeviceChoice, openDevice, type OpenedDevice } from "../device/open.ts";
import { inferOnce } from "../checkpoint/infer_once.ts";
import type { Picture } from "../page.ts";
import { bar, type Terminal } from "../progress.ts";
import { type Checkpoint, readCheckpoint } from "../checkpoint/checkpoint.ts";
import { broadcastValue, gatherValues } from "../ranks/messages.ts";
import { threadsOf } from "../ranks/neighbours.ts";
import { dealt, type Ranks } from "../ranks/ranks.ts";
import type { EvaluateSection } from "./evaluate_section.ts";
import { classifierFigures, languageFigures, type LanguageInputs, TEXTS } from "./figures.ts";
import { attentionPictures, curvesOf } from "./pictures.ts";
import type { Pictures } from "./report.ts";
import { type CheckpointReport, summary } from "./report_checkpoint.ts";

interface Comparison {
  readonly checkpoints: Record<string, CheckpointReport>;
  readonly pictures: Pictures;
  /** The device on which they were measured. */
  readonly device: string;
}

/** The results for one checkpoint. */
interface Measured {
  readonly name: string;
  readonly report: CheckpointReport;
  /** A classifier's confusion matrix; null for language models. */
  readonly matrix: Picture | null;
  /** A language model's attention; null if it was not drawn. */
  readonly attention: Pictures["attention"];
  /** Whether the model answers instructions. */
  readonly chat: boolean;
  readonly device: string;
}

interface Task extends Omit<LanguageInputs, "options" | "onProgress"> {
  readonly options: EvaluateSection;
  readonly terminal: Terminal;
  readonly device: DeviceChoice;
  readonly threads: number | "auto";
  /** The processes that share out the checkpoints. */
  readonly ranks: Ranks;
}

/**
 * Measures checkpoints one after another, each on a newly opened device, so that its memory is measured alone. If ranks
 * share the work, every rank returns the results of all.
 */
export async function compareCheckpoints(
  folders: readonly (readonly [name: string, folder: string])[],
  task: Task,
): Promise<Comparison> {
  const { ranks, terminal } = task;
  const tell = ({ name, report }: Measured) => terminal.log(`  ${name}: ${summary(report)}`);
  const devices = await chooseDevices(folders.map(([, folder]) => folder), task);
  const own: { i: number; found: Measured }[] = [];
  for (const i of dealt(ranks, folders.length)) {
    const [name, folder] = folders[i];
    const drawn = own.some(({ found }) => found.attention);
    const found = await measureCheckpoint(name, folder, { ...task, device: devices[i] }, drawn);
    tell(found);
    own.push({ i, found });
  }
  const gathered = gatherValues(ranks, own);
  for (const { found } of gathered.slice(1).flat()) tell(found);
  const all = gathered.flat().sort((a, b) => a.i - b.i).map(({ found }) => found);
  const drawn = all.filter(({ attention }) => attention);
  const shown = drawn.findLast(({ chat }) => chat) ?? drawn[0];
  return {
    checkpoints: Object.fromEntries(all.map(({ name, report }) => [name, report])),
    pictures: {
      curves: await curvesOf(all.map(({ name, report }) => ({ name, ...report }))),
      matrices: all.flatMap(({ matrix }) => matrix ?? []),
      attention: shown?.attention ?? null,
    },
    device: all.at(-1)?.device ?? "",
  };
}

/** The device of each checkpoint. Rank 0 finds out for all ranks what `auto` opens: their machines may differ. */
async function chooseDevices(folders: readonly string[], task: Task): Promise<DeviceChoice[]> {
  const { ranks, device: choice } = task;
  if (choice !== "auto" || ranks.size === 1) return folders.map(() => choice);
  const chosen: DeviceChoice[] = [];
  for (const folder of ranks.rank === 0 ? folders : []) {
    const { device } = await openFor(await readCheckpoint(folder), task);
    chosen.push(device.name as DeviceChoice);
    device.close();
  }
  return broadcastValue(ranks, chosen);
}

function openFor(checkpoint: Checkpoint, { device, threads, ranks }: Task): Promise<OpenedDevice> {
  return openDevice(device, {
    threads: threads === "auto" ? threadsOf(ranks.neighbours) : threads,
    trial: (gpu) => inferOnce(gpu, checkpoint, TEXTS),
  });
}

/** @param drawn whether another model's attention is drawn already; if so, draws only that of a model that answers */
async function measureCheckpoint(
  name: string,
  folder: string,
  task: Task,
  drawn: boolean,
): Promise<Measured> {
  const { options, terminal } = task;
  const checkpoint = await readCheckpoint(folder);
  const { device } = await openFor(checkpoint, task);
  using closing = new DisposableStack();
  closing.defer(() => device.close());
  const { stage, format, step, parameters } = checkpoint.info;
  const measured = { folder, stage, step, parameters };
  const found = { name, chat: format === "chat", device: device.description };
  if (checkpoint.head) {
    const { matrix, ...figures } = await classifierFigures(device, folder, name);
    const report = { ...measured, ...figures, memory_bytes: device.memory().peak };
    return { ...found, report, matrix, attention: null };
  }
  const onProgress = (done: number, all: number, what: string) => {
    terminal.progress([[bar(done / all), 1], [`${name}: ${done}/${all} ${what}`, 0]]);
  };
  const figures = await languageFigures(device, checkpoint, { ...task, onProgress });
  const memory_bytes = device.memory().peak; // before pictures, which only some checkpoints get
  const text = options.attention || task.questions[0]?.instruction || "La casa del río.";
  const attention = found.chat || !drawn
    ? { text, heads: await attentionPictures(device, checkpoint, text) }
    : null;
  const report = { ...measured, ...figures, memory_bytes };
  return { ...found, report, matrix: null, attention };
}
