/** `run.json`: describes a training. It is written beside the metrics at the start, so that the run can be watched. */
import { join } from "@std/path";
import { z } from "zod";
import { writeFileAtomic } from "../files.ts";

const RunFile = z.object({
  /** Begins with the time when the run started; absent in tests and measurements. */
  id: z.string().optional(),
  stage: z.string(),
  /** Updates that the run makes in all. */
  steps: z.number(),
  /** For a finetuning: updates per epoch. */
  epoch: z.number().optional(),
  /** The unit of losses. */
  unit: z.string(),
  parameters: z.number(),
  device: z.string(),
  /** The whole preset, with defaults and overrides. */
  preset: z.record(z.string(), z.unknown()),
  /** Hashes of the input files. */
  inputs: z.record(z.string(), z.string()),
});
export type RunFile = z.infer<typeof RunFile>;

const NAME = "run.json";

/** The largest file that is read, in bytes. */
const LARGEST = 4_000_000;

export async function writeRunFile(folder: string, file: RunFile): Promise<void> {
  await writeFileAtomic(join(folder, NAME), JSON.stringify(file, null, 1) + "\n");
}

/** The run file of a folder, or null if it is missing or cannot be read: runs of older versions have none. */
export async function readRunFile(folder: string): Promise<RunFile | null> {
  try {
    const path = join(folder, NAME);
    if ((await Deno.stat(path)).size > LARGEST) return null;
    return RunFile.safeParse(JSON.parse(await Deno.readTextFile(path))).data ?? null;
  } catch {
    return null;
  }
}
