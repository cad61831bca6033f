/** What is known of a run besides its figures: from `run.json`, its manifest, or a checkpoint of an older version. */
import { dirname, join } from "@std/path";
import { readCheckpointInfo } from "../checkpoint/checkpoint.ts";
import { lockedSince } from "../lock.ts";
import { readManifest } from "../run/manifest.ts";
import { readRunFile } from "../train/run_file.ts";
import { snapshotSteps } from "./snapshots.ts";

type Settings = Readonly<Record<string, unknown>>;

export interface Facts {
  readonly stage: string | null;
  /** Updates that the run makes in all; null if unknown. */
  readonly steps: number | null;
  /** Updates per epoch; null for a pretraining. */
  readonly epoch: number | null;
  readonly unit: string;
  readonly parameters: number | null;
  readonly device: string | null;
  readonly started: Date | null;
  /** The whole preset; null if unknown. */
  readonly preset: Settings | null;
  /** Hashes of the input files, by path. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Whether its stage finished and left a manifest. */
  readonly finished: boolean;
  /** Steps whose checkpoints were kept. */
  readonly snapshots: number[];
  /** When the process that is training it started; null if there is none. */
  readonly locked: Date | null;
}

/** The folders where a run's stage may have left its manifest: the run's own, and those above it. */
function foldersUp(folder: string, root: string): string[] {
  const folders = [folder];
  for (let at = folder; dirname(at) !== at && dirname(at) !== root && folders.length < 4;) {
    folders.push(at = dirname(at));
  }
  return folders;
}

/** @param root the folder of all runs, where the search for the stage's folder ends */
export async function readFacts(folder: string, root: string): Promise<Facts> {
  const folders = foldersUp(folder, root);
  const first = async <T>(read: (path: string) => Promise<T | null>): Promise<T | null> => {
    for (const path of folders) {
      const found = await read(path);
      if (found !== null) return found;
    }
    return null;
  };
  const file = await readRunFile(folder);
  const manifest = await first(readManifest);
  const checkpoint = file ? null : await first((path) => oldCheckpoint(path));
  const preset = file?.preset ?? manifest?.preset ?? checkpoint?.run?.preset ?? null;
  const stage = file?.stage ?? manifest?.stage ?? checkpoint?.stage ?? null;
  const id = file?.id ?? checkpoint?.run?.id;
  const { metrics } = manifest ?? {};
  return {
    stage,
    steps: file?.steps ?? numberIn(metrics, "step") ?? numberIn(preset?.[stage ?? ""], "steps"),
    epoch: file?.epoch ?? null,
    unit: file?.unit ?? (stage === "finetune-classify" ? "nats per text" : "nats per token"),
    parameters: file?.parameters ?? numberIn(metrics, "parameters") ?? checkpoint?.parameters ?? null,
    device: file?.device ?? manifest?.device ?? null,
    started: dateOf(id?.slice(0, 24)),
    preset,
    inputs: file?.inputs ?? manifest?.inputs ?? checkpoint?.run?.inputs ?? {},
    finished: manifest !== null,
    snapshots: await snapshotSteps(folder),
    locked: await first(lockedSince),
  };
}

async function oldCheckpoint(folder: string) {
  for (const name of ["last", "best"]) {
    const info = await readCheckpointInfo(join(folder, name)).catch(() => null);
    if (info) return info;
  }
  return null;
}

function numberIn(tree: unknown, key: string): number | null {
  const value = (tree as Settings | null | undefined)?.[key];
  return typeof value === "number" ? value : null;
}

function dateOf(text: string | undefined): Date | null {
  const date = new Date(text ?? "");
  return Number.isNaN(date.getTime()) ? null : date;
}

/** Tokens per step of pretraining according to its settings, for runs without counts; null if unknown. */
export function tokensPerStep({ stage, preset }: Facts): number | null {
  if (stage !== "pretrain") return null;
  const context = numberIn(preset?.model, "context"), batch = numberIn(preset?.pretrain, "batch");
  return context && batch ? context * batch * (numberIn(preset?.pretrain, "accumulate") ?? 1) : null;
}
