/**
 * The folder of a training run: `last/`, `best/`, `snapshots/`, `metrics.jsonl` and `run.json`. A new run leaves those of an earlier one
 * as they are until it has a checkpoint of its own.
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
  /** The checkpoint that the run goes on from. */
  readonly resume?: CheckpointInfo | null;
  /** What checkpoints say of their run. */
  readonly run?: Run;
  /** What losses are counted in; nats per token by default. */
  readonly unit?: string;
  /** What the training is, for those who watch it. */
  readonly facts?: RunFile;
  /** Called once, before anything of an earlier run is replaced. */
  begin?(): Promise<void>;
  /** Of a model whose adapter is trained: what is saved of it. */
  readonly adapter?: SavedAdapter | undefined;
  /** The processes that share the training. Those that are not rank 0 write nothing, and only remember figures. */
  readonly ranks?: Ranks;
}

type Saving = Parameters<typeof saveCheckpoint>;

export class RunFolder {
  readonly #options: RunFolderOptions;
  readonly metrics: Metrics;
  /** Whether what is there is of an earlier run. */
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
    // A kill between the first save of `last` and the removal of the earlier run's `best` leaves both.
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

  /** Where snapshots go: those of an earlier run stay as they are until this one has a checkpoint to go on from. */
  get #snapshots(): string {
    return join(this.#options.out, this.#replaces ? "snapshots.tmp" : "snapshots");
  }

  async #replaceSnapshots(): Promise<void> {
    const there = join(this.#options.out, "snapshots");
    await removeFolder(there);
    if (await exists(this.#snapshots)) await renameSynced(this.#snapshots, there);
  }

  /** Keeps a checkpoint of a step, in float16, that training cannot go on from. */
  async saveSnapshot(info: Omit<Saving[3], "run">): Promise<void> {
    const { model, tokenizer, adapter } = this.#options;
    if (!this.#writes) return;
    await saveCheckpoint(join(this.#snapshots, String(info.step)), model, tokenizer, info, {
      precision: "float16",
      adapter,
    });
  }

  /** Draws the losses beside the checkpoints, unless the run was stopped before it had one. */
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
