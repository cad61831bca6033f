/**
 * The folder of a training run: `last/`, `best/`, `snapshots/`, `metrics.jsonl` and `run.json`. A new run leaves those
 * of an earlier one in place until it has its own checkpoint.
 */
import { join } from "@std/path";
import { exists, renameSynced, writeFileAtomic } from "../files.ts";
import { locateFolder, removeFolder } from "../folders.ts";
import { plotCurves } from "../plot.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { SavedAdapter } from "../checkpoint/adapted.ts";
import {
  type CheckpointInfo,
  isNewer,
  readCheckpointInfo,
  type Run,
  saveCheckpoint,
  type SavedModel,
} from "../checkpoint/checkpoint.ts";
import { Metrics, type MetricsLine } from "./metrics.ts";
import { ALONE } from "../ranks/alone.ts";
import type { Ranks } from "../ranks/ranks.ts";
import { type RunFile, writeRunFile } from "./run_file.ts";

export interface RunFolderOptions {
  readonly out: string;
  readonly model: SavedModel;
  readonly tokenizer: Tokenizer;
  /** The checkpoint to resume from. */
  readonly resume?: CheckpointInfo | null;
  /** What checkpoints record about their run. */
  readonly run?: Run;
  /** The unit of losses; nats per token by default. */
  readonly unit?: string;
  /** The contents of `run.json`, for those who watch the training. */
  readonly facts?: RunFile;
  /** Called once, before anything of an earlier run is replaced. */
  begin?(): Promise<void>;
  /** For a model with an adapter in training: what is saved of the adapter. */
  readonly adapter?: SavedAdapter | undefined;
  /** The processes that share the training. All but rank 0 write nothing, and keep figures in memory only. */
  readonly ranks?: Ranks;
}

type Saving = Parameters<typeof saveCheckpoint>;

export class RunFolder {
  readonly #options: RunFolderOptions;
  readonly metrics: Metrics;
  /** Whether the files in the folder are an earlier run's. */
  #replaces: boolean;

  private constructor(options: RunFolderOptions, metrics: Metrics, replaces: boolean) {
    this.#options = options;
    this.metrics = metrics;
    this.#replaces = replaces;
  }

  static async open(options: RunFolderOptions): Promise<RunFolder> {
    const { out, resume = null, ranks = ALONE } = options;
    if (ranks.rank > 0) {
      const metrics = await Metrics.open(join(out, "metrics.jsonl"), resume?.step ?? 0, true);
      return new RunFolder(options, metrics, false);
    }
    const [best, last] = [join(out, "best"), join(out, "last")];
    // Both exist if the process was killed after it first saved `last` and before it removed the earlier run's `best`.
    if (resume && isNewer(resume, await readCheckpointInfo(best))) await removeFolder(best);
    const replaces = !resume && (await locateFolder(best) ?? await locateFolder(last)) !== null;
    if (!replaces) await options.begin?.();
    const metrics = await Metrics.open(join(out, "metrics.jsonl"), resume?.step ?? 0, replaces);
    const folder = new RunFolder(options, metrics, replaces);
    if (!replaces) {
      if (!resume) await removeFolder(join(out, "snapshots"));
      await folder.#writeFacts();
    }
    return folder;
  }

  async #writeFacts(): Promise<void> {
    const { out, facts } = this.#options;
    if (facts) await writeRunFile(out, facts);
  }

  get #writes(): boolean {
    return !this.#options.ranks?.rank;
  }

  async save(name: "last" | "best", info: Omit<Saving[3], "run">, how: Saving[4]): Promise<void> {
    const { out, model, tokenizer, run, begin, adapter } = this.#options;
    if (!this.#writes) return;
    if (this.#replaces) {
      await begin?.();
      await this.metrics.release();
      await this.#writeFacts();
      await this.#replaceSnapshots();
    }
    await saveCheckpoint(join(out, name), model, tokenizer, { ...info, ...run && { run } }, {
      ...how,
      adapter,
    });
    if (this.#replaces) await removeFolder(join(out, name === "last" ? "best" : "last"));
    this.#replaces = false;
  }

  /** Where snapshots go. An earlier run's stay as they are until this run has a checkpoint to resume from. */
  get #snapshots(): string {
    return join(this.#options.out, this.#replaces ? "snapshots.tmp" : "snapshots");
  }

  async #replaceSnapshots(): Promise<void> {
    const there = join(this.#options.out, "snapshots");
    await removeFolder(there);
    if (await exists(this.#snapshots)) await renameSynced(this.#snapshots, there);
  }

  /** Keeps a checkpoint of a step, in float16; training cannot be resumed from it. */
  async saveSnapshot(info: Omit<Saving[3], "run">): Promise<void> {
    const { model, tokenizer, adapter } = this.#options;
    if (!this.#writes) return;
    await saveCheckpoint(join(this.#snapshots, String(info.step)), model, tokenizer, info, {
      precision: "float16",
      adapter,
    });
  }

  /** Plots the losses beside the checkpoints, unless the run was stopped before its first checkpoint. */
  async plotLosses(stage: string): Promise<void> {
    if (this.#replaces || !this.#writes) return;
    const points = (pick: (line: MetricsLine) => number | undefined) =>
      this.metrics.lines.flatMap((line) => {
        const value = pick(line);
        return value === undefined ? [] : [[line.step, value] as const];
      });
    const curves = [
      { name: "train", points: points((line) => line.loss) },
      { name: "validation", points: points((line) => line.validation?.loss) },
    ];
    const averaged = points((line) => line.average?.loss);
    if (averaged.length > 0) curves.push({ name: "validation, averaged weights", points: averaged });
    await writeFileAtomic(
      join(this.#options.out, "loss.svg"),
      plotCurves(`${stage}: loss`, this.#options.unit ?? "nats per token", curves),
    );
  }
}
