/** `metrics.jsonl`: one JSON object a line, with the step it belongs to. */
import { z } from "zod";
import { exists, throwWriteError, writeFileAtomic } from "../files.ts";

const Figures = z.object({ loss: z.number() }).catchall(z.number());

const Line = z.object({
  step: z.number(),
  loss: z.number().optional(),
  lr: z.number().optional(),
  norm: z.number().optional(),
  tokens_per_s: z.number().optional(),
  /** Tokens that the run has read so far. */
  tokens: z.number().optional(),
  /** Seconds that it has trained for so far, validations, samples and saves included. */
  seconds: z.number().optional(),
  validation: Figures.optional(),
  /** The same of the averaged weights, if an average is kept. */
  average: Figures.optional(),
  /** The same on data that was trained on, if a stage measures that, too. */
  seen: Figures.optional(),
  sample: z.string().optional(),
});
export type MetricsLine = z.infer<typeof Line>;

/** The lines of a file; one that a kill cut is left out. */
export function parseMetrics(text: string): MetricsLine[] {
  return text.split("\n").flatMap((line) => {
    try {
      const parsed = Line.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return [];
    }
  });
}

export class Metrics {
  readonly #path: string;
  readonly lines: MetricsLine[];
  #held: boolean;

  private constructor(path: string, lines: MetricsLine[], held: boolean) {
    this.#path = path;
    this.lines = lines;
    this.#held = held;
  }

  /**
   * Starts the file, or continues it after `step`: later lines, and a line cut by a kill, are dropped.
   * @param held leaves the file as it is, and keeps new lines in memory, until `release`
   */
  static async open(path: string, step: number, held = false): Promise<Metrics> {
    const text = step > 0 && await exists(path) ? await Deno.readTextFile(path) : "";
    const lines = parseMetrics(text).filter((line) => line.step <= step);
    const metrics = new Metrics(path, lines, held);
    if (!held) await metrics.release();
    return metrics;
  }

  /** Replaces the file by the lines so far; from now on it is added to. */
  async release(): Promise<void> {
    await writeFileAtomic(this.#path, this.lines.map((line) => JSON.stringify(line) + "\n").join(""));
    this.#held = false;
  }

  async add(line: MetricsLine): Promise<void> {
    this.lines.push(line);
    if (this.#held) return;
    try {
      await Deno.writeTextFile(this.#path, JSON.stringify(line) + "\n", { append: true });
    } catch (error) {
      throwWriteError(error, this.#path);
    }
  }
}
