/** `run.json`: what a training is, written beside its metrics when it begins, so that it can be watched from the start. */
import { join } from "@std/path";
import { z } from "zod";
import { writeFileAtomic } from "../files.ts";

const RunFile = z.object({
  /** Begins with the time when the run started; tests and measurements have none. */
  id: z.string().optional(),
  stage: z.string(),
  /** Updates that the run will make. */
  steps: z.number(),
  /** Of a finetuning: updates of an epoch. */
  epoch: z.number().optional(),
  /** What losses are counted in. */
  unit: z.string(),
  parameters: z.number(),
  device: z.string(),
  /** The whole preset, with defaults and overrides. */
  preset: z.record(z.string(), z.unknown()),
  /** Hashes of the files that it is made from. */
  inputs: z.record(z.string(), z.string()),
});
export type RunFile = z.infer<typeof RunFile>;

const NAME = "run.json";

/** Largest file that is read, in bytes. */
const LARGEST = 4_000_000;

export async function writeRunFile(folder: string, file: RunFile): Promise<void> {
  await writeFileAtomic(join(folder, NAME), JSON.stringify(file, null, 1) + "\n");
}

/** What the run of a folder is, or null if that is not there or cannot be read: runs of older versions left none. */
export async function readRunFile(folder: string): Promise<RunFile | null> {
  try {
    const path = join(folder, NAME);
    if ((await Deno.stat(path)).size > LARGEST) return null;
    return RunFile.safeParse(JSON.parse(await Deno.readTextFile(path))).data ?? null;
  } catch {
    return null;
  }
}
