/** `metrics.jsonl`: one JSON object a line, with the step it belongs to. */
import { z } from "zod";
import { exists, explain, writeFileAtomic } from "../files.ts";

const Line = z.object({
  step: z.number(),
  loss: z.number().optional(),
  lr: z.number().optional(),
  norm: z.number().optional(),
  tokens_per_s: z.number().optional(),
  validation: z.object({ loss: z.number() }).catchall(z.number()).optional(),
  sample: z.string().optional(),
});
export type MetricsLine = z.infer<typeof Line>;

export class Metrics {
  readonly #path: string;
  readonly lines: MetricsLine[];

  private constructor(path: string, lines: MetricsLine[]) {
    this.#path = path;
    this.lines = lines;
  }

  /** Starts the file, or continues it after `step`: later lines, and a line cut by a kill, are dropped. */
  static async open(path: string, step: number): Promise<Metrics> {
    const text = step > 0 && await exists(path) ? await Deno.readTextFile(path) : "";
    const lines = text.split("\n").flatMap((line) => {
      try {
        const parsed = Line.safeParse(JSON.parse(line));
        return parsed.success && parsed.data.step <= step ? [parsed.data] : [];
      } catch {
        return [];
      }
    });
    await writeFileAtomic(path, lines.map((line) => JSON.stringify(line) + "\n").join(""));
    return new Metrics(path, lines);
  }

  async add(line: MetricsLine): Promise<void> {
    this.lines.push(line);
    try {
      await Deno.writeTextFile(this.#path, JSON.stringify(line) + "\n", { append: true });
    } catch (error) {
      explain(error, this.#path);
    }
  }
}
