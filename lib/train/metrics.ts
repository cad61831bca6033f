/** `metrics.jsonl`: one JSON object per line, with the step it belongs to. */
import { z } from "zod";
import { exists, throwWriteError, writeFileAtomic } from "../files.ts";

const Figures = z.object({ loss: z.number() }).catchall(z.number());

const Line = z.object({
  step: z.number(),
  loss: z.number().optional(),
  lr: z.number().optional(),
  norm: z.number().optional(),
  tokens_per_s: z.number().optional(),
  /** Tokens read by the run so far. */
  tokens: z.number().optional(),
  /** Seconds of training so far, including validations, samples and saves. */
  seconds: z.number().optional(),
  validation: Figures.optional(),
  /** Validation of the averaged weights, if an average is kept. */
  average: Figures.optional(),
  /** The same figures on training data, if the stage measures them. */
  seen: Figures.optional(),
  sample: z.string().optional(),
});
export type MetricsLine = z.infer<typeof Line>;

/** The lines of a file, without one that was cut when the process was killed. */
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
   * Starts the file, or continues it after `step`: later lines, and one that was cut by a kill, are dropped.
   * @param held whether to leave the file as it is, and keep new lines in memory until `release`
   */
  static async open(path: string, step: number, held = false): Promise<Metrics> {
    const text = step > 0 && await exists(path) ? await Deno.readTextFile(path) : "";
    const lines = parseMetrics(text).filter((line) => line.step <= step);
    const metrics = new Metrics(path, lines, held);
    if (!held) await metrics.release();
    return metrics;
  }

  /** Replaces the file with the lines so far. From now on new lines are appended to it. */
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
