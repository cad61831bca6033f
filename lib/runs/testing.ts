/** Runs with made-up figures that were never trained, for tests and for benchmarks of pages. */
import { join } from "@std/path";
import { uniform } from "../tensor/random.ts";
import { writeRunFile } from "../train/run_file.ts";

export interface MadeUp {
  readonly steps: number;
  /** Steps made so far. */
  readonly done?: number;
  readonly seed?: number;
  /** Steps between validations. */
  readonly every?: number;
  readonly stage?: string;
  readonly epoch?: number;
  readonly preset?: Record<string, unknown>;
  readonly inputs?: Record<string, string>;
}

const TOKENS = 2048;

/** A line of `metrics.jsonl`, as the training loop writes it. */
export function madeUpLine(step: number, seed = 1): string {
  const noise = uniform(seed, step) - .5;
  const loss = 1.5 + .1 * (seed % 7) + 5 * Math.exp(-step / 700) + .3 * noise;
  return JSON.stringify({
    step,
    loss: Number(loss.toPrecision(7)),
    lr: 3e-3 * Math.min(1, step / 100),
    norm: Number((.6 + .2 * noise).toPrecision(7)),
    tokens_per_s: 2800 + seed % 10 * 30,
    tokens: step * TOKENS,
    seconds: Number((step * .71).toPrecision(7)),
  }) + "\n";
}

/** Writes a made-up run's folder. */
export async function makeUpRun(
  folder: string,
  { steps, done = steps, seed = 1, every = 250, stage = "pretrain", epoch, preset = {}, inputs = {} }: MadeUp,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const lines: string[] = [];
  for (let step = 1; step <= done; step++) {
    lines.push(madeUpLine(step, seed));
    if (step % every === 0) {
      const loss = 1.6 + .1 * (seed % 7) + 5 * Math.exp(-step / 700);
      lines.push(
        JSON.stringify({ step, validation: { loss, perplexity: Math.exp(loss), bpb: loss / 1.9 } }) + "\n",
      );
    }
    if (step % (4 * every) === 0) {
      lines.push(
        JSON.stringify({ step, sample: `Había una vez, en el paso ${step}, un gato que leía.` }) + "\n",
      );
    }
  }
  await Deno.writeTextFile(join(folder, "metrics.jsonl"), lines.join(""));
  await writeRunFile(folder, {
    ...{ id: `2026-11-30T10:00:00.000Z-0000000${seed % 10}`, stage, steps, unit: "nats per token" },
    ...{ parameters: 820_000, device: "made up", inputs },
    ...epoch !== undefined && { epoch },
    preset: { name: `run-${seed}`, seed, pretrain: { steps, lr: 3e-3, batch: 8 }, ...preset },
  });
}

if (import.meta.main) {
  const [folder, text] = Deno.args;
  for (const { id, ...run } of JSON.parse(text)) await makeUpRun(join(folder, id), run);
}
